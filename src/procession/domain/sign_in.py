"""How guessing of passwords is slowed down: a growing delay, then a lock. Spec: behaviour-people S2."""

import msgspec

from procession.domain.times import HOUR, MINUTE, SECOND, Millis

FREE_FAILURES = 3
LOCK_AFTER = 10
LOCKED_FOR = 15 * MINUTE
FORGOTTEN_AFTER = HOUR


class Attempts(msgspec.Struct, frozen=True):
    """The failed attempts at one address, the running one included until it has succeeded."""

    failures: int
    last_at: Millis
    wait_until: Millis


def next_attempt(known: Attempts | None, now: Millis) -> Attempts | None:
    """The attempts with one more, which counts as failed until it succeeds; None while the address has to wait.

    Counting before the password is looked at keeps many tries at the same moment from passing together.
    """
    if known is not None and now < known.wait_until:
        return None
    failures = 1 if known is None or is_forgotten(known, now) else known.failures + 1
    return Attempts(failures, now, now + delay_after(failures))


def delay_after(failures: int) -> Millis:
    """How long the address waits after that many failures in a row."""
    if failures >= LOCK_AFTER:
        return LOCKED_FOR
    return 0 if failures <= FREE_FAILURES else 2 ** (failures - FREE_FAILURES) * SECOND


def is_forgotten(known: Attempts, now: Millis) -> bool:
    return known.wait_until + FORGOTTEN_AFTER <= now


def seconds_to_wait(known: Attempts, now: Millis) -> int:
    """Whole seconds until the next attempt is looked at, at least 1."""
    return max(1, -(-(known.wait_until - now) // SECOND))
