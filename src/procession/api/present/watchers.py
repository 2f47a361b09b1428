"""Watchers from rows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, cast

from msgspec import UnsetType

from procession.api.contract.envelope import Many, One
from procession.api.contract.watchers import GuestWatcher, MemberWatcher, Watcher, WatchingMember
from procession.domain import watchers as domain
from procession.domain.people import full_name
from procession.domain.times import wire
from procession.storage import people, watchers
from procession.storage.people import Name
from procession.storage.tx import ReadTx
from procession.storage.watchers import NamedWatcher, Place

WATCHERS = frozenset({"member_watchers", "guest_watchers"})


async def present_watchers(tx: ReadTx, found: Sequence[domain.Watcher]) -> list[Watcher]:
    """In their order; one statement for the names."""
    names = await people.names(tx, (each.account for each in found))
    return [
        Watcher(
            id=each.id,
            object_type=each.object_type,
            object_id=each.object_id,
            notification_type=each.notification_type,
            frequency=each.frequency,
            webhook=each.webhook,
            watcher=One(_member(names, each.account)),
            created_at=wire(each.created_at),
        )
        for each in found
    ]


def _member(names: Mapping[int, Name], account: int) -> WatchingMember:
    name = names[account]
    return WatchingMember(account, name.email, name.email, name.first_name, name.last_name, name.full_name)


class Watched(Protocol):
    """What is shown with its watchers."""

    member_watchers: Many[MemberWatcher] | UnsetType
    guest_watchers: Many[GuestWatcher] | UnsetType


async def add_watchers(
    tx: ReadTx, place: Place, keys: Sequence[Any], shown: Sequence[Watched], names: Collection[str]
) -> None:
    """The watchers of processes, tasks, templates or members with these keys, where asked for; one statement."""
    found = await watchers.at(tx, place, keys) if "member_watchers" in names else {}
    for key, out in zip(keys, shown, strict=True):
        if "member_watchers" in names:
            out.member_watchers = Many([_member_watcher(each) for each in found[key]])
        if "guest_watchers" in names:
            # There is no way for guests to watch anything yet.
            out.guest_watchers = Many([])


def _member_watcher(found: NamedWatcher) -> MemberWatcher:
    called = full_name(found.first_name, found.last_name)
    member = WatchingMember(found.account, found.email, found.email, found.first_name, found.last_name, called)
    return MemberWatcher(
        id=found.id,
        watcher=One(member),
        frequency=cast("domain.Frequency", found.frequency),
        notification_type=cast("domain.NotificationType", found.notification_type),
    )
