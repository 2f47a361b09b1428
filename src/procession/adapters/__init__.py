"""Libraries behind plain functions."""
