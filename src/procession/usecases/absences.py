"""Absences: noted, changed, deleted, by the member or an administrator. Spec: behaviour-launching 9.6."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from procession.domain.absences import NONE, Absence, Absences, by_member, faults
from procession.domain.automations.people import named_people
from procession.domain.calendar import local_day
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.organizations import OrganizationSettings
from procession.domain.permissions import require
from procession.domain.processes import Process
from procession.domain.task_deadlines import are_calculated_later
from procession.domain.templates import Template
from procession.domain.times import Millis
from procession.storage import absences, people
from procession.storage.tx import ReadTx, WriteTx

MANAGE = "note absences of others"
NO_MEMBER = "There is no active member with this id."


async def create(tx: WriteTx, absence: Absence) -> Absence:
    """Raises NotAllowed, Invalid."""
    made = replace(absence, id=await tx.next_number("absence"), created_at=tx.now, updated_at=tx.now)
    await _check(tx, made)
    await absences.add(tx, made)
    tx.record(happened("absence.created", made.id, member=made.member, deputy=made.deputy))
    return made


async def update(tx: WriteTx, absence_id: int, changes: Mapping[str, Any]) -> Absence:
    """Change what is mentioned, by field. Raises NotFound, NotAllowed, Invalid."""
    before = await managed(tx, absence_id)
    changed = replace(before, **changes)
    await _check(tx, changed)
    if changed == before:
        return before
    changed = replace(changed, updated_at=tx.now)
    await absences.save(tx, changed)
    tx.record(happened("absence.updated", changed.id, member=changed.member, deputy=changed.deputy))
    return changed


async def delete(tx: WriteTx, absence_id: int) -> None:
    """Raises NotFound, NotAllowed."""
    absence = await managed(tx, absence_id)
    await absences.remove(tx, absence)
    tx.record(happened("absence.deleted", absence.id, member=absence.member))


async def managed(tx: WriteTx, absence_id: int) -> Absence:
    """The absence, locked for change. Raises NotFound, NotAllowed."""
    found = await absences.lock(tx, absence_id)
    if found is None:
        raise NotFound
    require(tx.actor.is_admin or found.member == tx.actor.id, to=MANAGE)
    return found


async def _check(tx: WriteTx, absence: Absence) -> None:
    require(tx.actor.is_admin or absence.member == tx.actor.id, to=MANAGE)
    errors = faults(absence)
    named = {"user_id": absence.member, "deputy_id": absence.deputy}
    known = await people.assignable(tx, [each for each in named.values() if each is not None], ())
    for name, member in named.items():
        if member is not None and member not in known.members:
            errors[name] = [NO_MEMBER]
    if errors:
        raise Invalid(errors)


async def of_process(tx: ReadTx, process: Process, document: Template, settings: OrganizationSettings) -> Absences:
    """Of those who have tasks of the process or may be given some by rules; no statement where no deadline is
    calculated after the launch. Spec: L-9.27.
    """
    if not are_calculated_later(document):
        return NONE
    return await of_members(tx, named_people(document, process).users, tx.now, settings.timezone)


async def of_members(tx: ReadTx, wanted: Collection[int], at: Millis, zone: str) -> Absences:
    """When these members are away from that instant's day on; one statement, none for nobody."""
    return by_member(await absences.coming(tx, wanted, since=local_day(at, zone).isoformat()))
