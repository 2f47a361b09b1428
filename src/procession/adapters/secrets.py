"""Secrets that must be used again are sealed with a server key kept outside the database, and found by keyed hash."""

import base64
import hashlib
import hmac
import os
import secrets as random
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class SecretKeyUnreadable(RuntimeError):
    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"The server key {path} cannot be used: {problem}. Restore it from your backup, or remove the file to make "
            "a new one (links of guests stop working then)."
        )


class SealedWithAnotherKey(ValueError):
    """What was sealed cannot be opened any more."""


class Secrets:
    """Seals, opens and hashes with one server key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the server key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(hashlib.sha256(b"seal" + key).digest())
        self._hash_key = hashlib.sha256(b"find" + key).digest()

    def keyed_hash(self, secret: str) -> str:
        return hmac.new(self._hash_key, secret.encode(), hashlib.sha256).hexdigest()

    def seal(self, secret: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """Raises SealedWithAnotherKey."""
        raw = base64.urlsafe_b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise SealedWithAnotherKey from None


def secrets_at(path: Path) -> Secrets:
    """The key in this file, made on first use, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(KEY_BYTES)))
    try:
        return Secrets(base64.urlsafe_b64decode(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise SecretKeyUnreadable(path, str(error)) from error


def new_token() -> str:
    """A bearer token or guest code: letters and digits, 256 random bits."""
    return "".join(random.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789") for _ in range(44))
