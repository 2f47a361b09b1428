"""What runs later: by the clock, not by a request."""
