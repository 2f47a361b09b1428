"""New passwords. Spec: api-people 1.6, DEC-59."""

import pytest

from procession.domain.passwords import password_faults


@pytest.mark.parametrize("password", ["Abcdefghi1", "Ünïcödé-123", "A1" + "a" * 125, "Σίσυφος 2026"])
def test_long_mixed_passwords_are_fine(password: str) -> None:
    assert password_faults(password, min_length=10) == []


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("Abcdefgh1", "at least 10"),
        ("A1" + "a" * 126, "greater than 127"),
        ("abcdefghi1", "upper-case"),
        ("ABCDEFGHI1", "lower-case"),
        ("Abcdefghij", "digit"),
    ],
)
def test_what_is_wrong_is_said(password: str, word: str) -> None:
    [fault] = password_faults(password, min_length=10)

    assert word in fault


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert password_faults("", min_length=10) == [
        "The password must be at least 10 characters.",
        "The password must contain an upper-case letter, a lower-case letter, a digit.",
    ]
