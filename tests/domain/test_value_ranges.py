"""Counting by buckets: a span is the buckets inside it, and what lies at its ends."""

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from procession.domain.value_keys import Kind, Operator, ValueTest, holds, key_of
from procession.domain.value_ranges import (
    PRESENT,
    Span,
    after_prefix,
    bucket_of,
    buckets_of,
    common,
    edge_bucket,
    edges_of,
    keys_kept,
    span_of,
)

ORDERED: list[Operator] = ["gt", "gte", "lt", "lte", "starts"]
LETTERS = st.text(alphabet="ab+~\ud7ff\ue000\U0010ffff", min_size=1, max_size=16)
LAST = "\U0010ffff"
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-3000, max_value=3000)
TESTS = st.sampled_from(ORDERED)


def is_in(span: Span, key: str) -> bool:
    from_low = key > span.low if span.above else key >= span.low
    return from_low and (span.high is None or (key < span.high if span.below else key <= span.high))


def counted(kind: Kind, span: Span, keys: list[str]) -> int:
    """As the database does it: counters inside, rows at the edges."""
    counters = Counter(bucket_of(kind, key) for key in keys)
    edges = edges_of(kind, span)
    inside = sum(n for bucket, n in counters.items() if is_in(span, bucket) and bucket not in map(edge_bucket, edges))
    return inside + sum(is_in(span, key) and edge < key < after_prefix(edge) for edge in edges for key in keys)


@given(st.lists(LETTERS, max_size=30), TESTS, LETTERS, TESTS, LETTERS)
@example([LAST * 2, LAST * 14], "gt", "a", "starts", LAST)
def test_texts_are_counted_exactly(
    keys: list[str], operator: Operator, bound: str, other: Operator, second: str
) -> None:
    tests = [ValueTest(operator, (bound,)), ValueTest(other, (second,))]
    span = common(*map(span_of, tests))

    assert counted(Kind.TEXT, span, keys) == sum(all(holds(test, frozenset({key})) for test in tests) for key in keys)


@given(st.lists(NUMBERS, max_size=30), st.sampled_from(ORDERED[:4]), NUMBERS)
def test_numbers_are_counted_exactly(numbers: list[object], operator: Operator, bound: object) -> None:
    keys = [key_of(Kind.NUMBER, format(each, "f")) for each in numbers]
    test = ValueTest(operator, (key_of(Kind.NUMBER, format(bound, "f")),))

    assert counted(Kind.NUMBER, span_of(test), keys) == sum(holds(test, frozenset({key})) for key in keys)


def test_numbers_share_a_bucket_from_the_third_digit_on() -> None:
    buckets = [bucket_of(Kind.NUMBER, key_of(Kind.NUMBER, each)) for each in ("25", "25.1", "25.9", "26", "250")]

    assert buckets[1] == buckets[2]
    assert len(set(buckets)) == 4


@given(LETTERS, LETTERS)
def test_what_begins_with_a_text_lies_before_what_comes_after_it(prefix: str, rest: str) -> None:
    if prefix.strip("\U0010ffff"):
        assert prefix <= prefix + rest < after_prefix(prefix)


def test_a_checklist_is_counted_once_whatever_is_chosen() -> None:
    keys = frozenset({"red", "blue"})

    assert keys_kept(Kind.CHOICES, keys) == {"red", "blue", PRESENT}
    assert sorted(buckets_of(Kind.CHOICES, keys)) == [PRESENT, "blue", "red"]
    assert buckets_of(Kind.TEXT, frozenset()) == []
