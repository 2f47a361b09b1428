"""Domain to contract."""
