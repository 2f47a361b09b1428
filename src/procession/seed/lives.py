"""What has become of a seeded process by now: how far it is, when things happened, and when its tasks are due."""

from collections.abc import Sequence
from random import Random
from typing import Literal

import msgspec

from procession.domain.times import DAY, HOUR, MINUTE, SECOND, Millis
from procession.seed.templates import WAIT_DAYS, waits

Fate = Literal["open", "complete", "archived"]

OPEN_SHARE = 0.85
COMPLETE_SHARE = 0.11
LATE_SHARE = 0.15
DUE_SOON_SHARE = 0.1
LONGEST = 60 * DAY


class Due(msgspec.Struct, frozen=True):
    """A task's deadline as it was planned at launch, and as it is now."""

    planned: Millis
    at: Millis
    is_held: bool
    by_hand: bool


class Life(msgspec.Struct, frozen=True):
    fate: Fate
    launched_at: Millis
    # When each completed task was completed, in order: tasks are completed from the first one on.
    completions: list[Millis]
    due: list[Due]
    # The last thing that happened to it, its archiving apart.
    last_at: Millis
    archived_at: Millis | None

    @property
    def done(self) -> int:
        return len(self.completions)


def live(random: Random, tasks: int, launched_at: Millis, until: Millis) -> Life:
    """A life of a process with so many tasks, from its launch until now."""
    roll = random.random()
    fate: Fate = "open" if roll < OPEN_SHARE else "complete" if roll < OPEN_SHARE + COMPLETE_SHARE else "archived"
    is_finished = fate == "complete" or (fate == "archived" and random.random() < 0.5)
    done = tasks if is_finished else int(random.random() * tasks)
    span = until - launched_at
    worked = int(random.random() * (min(span, LONGEST) if is_finished else span))
    completions = [launched_at + worked * place // done for place in range(1, done + 1)]
    last_at = completions[-1] if completions else launched_at
    archived_at = last_at + int(random.random() * min(until - last_at, LONGEST)) if fate == "archived" else None
    return Life(
        fate, launched_at, completions, _due(random, tasks, launched_at, completions, until), last_at, archived_at
    )


def _due(random: Random, tasks: int, launched_at: Millis, completions: Sequence[Millis], until: Millis) -> list[Due]:
    """Deadlines set by hand at launch, except for steps that wait for the one before them: those are held until then.

    The first open task's deadline decides whether the process is late; it was moved by hand when it had waited.
    """
    pace = random.randrange(DAY, 6 * DAY, SECOND)
    start = launched_at - launched_at % SECOND
    next_at = next_deadline(random, launched_at, until)
    found: list[Due] = []
    for place in range(tasks):
        is_open, first_open = place >= len(completions), len(completions)
        by_hand = next_at + pace * (place - first_open) if is_open else start + pace * (place + 1)
        if not waits(place):
            found.append(Due(by_hand, by_hand, is_held=False, by_hand=True))
            continue
        before = found[-1]
        planned = before.planned + WAIT_DAYS * DAY
        if place > first_open:
            found.append(Due(planned, before.at + WAIT_DAYS * DAY, is_held=True, by_hand=False))
        elif place == first_open:
            found.append(Due(planned, by_hand, is_held=False, by_hand=True))
        else:
            released = completions[place - 1] + WAIT_DAYS * DAY
            found.append(Due(planned, released, is_held=False, by_hand=False))
    return found


def next_deadline(random: Random, launched_at: Millis, until: Millis) -> Millis:
    """When the first open task is due: past, within a day, or later."""
    roll = random.random()
    if roll < LATE_SHARE:
        at = until - HOUR - int(random.random() * max(until - launched_at, HOUR))
    elif roll < LATE_SHARE + DUE_SOON_SHARE:
        at = until + 30 * MINUTE + int(random.random() * 23 * HOUR)
    else:
        at = until + DAY + int(random.random() * 45 * DAY)
    return at - at % SECOND
