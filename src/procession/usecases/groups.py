"""Groups: create, change, delete. Spec: api-people 6, behaviour-people 6."""

from collections.abc import Sequence

from msgspec.structs import replace

from procession.adapters.secrets import Secrets
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.names import clean_name, fold
from procession.domain.people import require_group_manager
from procession.storage import groups, organizations, people
from procession.storage.groups import Group
from procession.storage.tx import WriteTx
from procession.usecases import guests, reassigning

MAX_NAME = 200
MAX_DESCRIPTION = 65_535


async def create(
    tx: WriteTx, secrets: Secrets, *, name: str, description: str, members: Sequence[int], guest_emails: Sequence[str]
) -> Group:
    """Unknown addresses become guests. Raises NotAllowed, Invalid."""
    require_group_manager(tx.actor, await organizations.settings_of(tx, tx.org))
    group = Group(
        id=tx.new_id(),
        name=clean_name(name),
        folded_name=fold(clean_name(name)),
        description=description,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await _check(tx, group)
    await _check_members(tx, members, already=())
    guest_ids = await guests.ensure(tx, secrets, guest_emails, field="guests")
    await groups.add(tx, group)
    await groups.set_people(tx, group.id, members=members, guest_ids=guest_ids.values())
    tx.record(happened("group.created", group.id, name=group.name))
    tx.rights_changed(members)
    return group


async def update(
    tx: WriteTx,
    secrets: Secrets,
    group_id: str,
    *,
    name: str | None = None,
    description: str | None = None,
    members: Sequence[int] | None = None,
    guest_emails: Sequence[str] | None = None,
) -> Group:
    """None leaves a part as it is, a list replaces. Raises NotAllowed, NotFound, Invalid."""
    former = await managed(tx, group_id)
    group = former
    if name is not None:
        group = replace(group, name=clean_name(name), folded_name=fold(clean_name(name)))
    group = replace(group, description=group.description if description is None else description)
    await _check(tx, group)
    before = (await groups.members_of(tx, [group_id]))[group_id]
    if members is not None:
        await _check_members(tx, members, already=before.members)
    kept_guests = before.guests if guest_emails is None else guest_emails
    guest_ids = await guests.ensure(tx, secrets, kept_guests, field="guests")
    after = before.members if members is None else members
    same_people = set(after) == set(before.members) and guest_ids.keys() == set(before.guests)
    if group == former and same_people:
        return former
    group = replace(group, updated_at=tx.now)
    await groups.save(tx, group)
    if not same_people:
        await groups.set_people(tx, group_id, members=after, guest_ids=guest_ids.values())
        tx.rights_changed(set(before.members) ^ set(after))
    tx.record(happened("group.updated", group.id, name=group.name))
    return group


async def delete(tx: WriteTx, group_id: str) -> None:
    """Raises NotAllowed, NotFound. Spec: behaviour-people GR1."""
    require_group_manager(tx.actor, await organizations.settings_of(tx, tx.org))
    await reassigning.hold_group(tx, group_id)
    group = await groups.lock(tx, group_id)
    if group is None:
        raise NotFound
    left = (await groups.members_of(tx, [group_id]))[group_id]
    await reassigning.drop_group(tx, group_id)
    await groups.remove(tx, group_id)
    tx.record(happened("group.deleted", group_id, name=group.name))
    tx.rights_changed(left.members)


async def managed(tx: WriteTx, group_id: str) -> Group:
    """The group, locked for change. Raises NotAllowed, NotFound."""
    require_group_manager(tx.actor, await organizations.settings_of(tx, tx.org))
    group = await groups.lock(tx, group_id)
    if group is None:
        raise NotFound
    return group


async def _check(tx: WriteTx, group: Group) -> None:
    errors: dict[str, list[str]] = {}
    if not group.name:
        errors["name"] = ["The name field is required."]
    elif len(group.name) > MAX_NAME:
        errors["name"] = [f"The name may not be greater than {MAX_NAME} characters."]
    elif await groups.named(tx, group.folded_name) not in (None, group.id):
        errors["name"] = ["The name has already been taken."]
    if len(group.description) > MAX_DESCRIPTION:
        errors["description"] = [f"The description may not be greater than {MAX_DESCRIPTION} characters."]
    if errors:
        raise Invalid(errors)


async def _check_members(tx: WriteTx, members: Sequence[int], *, already: Sequence[int]) -> None:
    found = (await people.assignable(tx, members, ())).members | set(already)
    errors = {
        f"members.{index}": ["The selected member is invalid."]
        for index, member in enumerate(members)
        if member not in found
    }
    if errors:
        raise Invalid(errors)
