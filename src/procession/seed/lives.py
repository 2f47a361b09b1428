"""What has become of a seeded process by now: how far it is, when things happened, and when its tasks are due."""

from collections.abc import Sequence
from random import Random
from typing import Literal

import msgspec

from procession.domain.calendar import WorkingWeek, shift_forward
from procession.domain.deadlines import deadline_from
from procession.domain.times import DAY, HOUR, MINUTE, SECOND, Millis
from procession.seed.ground import Wait

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


class Span(msgspec.Struct, frozen=True):
    """When a process was launched, until when anybody works on it, and what time it is."""

    launched_at: Millis
    until: Millis
    now: Millis


def live(random: Random, waits: Sequence[Wait | None], span: Span, week: WorkingWeek) -> Life:
    """What became of a process whose tasks wait, or do not wait, like this."""
    tasks, launched_at, left = len(waits), span.launched_at, span.until - span.launched_at
    roll = random.random()
    fate: Fate = "open" if roll < OPEN_SHARE else "complete" if roll < OPEN_SHARE + COMPLETE_SHARE else "archived"
    is_finished = fate == "complete" or (fate == "archived" and random.random() < 0.5)
    done = tasks if is_finished else int(random.random() * tasks)
    worked = int(random.random() * (min(left, LONGEST) if is_finished else left))
    completions = [launched_at + worked * place // done for place in range(1, done + 1)]
    last_at = completions[-1] if completions else launched_at
    archived_at = last_at + int(random.random() * min(span.until - last_at, LONGEST)) if fate == "archived" else None
    due = _due(random, waits, span, completions, week)
    return Life(fate, launched_at, completions, due, last_at, archived_at)


def _due(
    random: Random, waits: Sequence[Wait | None], span: Span, completions: Sequence[Millis], week: WorkingWeek
) -> list[Due]:
    """Deadlines set by hand at launch, except for steps that wait for others: those are held until then.

    The first open task's deadline decides whether the process is late; it was moved by hand when it had waited.
    """
    pace = random.randrange(DAY, 6 * DAY, SECOND)
    start = span.launched_at - span.launched_at % SECOND
    next_at, done = next_deadline(random, span), len(completions)
    found: list[Due] = []
    for place, wait in enumerate(waits):
        by_hand = shift_forward(start + pace * (place + 1) if place < done else next_at + pace * (place - done), week)
        if wait is None:
            found.append(Due(by_hand, by_hand, is_held=False, by_hand=True))
            continue
        anchor = found[wait.place]
        planned = deadline_from(anchor.planned, wait.rule, week)
        if wait.place >= done:
            found.append(Due(planned, deadline_from(anchor.at, wait.rule, week), is_held=True, by_hand=False))
        elif place >= done:
            found.append(Due(planned, by_hand, is_held=False, by_hand=True))
        else:
            released = deadline_from(completions[wait.place], wait.rule, week)
            found.append(Due(planned, released, is_held=False, by_hand=False))
    return found


def next_deadline(random: Random, span: Span) -> Millis:
    """When the first open task is due: past, within a day, or later."""
    roll = random.random()
    if roll < LATE_SHARE:
        at = span.now - HOUR - int(random.random() * max(span.now - span.launched_at, HOUR))
    elif roll < LATE_SHARE + DUE_SOON_SHARE:
        at = span.now + 30 * MINUTE + int(random.random() * 23 * HOUR)
    else:
        at = span.now + DAY + int(random.random() * 45 * DAY)
    return at - at % SECOND
