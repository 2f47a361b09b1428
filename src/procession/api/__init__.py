"""Speaks HTTP: parse, authenticate, call, present."""
