"""Remembers: tables, transactions, statements. Nothing here decides."""
