"""Passwords: Argon2id, on threads of their own, the same work whether or not there is a password to compare with."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

# Each hash takes 64 MiB while it is computed.
STRENGTH = RFC_9106_LOW_MEMORY
MAX_AT_ONCE = 2

_hasher = PasswordHasher.from_parameters(STRENGTH)
_threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="argon2")


def hash_password(password: str) -> str:
    """Argon2id with its parameters, ready to be stored. Takes tens of milliseconds: not on the event loop."""
    return _hasher.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; None (no such account, no password yet) costs the same and is never right."""
    try:
        known = _decoy() if password_hash is None else password_hash
        return _hasher.verify(known, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


async def hash_off_loop(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, hash_password, password)


async def is_password_off_loop(password_hash: str | None, password: str) -> bool:
    return await asyncio.get_running_loop().run_in_executor(_threads, is_password, password_hash, password)


@cache
def _decoy() -> str:
    return hash_password("nobody's password")
