"""Brings in and takes out: exports now, imports later."""
