"""Table definitions, one module per noun."""
