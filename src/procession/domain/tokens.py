"""Bearer tokens: how they are kept and what their owners may set. Spec: api-people 1.2, 1.7."""

import hashlib

HINT_CHARACTERS = 6
MAX_NAME = 100
MAX_DAYS = 3650
SESSION_HOURS = 12


def token_hash(token: str) -> str:
    """How a token is kept: it carries 256 random bits, so one plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
