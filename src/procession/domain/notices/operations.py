"""What notices follow from: the events of the log, put together again as what one person or timer did at one instant.

Spec: behaviour-people N4, ML7.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from procession.domain.events import Logged
from procession.domain.times import DAY, Millis

KINDS = (
    "process.launched",
    "process.updated",
    "process.completed",
    "task.created",
    "task.assigned",
    "task.shown",
    "task.updated",
    "task.reopened",
    "task.completed",
    "thread.added",
    "thread.changed",
    "thread.resolved",
    "template.made_public",
    "template.kickoff_made_public",
    "template.permissions_changed",
    "member.role_changed",
)
"""After which somebody may be told something."""
TOO_LATE = DAY
"""Nobody is told of what happened longer ago: mail was not set up, or no server ran."""


class Read(msgspec.Struct, frozen=True):
    """An event of the log with its place there."""

    position: int
    process: int | None
    event: Logged


class Operation(msgspec.Struct, frozen=True):
    """What one person or timer did at one instant, event by event."""

    # The principal of who did it, "" where nobody did.
    actor: str
    read: tuple[Read, ...]

    def of_kind(self, *kinds: str) -> Iterator[Read]:
        return (each for each in self.read if each.event.kind in kinds)

    @property
    def launched(self) -> frozenset[int]:
        """Numbers of the processes that it began: everything about them is new."""
        return frozenset(each.process for each in self.of_kind("process.launched") if each.process)


def operations(read: Iterable[Read], now: Millis) -> list[Operation]:
    """The operations of these events in their order. Spec: N4."""
    groups: dict[tuple[int, str, str | None], list[Read]] = {}
    for each in read:
        if each.event.at > now - TOO_LATE:
            groups.setdefault((each.event.at, each.event.actor_kind, each.event.actor_id), []).append(each)
    return [Operation(_principal(kind, key), tuple(group)) for (_, kind, key), group in groups.items()]


def _principal(actor_kind: str, actor_id: str | None) -> str:
    prefix = {"member": "m", "guest": "e"}.get(actor_kind)
    return f"{prefix}:{actor_id}" if prefix else ""


def whole_operations(read: Sequence[Read]) -> Sequence[Read]:
    """Without the last operation, which may go on after what was read; all of them where there is only one."""
    last = read[-1].event.at
    return [each for each in read if each.event.at != last] or read
