"""Watching: begin, stop, and who watches a new process. Spec: api-content 5 (DEC-19), behaviour-templates 4.1."""

from procession.domain.actors import Actor
from procession.domain.errors import Invalid, NotAllowed, NotFound
from procession.domain.events import happened
from procession.domain.people import require_admin
from procession.domain.permissions import require
from procession.domain.processes import Process
from procession.domain.templates import Template
from procession.domain.watchers import Notice, Object, ObjectType, Watcher, retold, watcher, watching
from procession.storage import groups, members, people, watchers
from procession.storage.members import Member
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guards
from procession.usecases.template_access import readable

UNKNOWN_MEMBER = "The selected member does not belong to this organization."
UNSEEN = "This member does not see what they are to watch."
ADMINS_ONLY = "Only administrators may watch members."


async def watch(tx: WriteTx, account: int, kind: ObjectType, object_id: str, notice: Notice) -> tuple[Watcher, bool]:
    """Let a member watch something, and whether that is new: who does already is told as often as is said now.

    Raises NotFound (what the caller does not see, members there are not), NotAllowed, Invalid (what that member does
    not see).
    """
    if kind == "organization":
        require_admin(tx.actor, "watch the organization")
    member = await to_watch(tx, account)
    of = await _seen(tx, kind, object_id)
    if account != tx.actor.id:
        await _require_seen_by(tx, member, of)
    known = await _known(tx, of, account, notice)
    if known is None:
        # Whoever takes a number waits for everybody before them.
        number = await tx.next_number("watcher")
        known = await _known(tx, of, account, notice)
        if known is None:
            made = watcher(number, of, account, notice, tx.now)
            await watchers.add(tx, [made])
            tx.record(happened("watcher.added", made.id, process=of.process, member=account))
            return made, True
    changed = retold(known, notice)
    if changed != known:
        await watchers.save(tx, changed)
        tx.record(happened("watcher.changed", known.id, process=of.process, member=account))
    return changed, False


async def to_watch(tx: ReadTx, account: int) -> Member:
    """Who is to watch something. Raises NotAllowed, NotFound."""
    require(account == tx.actor.id or not tx.actor.is_light, to="let others watch")
    member = await members.find(tx, account)
    if member is None or member.status != "active" or member.type == "bot":
        raise NotFound
    return member


async def _known(tx: WriteTx, of: Object, account: int, notice: Notice) -> Watcher | None:
    """A hook of the organization is anybody's. Spec: api-content 5."""
    there = await watchers.of_object(tx, of)
    is_hook = of.type == "organization" and notice.notification_type == "webhook"
    return next((each for each in there if each.tells_as(notice) and (is_hook or each.account == account)), None)


async def _seen(tx: ReadTx, kind: ObjectType, object_id: str) -> Object:
    """What the actor of the transaction sees. Raises NotFound, NotAllowed."""
    match kind:
        case "organization":
            if object_id != tx.organization_id:
                raise NotFound
            return Object(type=kind, id=object_id)
        case "run":
            process = (await guards.readable_process(tx, object_id)).process
            return Object(type=kind, id=process.id, process=process.seq)
        case "task":
            task = (await guards.readable_task(tx, object_id)).task
            return Object(type=kind, id=task.id, task=task.seq)
        case "checklist":
            template = (await readable(tx, object_id)).template
            return Object(type=kind, id=template.id, template_id=template.id)
        case "user":
            require(tx.actor.is_admin, to="watch members")
            found = await members.find(tx, int(object_id)) if object_id.isdecimal() and len(object_id) < 16 else None
            if found is None or found.status != "active":
                raise NotFound
            return Object(type=kind, id=str(found.account))


async def _require_seen_by(tx: WriteTx, member: Member, of: Object) -> None:
    """Raises Invalid. Watching gives no access."""
    actor = Actor(kind="member", id=member.account, role=member.role)
    if of.type == "organization" and not actor.is_admin:
        raise Invalid({"user_id": [UNSEEN]})
    try:
        await _seen(ReadTx(tx.connection, tx.org, tx.organization_id, actor, tx.now), of.type, of.id)
    except NotFound:
        raise Invalid({"user_id": [UNSEEN]}) from None
    except NotAllowed:
        raise Invalid({"user_id": [ADMINS_ONLY if of.type == "user" else UNSEEN]}) from None


async def unwatch(tx: WriteTx, watcher_id: int) -> None:
    """Raises NotFound: others' are nobody's business but administrators'."""
    found = await watchers.lock(tx, watcher_id)
    if found is None or not (tx.actor.is_admin or found.account == tx.actor.id):
        raise NotFound
    await watchers.remove(tx, watcher_id)
    tx.record(happened("watcher.removed", watcher_id, process=found.process, member=found.account))


async def watch_new_process(tx: WriteTx, process: Process, document: Template) -> None:
    """Let the template's default watchers watch a process that was just made, groups as they are now. Spec: T-4.11.

    That is the only time: who stops watching stays away, and the template's list reaches no other process (T-4.14,
    T-4.15).
    """
    entries = document.default_watchers
    if not entries:
        return
    found = await groups.members_of(tx, {each.group for each in entries if each.group is not None})
    notices = watching(entries, {group: each.members for group, each in found.items()})
    there = (await people.still_there(tx, notices, ())).members
    wanted = [(account, notice) for account, notice in notices.items() if account in there]
    if not wanted:
        return
    of = Object(type="run", id=process.id, process=process.seq)
    first = await tx.next_number("watcher", len(wanted))
    made = [watcher(first + n, of, account, notice, tx.now) for n, (account, notice) in enumerate(wanted)]
    await watchers.add(tx, made)
