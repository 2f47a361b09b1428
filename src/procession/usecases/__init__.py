"""One verb per function: load, ask, decide, record."""
