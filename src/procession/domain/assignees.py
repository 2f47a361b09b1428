"""Assignee objects as clients send them. Spec: api-conventions 18.1, behaviour-launching 8."""

from collections.abc import Callable, Mapping
from typing import Any

from procession.domain.emails import is_email
from procession.domain.errors import Invalid
from procession.domain.loose import as_int, as_list, as_object, strangers
from procession.domain.people import is_bot_email
from procession.domain.processes import Owners

LISTS = ("users", "guests", "groups")
# Clients send these, too: another name of `users`, what they were shown, and a word to new guests.
ALSO_READ = frozenset({"assignees", "taskUrls", "task_urls", "guests_note"})
HEX = frozenset("0123456789abcdef")
MAX_ASSIGNEES = 1000
"""Of each kind in one object: nobody picks more by hand, and unknown addresses become guests one by one."""


def read_owners(raw: object, path: str = "owners") -> Owners:
    """`{users, guests, groups}`; a missing list is empty, `assignees` is another name of `users`, `[]` names nobody.

    Members are integers, numeric strings or objects with an `id`. Raises Invalid with every entry at fault, and with
    every other key: a misspelt one would detach everybody.
    """
    if as_list(raw) == []:
        return Owners()
    sent = as_object(raw)
    if sent is None:
        raise Invalid({path: ["The assignees must be an object with users, guests and groups."]})
    errors: dict[str, list[Any]] = {
        f"{path}.{key}": [sentence] for key, sentence in strangers(sent, LISTS, also=ALSO_READ).items()
    }
    users = sent["users"] if sent.get("users") is not None else sent.get("assignees")
    owners = Owners(
        users=_entries(users, f"{path}.users", member_named, "a member's id", errors),
        guests=_entries(sent.get("guests"), f"{path}.guests", guest_named, "an e-mail address", errors),
        groups=_entries(sent.get("groups"), f"{path}.groups", group_named, "a group's id", errors),
    )
    if errors:
        raise Invalid(errors)
    return owners


def _entries(
    raw: object, path: str, read: Callable[[object], Any], wanted: str, errors: dict[str, list[Any]]
) -> tuple[Any, ...]:
    if raw is None:
        return ()
    entries = as_list(raw)
    if entries is None:
        errors[path] = ["The assignees must be a list."]
        return ()
    if len(entries) > MAX_ASSIGNEES:
        errors[path] = [f"The assignees may not be more than {MAX_ASSIGNEES}. Assign a group instead."]
        return ()
    found: dict[Any, None] = {}
    for index, entry in enumerate(entries):
        value = read(entry)
        if value is None:
            errors[f"{path}.{index}"] = [f"This is not {wanted}."]
        else:
            found[value] = None
    return tuple(found)


def member_named(entry: object) -> int | None:
    whole = as_object(entry)
    number = as_int(entry if whole is None else whole.get("id"))
    return number if number is not None and 0 < number < 1 << 53 else None


def guest_named(entry: object) -> str | None:
    whole = as_object(entry)
    address = entry if whole is None else whole.get("email")
    if not isinstance(address, str):
        return None
    address = address.strip().lower()
    return address if is_email(address) and not is_bot_email(address) else None


def group_named(entry: object) -> str | None:
    whole = as_object(entry)
    key = entry if whole is None else whole.get("id")
    if not isinstance(key, str):
        return None
    key = key.lower()
    return key if len(key) == 32 and set(key) <= HEX else None


def unknown_assignees(
    owners: Owners, path: str, *, members: frozenset[int], groups: frozenset[str], taken: frozenset[str]
) -> dict[str, list[str]]:
    """Messages for whoever cannot be assigned; `taken` are addresses of members, which cannot be guests (U2)."""
    errors: dict[str, list[str]] = {}
    for index, user in enumerate(owners.users):
        if user not in members:
            errors[f"{path}.users.{index}"] = ["There is no active member with this id."]
    for index, group in enumerate(owners.groups):
        if group not in groups:
            errors[f"{path}.groups.{index}"] = ["There is no group with this id."]
    for index, guest in enumerate(owners.guests):
        if guest in taken:
            errors[f"{path}.guests.{index}"] = ["This address belongs to a member. Assign the member instead."]
    return errors


def head_count(owners: Owners, people_of: Mapping[str, tuple[frozenset[int], frozenset[str]]]) -> int:
    """Members and guests, groups expanded, each counted once. Spec: behaviour-work N3."""
    members, guests = set(owners.users), set(owners.guests)
    for group in owners.groups:
        in_group = people_of.get(group)
        if in_group is not None:
            members |= in_group[0]
            guests |= in_group[1]
    return len(members) + len(guests)


def holds_guests(group: str, people_of: Mapping[str, tuple[frozenset[int], frozenset[str]]]) -> bool:
    """Whether giving work to this group gives it to guests. Spec: behaviour-templates T-8.12."""
    return group in people_of and bool(people_of[group][1])


def merged(first: Owners, second: Owners) -> Owners:
    """Both together, without repeats."""
    return Owners(
        tuple(dict.fromkeys((*first.users, *second.users))),
        tuple(dict.fromkeys((*first.guests, *second.guests))),
        tuple(dict.fromkeys((*first.groups, *second.groups))),
    )


def with_accountable_member(owners: Owners, member: int, *, guest_only: bool) -> Owners:
    """A guest never works alone: where only guests are assigned, `member` joins them. Spec: U1, L-8.6 (DEC-58)."""
    alone = bool(owners.guests) and not owners.users and not owners.groups
    return Owners((member,), owners.guests, ()) if alone and not guest_only else owners
