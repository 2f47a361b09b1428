"""Groups from rows."""

from collections.abc import Sequence

from procession.api.contract.envelope import Many
from procession.api.contract.groups import Group
from procession.api.present.guests import present_short_guest
from procession.api.present.people import present_short_user
from procession.domain.times import wire
from procession.storage import groups, guests, members
from procession.storage.groups import Group as GroupRow
from procession.storage.tx import ReadTx

INCLUDES = frozenset({"users", "guests"})


async def present_groups(tx: ReadTx, rows: Sequence[GroupRow], included: frozenset[str]) -> list[Group]:
    """A page of groups; one statement for who is in them, and one for each include, whatever the page."""
    people = await groups.members_of(tx, [row.id for row in rows])
    shown = [
        Group(
            id=row.id,
            name=row.name,
            description=row.description,
            logo=None,
            members=list(people[row.id].members),
            guests=list(people[row.id].guests),
            created_at=wire(row.created_at),
            last_updated=wire(row.updated_at),
            updated_at=wire(row.updated_at),
            deleted_at=None,
        )
        for row in rows
    ]
    if "users" in included:
        known = await members.many(tx, {each for found in people.values() for each in found.members})
        for group in shown:
            group.users = Many([present_short_user(known[each]) for each in group.members if each in known])
    if "guests" in included:
        addresses = await guests.by_emails(tx, {each for found in people.values() for each in found.guests})
        for group in shown:
            group.guests = Many([present_short_guest(addresses[each]) for each in people[group.id].guests])
    return shown
