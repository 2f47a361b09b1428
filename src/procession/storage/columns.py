"""How columns are declared: every table spells keys, instants and documents the same way."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Text

# SQLite gives ids by itself only to a column declared INTEGER PRIMARY KEY.
AUTO_ID = BigInteger().with_variant(Integer, "sqlite")


def key(name: str, **options: Any) -> Column[int]:
    """A small integer that identifies a row inside its organization, or the organization itself."""
    return Column(name, BigInteger, nullable=False, **options)


def number(name: str, **options: Any) -> Column[int]:
    """A count, flag or instant (milliseconds, UTC)."""
    options.setdefault("nullable", False)
    return Column(name, BigInteger, **options)


def optional_number(name: str, **options: Any) -> Column[int]:
    return Column(name, BigInteger, nullable=True, **options)


def text(name: str, **options: Any) -> Column[str]:
    options.setdefault("nullable", False)
    return Column(name, Text, **options)


def sorted_text(name: str) -> Column[str]:
    """Text that is compared letter by letter, whatever the database's language is."""
    return Column(name, Text().with_variant(Text(collation="C"), "postgresql"), nullable=False)


def optional_text(name: str, **options: Any) -> Column[str]:
    return Column(name, Text, nullable=True, **options)
