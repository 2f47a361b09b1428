"""Whom a planned launch names: its people, those of its tasks and job titles, and those picked in its answers.

Spec: L-12.5, api-processes 21, api-conventions 18.1.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from procession.domain.assignees import group_named, guest_named, member_named, merged
from procession.domain.loose import as_list, as_object
from procession.domain.processes import Owners
from procession.domain.schedules import Launch

Change = Callable[[Owners], Owners]


def people_in(launch: Launch) -> Owners:
    found = Owners()

    def note(owners: Owners) -> Owners:
        nonlocal found
        found = merged(found, owners)
        return owners

    with_people(launch, note)
    return found


def with_people(launch: Launch, change: Change) -> Launch:
    """The launch with each of its assignee objects as `change` makes it."""
    attached = change(Owners(users=launch.users or (), groups=launch.groups or ()))
    return replace(
        launch,
        users=None if launch.users is None else attached.users,
        groups=None if launch.groups is None else attached.groups,
        prerun=_sent(launch.prerun, change),
        tasks=_sent(launch.tasks, change),
        roles=_sent(launch.roles, change),
    )


def without_people(launch: Launch, gone: frozenset[str]) -> Launch:
    """`gone` are principals."""

    def left(owners: Owners) -> Owners:
        return Owners(
            tuple(each for each in owners.users if f"m:{each}" not in gone),
            tuple(each for each in owners.guests if f"e:{each}" not in gone),
            tuple(each for each in owners.groups if f"g:{each}" not in gone),
        )

    return with_people(launch, left)


def _sent(raw: Any, change: Change) -> Any:
    """What a client sent, with assignee objects anywhere in it. What names the same people stays as it was sent."""
    entries, keyed = as_list(raw), as_object(raw)
    if entries is not None:
        return [_sent(each, change) for each in entries]
    if keyed is None:
        return raw
    users = "assignees" if keyed.get("users") is None and keyed.get("assignees") is not None else "users"
    named = Owners(
        _read(keyed.get(users), member_named),
        _read(keyed.get("guests"), _guest),
        _read(keyed.get("groups"), group_named),
    )
    if named.is_empty:
        return {key: _sent(value, change) for key, value in keyed.items()}
    after = change(named)
    lists = ((users, named.users, after.users), ("guests", named.guests, after.guests))
    lists = (*lists, ("groups", named.groups, after.groups))
    return {**keyed, **{key: list(now) for key, before, now in lists if now != before}}


def _read(raw: object, reader: Callable[[object], Any]) -> tuple[Any, ...]:
    found = (reader(each) for each in as_list(raw) or ())
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _guest(entry: object) -> str | None:
    """Where people are picked, an object says its address as `id`, elsewhere as `email`."""
    whole = as_object(entry)
    return guest_named(whole["id"] if whole is not None and "email" not in whole and "id" in whole else entry)
