"""Leniency about JSON types. Spec: api-conventions 11, 13."""

import pytest

from procession.domain.loose import MAX_SAFE_INTEGER, as_bool, as_int, deeper_than


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        *((True, True), (1, True), ("1", True), ("true", True), (" TRUE ", True)),
        *((False, False), (0, False), ("0", False), ("false", False)),
        *((2, None), (1.0, None), ("yes", None), ("", None), (None, None), ([], None), ({}, None)),
    ],
)
def test_booleans_come_as_booleans_digits_or_words(sent: object, read: bool | None) -> None:
    assert as_bool(sent) is read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        *((12, 12), ("12", 12), (" -3 ", -3), (5.0, 5), (0, 0)),
        *((True, None), (5.5, None), ("1e3", None), ("", None), ("٣", None), (None, None), ([1], None)),
        *((MAX_SAFE_INTEGER + 1, None), ("9" * 5000, None), (float("inf"), None), (float("nan"), None), (1e300, None)),
    ],
)
def test_integers_come_as_integers_or_digits(sent: object, read: int | None) -> None:
    assert as_int(sent) == read
    assert not isinstance(as_int(sent), bool)


@pytest.mark.parametrize(
    ("value", "depth"),
    [(1, 0), ("x", 0), ([], 1), ({}, 1), ([1, [2]], 2), ({"a": [{"b": 1}]}, 3), ([[[[[]]]]], 5)],
)
def test_nesting_is_measured(value: object, depth: int) -> None:
    assert not deeper_than(value, depth)
    assert depth == 0 or deeper_than(value, depth - 1)
