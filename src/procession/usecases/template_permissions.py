"""The five permission lists of a template, and whose favourite it is. Spec: api-templates 9, behaviour-people 2.2."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from procession.domain.errors import Invalid
from procession.domain.events import happened
from procession.domain.guests import normal_email
from procession.domain.people import require_admin
from procession.domain.template_permissions import EVERYONE, Permission, principals_of
from procession.domain.templates import TemplateRow
from procession.storage import groups, template_grants, templates
from procession.storage.template_grants import Grant
from procession.storage.tx import WriteTx
from procession.usecases import guests
from procession.usecases import template_checks as checks
from procession.usecases.means import Means
from procession.usecases.template_access import Opened, found, require_live

READ_ONLY = "Guests can be given CHECKLIST_READ and nothing else."


class PermissionList(msgspec.Struct, frozen=True, kw_only=True):
    """Whom one list contains."""

    everyone: bool = False
    users: Sequence[int] = ()
    groups: Sequence[str] = ()
    # Addresses; None: those it contains stay.
    guests: Sequence[str] | None = None


async def to_choose(tx: WriteTx, template_id: str) -> Opened:
    """A template, to be favourites of others. Raises NotFound, NotAllowed, WrongState (archived)."""
    opened = await found(tx, template_id)
    require_admin(tx.actor, "choose favourites for others")
    require_live(opened.template)
    return opened


async def make_favourite(tx: WriteTx, checklist_id: str, users: Sequence[int]) -> list[int]:
    """Put the template among these members' favourites; returns those of whom it was none yet.

    Raises NotFound, NotAllowed, WrongState (archived), Invalid. Spec: T-1.11.
    """
    opened = await to_choose(tx, checklist_id)
    errors: dict[str, list[Any]] = {}
    await checks.check_people(tx, errors, checks.indexed("users", users), [])
    if errors:
        raise Invalid(errors)
    added = await templates.star_for(tx, opened.template, users)
    if added:
        tx.record(happened("template.starred", checklist_id, starred=True, users=added))
    return added


async def share(
    tx: WriteTx, row: TemplateRow, lists: Mapping[Permission, tuple[int, PermissionList]], means: Means
) -> list[Grant]:
    """As `change_permissions`, with guests who may read it; unknown ones are made. Raises Invalid. Spec: T-2.11."""
    named = {permission: entry for permission, entry in lists.items() if entry[1].guests}
    errors = {f"{at}.guests": [READ_ONLY] for permission, (at, _) in named.items() if permission != "READ"}
    if errors:
        raise Invalid(errors)
    for at, given in named.values():
        await guests.ensure(tx, means.secrets, given.guests or (), field=f"{at}.guests")
    return await change_permissions(tx, row, lists)


async def change_permissions(
    tx: WriteTx, row: TemplateRow, lists: Mapping[Permission, tuple[int, PermissionList]]
) -> list[Grant]:
    """Replace these lists of the locked template, others stay; each comes with its place in the request.

    A group takes the place of its members in the same list (T-2.6). Returns every entry of all five lists. What
    running processes show to whom does not change (behaviour-people T7). Raises Invalid.
    """
    errors: dict[str, list[Any]] = {}
    await checks.check_people(
        tx,
        errors,
        [each for at, given in lists.values() for each in checks.indexed(f"{at}.users", given.users)],
        [each for at, given in lists.values() for each in checks.indexed(f"{at}.groups", given.groups)],
    )
    if errors:
        raise Invalid(errors)
    people = await groups.members_of(tx, {each for _, given in lists.values() for each in given.groups})
    old = frozenset((await template_grants.lists_of(tx, [row.id]))[row.id])
    entries = {grant for grant in old if grant[0] not in lists}
    for permission, (_, given) in lists.items():
        entries |= _guests(permission, given, old)
        covered = {member for each in given.groups for member in people[each].members}
        principals = principals_of(set(given.users) - covered, given.groups)
        entries |= {(permission, each) for each in (principals | {EVERYONE} if given.everyone else principals)}
    new = frozenset(entries)
    if new != old:
        await template_grants.replace(tx, row, old, new)
        added = sorted(template_grants.principals(new) - template_grants.principals(old) - {EVERYONE})
        tx.record(happened("template.permissions_changed", row.id, lists=sorted(lists), added=added))
        tx.rights_changed([])
    return sorted(new)


def _guests(permission: Permission, given: PermissionList, old: frozenset[Grant]) -> set[Grant]:
    if given.guests is None:
        return {grant for grant in old if grant[0] == permission and grant[1].startswith("e:")}
    return {(permission, f"e:{normal_email(each)}") for each in given.guests}
