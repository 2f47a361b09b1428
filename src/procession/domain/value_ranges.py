"""Which rows answers are found by, how they are counted, and what conditions mean for the keys.

Rows are counted in buckets of keys that begin alike: a range is the sum of the buckets inside, and the rows of those at
its ends that lie within.
"""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from procession.domain.value_keys import MAX_KEY, Kind, ValueTest

PRESENT = ""
"""The bucket that counts each process with an answer once; of a checklist also the key of a row that says so."""

# Characters of a bucket: a sign, a magnitude and two digits; a day; the first letters. Of other kinds the whole key.
_WIDTHS = {Kind.NUMBER: 7, Kind.INSTANT: 10, Kind.TEXT: 12}
# Stands for the rest of longer keys. A key of its own sorts before those that go on.
_MORE = "+"
_LAST_LETTER, _SURROGATES, _AFTER_SURROGATES = 0x10FFFF, 0xD800, 0xE000


class Span(NamedTuple):
    """Keys from `low` (itself left out if `above`) to `high` (`below` leaves it out; None: no end)."""

    low: str = ""
    above: bool = True
    high: str | None = None
    below: bool = True


EVERY_KEY = Span()


def keys_kept(kind: Kind, keys: AbstractSet[str]) -> frozenset[str]:
    """The keys of the rows for an answer with these keys."""
    return frozenset(keys) | {PRESENT} if kind is Kind.CHOICES and keys else frozenset(keys)


def buckets_of(kind: Kind, keys: AbstractSet[str]) -> list[str]:
    """Where an answer with these keys is counted: two keys may share a bucket."""
    return [PRESENT, *(bucket_of(kind, key) for key in keys if key != PRESENT)] if keys else []


def bucket_of(kind: Kind, key: str) -> str:
    width = _WIDTHS.get(kind, MAX_KEY)
    return key if len(key) <= width else key[:width] + _MORE


def is_whole(kind: Kind, key: str) -> bool:
    """Whether the key's bucket holds nothing else."""
    return len(key) <= _WIDTHS.get(kind, MAX_KEY)


def are_whole(kind: Kind) -> bool:
    """Whether every key has a bucket of its own."""
    return kind not in _WIDTHS


def span_of(test: ValueTest) -> Span:
    """The keys that meet a condition of order, or begin with a text."""
    match test.operator:
        case "gt":
            return Span(low=test.keys[0])
        case "gte":
            return Span(low=test.keys[0], above=False)
        case "lt":
            return Span(high=test.keys[0])
        case "lte":
            return Span(high=test.keys[0], below=False)
        case "starts":
            return Span(low=test.keys[0], above=False, high=after_prefix(test.keys[0]))
        case _:
            return EVERY_KEY


def common(one: Span, other: Span) -> Span:
    """The keys that are in both."""
    low, above = max((one.low, one.above), (other.low, other.above))
    ends = [(span.high, not span.below) for span in (one, other) if span.high is not None]
    high, with_high = min(ends) if ends else (None, False)
    return Span(low, above, high, not with_high)


def edges_of(kind: Kind, span: Span) -> tuple[str, ...]:
    """The beginnings of longer keys whose bucket lies partly within the span: none, one or two."""
    width = _WIDTHS.get(kind, MAX_KEY)
    ends = (each for each in (span.low, span.high) if each is not None and len(each) > width)
    return tuple(dict.fromkeys(each[:width] for each in ends))


def edge_bucket(edge: str) -> str:
    return edge + _MORE


def after_prefix(prefix: str) -> str:
    """The first text, letter by letter, behind all that begin with `prefix`."""
    kept = prefix.rstrip(chr(_LAST_LETTER))
    if not kept:  # no text is behind these: longer than any key
        return prefix.ljust(MAX_KEY + 1, chr(_LAST_LETTER))
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_AFTER_SURROGATES if following == _SURROGATES else following)
