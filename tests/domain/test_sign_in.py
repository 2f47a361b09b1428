"""Slowing down guesses. Spec: behaviour-people S2."""

import pytest

from procession.domain.sign_in import Attempts, delay_after, next_attempt, seconds_to_wait
from procession.domain.times import HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        pytest.param(1, 0, id="a slip costs nothing"),
        pytest.param(3, 0, id="nor do three"),
        pytest.param(4, 2, id="then it takes longer"),
        pytest.param(9, 64, id="and longer"),
        pytest.param(10, 900, id="S2 locked for 15 minutes"),
        pytest.param(1000, 900, id="never longer"),
    ],
)
def test_the_delay_grows_with_failures(failures: int, seconds: int) -> None:
    assert delay_after(failures) == seconds * SECOND


def test_an_address_that_must_wait_is_not_looked_at() -> None:
    known = Attempts(failures=4, last_at=0, wait_until=2000)

    assert next_attempt(known, 1999) is None
    assert next_attempt(known, 2000) == Attempts(5, 2000, 6000)


def test_a_locked_address_is_locked_again_by_the_next_failure() -> None:
    locked = Attempts(failures=10, last_at=0, wait_until=15 * MINUTE)

    again = next_attempt(locked, 15 * MINUTE)

    assert again is not None
    assert again.wait_until == 30 * MINUTE


def test_old_failures_are_forgotten() -> None:
    old = Attempts(failures=9, last_at=0, wait_until=64 * SECOND)

    assert next_attempt(old, 64 * SECOND + HOUR) == Attempts(1, 64 * SECOND + HOUR, 64 * SECOND + HOUR)


@pytest.mark.parametrize(("left", "seconds"), [(1, 1), (999, 1), (1000, 1), (1001, 2), (900_000, 900)])
def test_whole_seconds_are_told_and_never_too_few(left: int, seconds: int) -> None:
    assert seconds_to_wait(Attempts(4, 0, 5000 + left), 5000) == seconds
