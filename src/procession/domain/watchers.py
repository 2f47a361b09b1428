"""Who is told what happens to something, how often and where. Spec: api-content 5, behaviour-people 10.7.

Watching gives no access: whoever stops seeing the thing is told nothing. Nothing is sent yet.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

NotificationType = Literal["email", "webhook"]
Frequency = Literal["electric", "mindful", "chilled"]
# As clients spell them.
ObjectType = Literal["organization", "checklist", "run", "task", "user"]

OBJECT_TYPES: tuple[ObjectType, ...] = get_args(ObjectType)
NOTIFICATION_TYPES: tuple[NotificationType, ...] = get_args(NotificationType)
FREQUENCIES: Mapping[str, Frequency] = {
    "electric": "electric",
    "mindful": "mindful",
    "chilled": "chilled",
    "daily": "chilled",
}


class Object(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched; processes, tasks and templates by their keys, too."""

    type: ObjectType
    id: str
    process: int | None = None
    task: int | None = None
    template_id: str | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is told; `webhook` is the address where the type says so."""

    notification_type: NotificationType = "email"
    frequency: Frequency = "electric"
    webhook: str | None = None


class Watcher(msgspec.Struct, frozen=True, kw_only=True):
    """One member watching one thing. Column names and fields agree (storage.rows)."""

    id: int
    object_type: ObjectType
    object_id: str
    process: int | None = None
    task: int | None = None
    template_id: str | None = None
    account: int
    notification_type: NotificationType
    frequency: Frequency
    webhook: str | None = None
    created_at: int

    def tells_as(self, notice: Notice) -> bool:
        """Whether it is this watcher that such a notice would change, not another one beside it."""
        return (self.notification_type, self.webhook) == (notice.notification_type, notice.webhook)


class DefaultWatcher(msgspec.Struct, frozen=True, kw_only=True):
    """A member or group that watches every process launched from a template. Spec: behaviour-templates T-4.10."""

    member: int | None = None
    group: str | None = None
    notice: Notice = Notice(frequency="mindful")


def watcher(number: int, of: Object, account: int, notice: Notice, at: int) -> Watcher:
    return Watcher(
        id=number,
        object_type=of.type,
        object_id=of.id,
        process=of.process,
        task=of.task,
        template_id=of.template_id,
        account=account,
        notification_type=notice.notification_type,
        frequency=notice.frequency,
        webhook=notice.webhook,
        created_at=at,
    )


def retold(found: Watcher, notice: Notice) -> Watcher:
    return replace(found, frequency=notice.frequency)


def known_watchers(
    entries: Iterable[DefaultWatcher], members: Collection[int], groups: Collection[str]
) -> tuple[DefaultWatcher, ...]:
    """Those who are there."""
    return tuple(each for each in entries if each.member in members or each.group in groups)


def watching(entries: Iterable[DefaultWatcher], members_of: Mapping[str, Iterable[int]]) -> dict[int, Notice]:
    """One notice for each member: what stands beside their name goes before what their groups say. Spec: T-4.12."""
    entries = tuple(entries)
    by_group = {
        member: each.notice
        for each in reversed(entries)
        if each.group is not None
        for member in members_of.get(each.group, ())
    }
    return by_group | {each.member: each.notice for each in entries if each.member is not None}
