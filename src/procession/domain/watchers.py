"""Who is told what happens to something, how often and where. Spec: api-content 5, behaviour-people 10.7.

Watching gives no access: whoever stops seeing the thing is told nothing. Only mail is sent yet, to no webhook.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from procession.domain.calendar import instant_at, local_day
from procession.domain.times import Millis

NotificationType = Literal["email", "webhook"]
Frequency = Literal["electric", "mindful", "chilled"]
# As clients spell them.
ObjectType = Literal["organization", "checklist", "run", "task", "user"]

DIGEST_HOURS: Mapping[Frequency, tuple[int, ...]] = {"mindful": tuple(range(0, 24, 3)), "chilled": (6,)}
"""When what is told later is told, by the clocks of whoever is told. Spec: behaviour-people 10.7."""

OBJECT_TYPES: tuple[ObjectType, ...] = get_args(ObjectType)
NOTIFICATION_TYPES: tuple[NotificationType, ...] = get_args(NotificationType)
# The soonest first.
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)
FREQUENCY_WORDS: Mapping[str, Frequency] = {**{each: each for each in FREQUENCIES}, "daily": "chilled"}


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


def next_digest(frequency: Frequency, now: Millis, zone: str) -> Millis:
    """When what happens now is told to a watcher of this frequency; now, where it is told at once."""
    today = local_day(now, zone)
    hours = [(today + timedelta(days=day), hour) for day in (0, 1) for hour in DIGEST_HOURS.get(frequency, ())]
    instants = (instant_at(datetime.combine(day, time(hour)), zone) for day, hour in hours)
    return next((at for at in instants if at > now), now)
