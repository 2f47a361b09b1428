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
    "process.archived",
    "process.restored",
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
    "template.published",
    "template.updated",
    "step.created",
    "step.updated",
    "step.deleted",
    "field.created",
    "field.deleted",
    "rule.created",
    "rule.updated",
    "rule.deleted",
    "member.role_changed",
)
"""After which somebody may be told something."""
PARTS = frozenset({"step", "field", "rule"})
"""Of templates."""
TOO_LATE = DAY
"""Nobody is told of what happened longer ago: mail was not set up, or no server ran."""


class Read(msgspec.Struct, frozen=True):
    """An event of the log with its place there."""

    position: int
    process: int | None
    event: Logged

    @property
    def by(self) -> str:
        """The principal of who did it, "" where nobody did."""
        prefix = {"member": "m", "guest": "e"}.get(self.event.actor_kind)
        return f"{prefix}:{self.event.actor_id}" if prefix else ""

    @property
    def template_id(self) -> str | None:
        """The template that it changed, if it did."""
        if self.event.subject_kind == "template":
            return self.event.subject_id
        template_id = self.event.payload.get("template") if self.event.subject_kind in PARTS else None
        return template_id if isinstance(template_id, str) else None


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
    return [Operation(group[0].by, tuple(group)) for group in groups.values()]


def whole_operations(read: Sequence[Read]) -> Sequence[Read]:
    """Without the last operation, which may go on after what was read; all of them where there is only one."""
    last = read[-1].event.at
    return [each for each in read if each.event.at != last] or read
