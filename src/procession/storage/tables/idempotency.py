"""Requests that were named by their callers, with the answers they got, so that none takes effect twice."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from procession.storage.columns import key, number, optional_text, text
from procession.storage.tables.base import metadata

idempotency_keys = Table(
    "idempotency_key",
    metadata,
    # 0 for requests that are made outside any organization.
    key("org"),
    # A member or account ("m:..."), or a guest ("e:...").
    text("caller"),
    text("key"),
    number("at"),
    # What the request asked for: method, path, query and body, hashed.
    text("fingerprint"),
    # Sealed JSON (api.replays.Kept); null only inside the transaction that carries the request out.
    optional_text("answer"),
    PrimaryKeyConstraint("org", "caller", "key"),
    Index("ix_idempotency_key_at", "org", "at"),
)
