"""Rows of the activity feed. Spec: api-processes 12."""

from collections.abc import Mapping

from procession.api.contract.activity import ActivityActor, ActivityOrigin, ActivityRow
from procession.api.contract.envelope import One
from procession.domain.activity import MODELS, Called, Happening, origin_of, tell
from procession.domain.activity_kinds import EXECUTION, KINDS
from procession.domain.people import BOT_NAME, bot_email, full_name
from procession.domain.times import wire
from procession.storage import guests, members
from procession.storage.guests import Guest
from procession.storage.members import Member
from procession.storage.tx import ReadTx
from procession.usecases.activity import Feed

NAMESPACE = "App\\Models\\"


async def present_activity(tx: ReadTx, found: Feed) -> list[ActivityRow]:
    """Two statements for who did it all."""
    by_people = [row for row in found.rows if not _is_by_itself(row) and row.actor_id is not None]
    accounts = {int(row.actor_id or 0) for row in by_people if row.actor_kind == "member"}
    addresses = {row.actor_id or "" for row in by_people if row.actor_kind == "guest"}
    known = await members.many(tx, accounts), await guests.by_emails(tx, addresses)
    return [_row(tx.organization_id, row, found, *known) for row in found.rows]


def _is_by_itself(row: Happening) -> bool:
    """Done by a rule, or said by the system."""
    return (
        KINDS[row.kind].type == EXECUTION
        or (row.cause or "").startswith("rule:")
        or row.payload.get("author_kind") == "bot"
    )


def _row(
    organization_id: str, row: Happening, found: Feed, by_account: Mapping[int, Member], by_email: Mapping[str, Guest]
) -> ActivityRow:
    told = tell(row, found.context, Called("organization", organization_id, ""))
    origin = origin_of(row)
    is_guest = row.actor_kind == "guest" and not _is_by_itself(row)
    actor = _actor(organization_id, row, by_account, by_email)
    return ActivityRow(
        id=row.position,
        organization_id=organization_id,
        verb=[told.verb],
        source=["Guest" if is_guest else "Member"],
        actor_type=[NAMESPACE + ("Guest" if is_guest else "User")],
        actor_id=[actor.id],
        actor=[actor],
        type=[told.type],
        description=[told.description],
        auditable_type=NAMESPACE + MODELS[row.subject_kind],
        auditable_id=row.subject_id,
        parentable_type=NAMESPACE + MODELS[told.parent.kind],
        parentable_id=told.parent.id,
        field=None if told.fields is None else list(told.fields),
        old_value=None if told.old_value is None else [told.old_value],
        text=None if told.text is None else [told.text],
        references=None,
        audit_state=told.audit_state,
        origin=None if origin is None else One(ActivityOrigin(origin.checklist, origin.run, origin.step, origin.task)),
        created_at=wire(row.at),
        undoable=False,
    )


def _actor(
    organization_id: str, row: Happening, by_account: Mapping[int, Member], by_email: Mapping[str, Guest]
) -> ActivityActor:
    """A member, a guest, or the system."""
    if row.actor_kind == "guest" and not _is_by_itself(row):
        guest = by_email.get(row.actor_id or "")
        email = row.actor_id or ""
        if guest is None:
            return ActivityActor(None, email, email, None, None, email, None, None)
        name = full_name(guest.first_name or "", guest.last_name or "") or email
        return ActivityActor(guest.id, email, email, guest.first_name, guest.last_name, name, None, None)
    key = row.actor_id if row.actor_kind == "member" and not _is_by_itself(row) else None
    member = by_account.get(int(key)) if key is not None else None
    if member is None:
        email = bot_email(organization_id)
        return ActivityActor(None, email, email, *BOT_NAME, " ".join(BOT_NAME), None, None)
    picture = member.profile.profile_pic
    name = full_name(member.first_name, member.last_name)
    return ActivityActor(
        member.account, member.email, member.email, member.first_name, member.last_name, name, picture, picture
    )
