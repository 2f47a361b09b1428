"""Schema history, one for both databases."""
