"""Who a task is given to: checked, counted, and never guests alone. Spec: api-conventions 18.1, behaviour-work 5.10."""

from collections.abc import Sequence
from typing import Any

import msgspec

from procession.domain.assignees import head_count, holds_guests, unknown_assignees, with_accountable_member
from procession.domain.processes import Owners
from procession.domain.tasks import PeopleOfGroups
from procession.storage import groups, people, references
from procession.storage.tx import ReadTx, WriteTx

NOBODY = Owners()
GUESTS_NOT_WANTED = "Guests may not be assigned to this task."
GROUP_WITH_GUESTS = "There are guests in this group, and guests may not be assigned to this task."


class Assignment(msgspec.Struct, frozen=True):
    """The assignees as they will be stored, with who belongs to their groups."""

    owners: Owners
    people_of_groups: PeopleOfGroups
    errors: dict[str, list[Any]]


async def people_of(tx: ReadTx, owners: Owners) -> PeopleOfGroups:
    """Members and guests of the assigned groups; no statement without groups."""
    found = await groups.members_of(tx, owners.groups)
    return {group: (frozenset(each.members), frozenset(each.guests)) for group, each in found.items()}


async def checked(
    tx: WriteTx,
    sent: Owners,
    *,
    former: Owners = NOBODY,
    most: int = 0,
    allows_guests: bool = True,
    guest_only: bool,
    accountable: Sequence[int | None],
) -> Assignment:
    """`sent` with whoever must join guests that would be alone: the first of `accountable` that is active.

    Only people who are not among `former` are checked. `most` bounds how many people are named (0: any number).
    """
    new = Owners(
        tuple(each for each in sent.users if each not in former.users),
        tuple(each for each in sent.guests if each not in former.guests),
        tuple(each for each in sent.groups if each not in former.groups),
    )
    stand_ins = [each for each in accountable if each]
    known = await people.assignable(tx, [*new.users, *stand_ins], new.groups)
    errors: dict[str, list[Any]] = dict(
        unknown_assignees(
            sent,
            "owners",
            members=frozenset({*known.members, *former.users}),
            groups=frozenset({*known.groups, *former.groups}),
            taken=frozenset(await references.member_addresses(tx, new.guests)),
        )
    )
    people_of_groups = await people_of(tx, sent)
    if not allows_guests:
        errors |= {f"owners.guests.{sent.guests.index(each)}": [GUESTS_NOT_WANTED] for each in new.guests}
        with_guests = (each for each in new.groups if holds_guests(each, people_of_groups))
        errors |= {f"owners.groups.{sent.groups.index(each)}": [GROUP_WITH_GUESTS] for each in with_guests}
    stand_in = next((each for each in stand_ins if each in known.members), None)
    owners = sent if stand_in is None else with_accountable_member(sent, stand_in, guest_only=guest_only)
    if most and head_count(owners, people_of_groups) > most:
        joined = "" if owners == sent else ", and a member joins guests"
        errors.setdefault("owners", [f"At most {most} people may be assigned to this task{joined}."])
    return Assignment(owners, people_of_groups, errors)
