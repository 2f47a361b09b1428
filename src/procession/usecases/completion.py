"""Completing and reopening tasks. Spec: api-tasks 11, 12; behaviour-work 5.3 to 5.6."""

from html import escape
from typing import Any

from msgspec.structs import replace

from procession.adapters.text import stored_markup
from procession.domain import tasks
from procession.domain.automations.state import Occurrence
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import Event, happened
from procession.domain.organizations import OrganizationSettings
from procession.domain.permissions import may_reopen_task, may_work_on_task, require
from procession.domain.processes import Process, Task
from procession.domain.task_deadlines import moves
from procession.domain.task_events import completion_event
from procession.domain.task_input import Completion, Errors, is_finishing, read_completion, read_object
from procession.domain.tasks import Completer
from procession.domain.templates import Template
from procession.domain.threads import shown_to
from procession.storage import guests, launchers, organizations, people, threads
from procession.storage import tasks as stored
from procession.storage.tx import WriteTx
from procession.usecases import assigning, guards, injecting, launching, reactions, task_mails, undo
from procession.usecases.calendars import zone_for
from procession.usecases.deadlines import followed_up
from procession.usecases.guards import SeenTask
from procession.usecases.order_locks import require_in_order
from procession.usecases.reactions import Means, Reacted
from procession.usecases.tasks import Changed, change
from procession.usecases.thread_places import place_of
from procession.usecases.thread_writing import Draft, write

DECIDE = "decide on this approval: its assignees do, each in their own name, except for whoever launched the process"
NO_SUCH_MEMBER = "There is no active member with this id."


async def complete_task(
    tx: WriteTx, body: object, *, process_id: str | None, means: Means, hourly_limit: int
) -> Changed:
    """Complete a task of a process, or one that stands alone (`process_id` None); others are not found.

    A task that everybody must complete takes the caller's part only. `hourly_limit` bounds comments, 0: any number.
    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, AlreadyCompleted, WrongState, Invalid, TaskBlocked,
    TooManyRequests.
    """
    wanted = read_completion(body)
    if wanted.task_id is None:
        if process_id is not None:
            await guards.readable_process(tx, process_id)
        raise Invalid(wanted.errors)
    seen = await guards.locked_task(tx, wanted.task_id, process_id=process_id)
    if process_id is None and seen.process is not None:
        raise NotFound
    return await complete(tx, seen, wanted, means=means, hourly_limit=hourly_limit)


async def complete_as_guest(
    tx: WriteTx, body: object, guest: frozenset[str], *, means: Means, hourly_limit: int
) -> Changed:
    """Complete a task assigned to this guest (named so). Raises as `complete_task`. Spec: api-tasks 16."""
    wanted = read_completion(body)
    if wanted.task_id is None:
        raise Invalid(wanted.errors)
    seen = await guards.guests_locked_task(tx, guest, wanted.task_id)
    return await complete(tx, seen, wanted, means=means, hourly_limit=hourly_limit)


async def answer_and_complete(
    tx: WriteTx, body: object, task_id: str, guest: frozenset[str], *, means: Means, hourly_limit: int
) -> Changed:
    """Save a guest's answers (`taskdata`) and complete the task when `status` says so. Raises as `complete_task`."""
    seen = await guards.guests_locked_task(tx, guest, task_id)
    sent = read_object(body)
    changed = Changed(seen, [])
    if "taskdata" in sent or not is_finishing(sent):
        answers = {name: value for name, value in sent.items() if name not in ("status", "is_approved")}
        changed = await change(tx, seen, answers, means=means)
    if not is_finishing(sent):
        return changed
    wanted = read_completion({"task_id": task_id, "is_approved": sent.get("is_approved")})
    done = await complete(tx, changed.seen, wanted, means=means, hourly_limit=hourly_limit)
    return replace(done, ignored=changed.ignored)


async def complete(tx: WriteTx, seen: SeenTask, wanted: Completion, *, means: Means, hourly_limit: int) -> Changed:
    """Complete a locked task the caller sees. Raises as `complete_task`, the first refusal of that order."""
    task = seen.task
    require(may_work_on_task(tx.actor, seen.named, task), to="complete this task")
    require(wanted.override_user is None or tx.actor.is_admin, to="complete a task in somebody else's name")
    by, takers = _completer(tx, wanted), await _part_takers(tx, seen)
    if tasks.needs_approvals(task):
        require(wanted.override_user is None and by.person in takers, to=DECIDE)
    guards.require_changeable(seen.process)
    tasks.require_completable(task)
    document = await stored.document_of(tx, seen.process, seen.task)
    decision = tasks.decision_on(task, sent=wanted.is_approved)
    fields = tasks.fields_of(task, document)
    zone = await zone_for(tx, fields)
    errors: Errors = tasks.obstacles(task, fields, decision=decision, zone=zone) | wanted.errors
    is_mailed = tasks.sends_mail(task.task_type, decision)
    if is_mailed and not await task_mails.recipients_of(tx, task):
        errors["owners"] = [tasks.NO_RECIPIENT]
    if wanted.override_user is not None:
        known = await people.assignable(tx, [wanted.override_user], ())
        if wanted.override_user not in known.members:
            errors["override_user"] = [NO_SUCH_MEMBER]
    if errors:
        raise Invalid(errors)
    await require_in_order(tx, seen)
    if by.person in takers:
        done = tasks.with_part(task, by, tx.now, takers, decision=decision)
    else:
        done = tasks.completed(task, by, tx.now, decision=decision)
    mentions = await _comment(tx, seen, wanted.comment, hourly_limit=hourly_limit)
    if done.task_type == "approval" and by.member is not None:
        # Whoever takes part in an approval is involved from then on. Spec: behaviour-work N-3.
        mentions = (*mentions, by.member)
    event = completion_event(done) if done.is_completed else _part_event(done, by)
    # What has left as a mail is not taken back. Spec: behaviour-work W6.
    changed = await save_outcome(tx, seen, done, event, means, mentions=mentions, is_undoable=not is_mailed)
    if is_mailed:
        await task_mails.send(tx, done, changed.seen.process, means)
    if by.person in takers:
        await _tell_progress(tx, done, by, takers)
    return replace(changed, ignored=list(wanted.ignored))


async def _part_takers(tx: WriteTx, seen: SeenTask) -> frozenset[str]:
    """Who may complete a part of the task; nobody when it has none."""
    if not tasks.has_parts(seen.task):
        return frozenset()
    barred = await launchers.barred_from(tx, seen.task, seen.process)
    return tasks.part_takers(seen.task, await assigning.people_of(tx, seen.task.owners), launchers=barred)


def _completer(tx: WriteTx, wanted: Completion) -> Completer:
    if tx.actor.kind == "guest":
        return Completer(guest=tx.actor.guest_email)
    return Completer(member=wanted.override_user or tx.actor.id)


def _part_event(task: Task, by: Completer) -> Any:
    return happened("task.part_completed", task.id, process=task.process, person=by.person)


async def save_outcome(
    tx: WriteTx,
    seen: SeenTask,
    task: Task,
    event: Event,
    means: Means,
    *,
    mentions: tuple[int, ...] = (),
    is_undoable: bool = True,
) -> Changed:
    """Save a task that was completed, done in part or reopened with what it entails: for the deadlines of others, by
    rules, and for who may see the process.

    `event` says what happened to it; what rules did comes after it in the log.
    """
    if seen.process is None:
        saved_alone = await guards.save_changed_task(tx, seen, task)
        tx.record(event)
        if is_undoable:
            undo.remember_task(tx, event.kind, seen.task)
        return Changed(saved_alone, [])
    document = await stored.document_of(tx, seen.process, seen.task)
    settings = await organizations.settings_of(tx, tx.org)
    after: Process = await followed_up(tx, seen.process.with_tasks(task), seen.task, task, document, settings)
    moved = list(moves(seen.process, after, task, event.kind))
    by_rules = await _reacted(tx, after, seen.task, task, document, settings, means)
    after = by_rules.process
    saved = await guards.save_process(tx, seen.process, shown_to(after, mentions) if mentions else after)
    tx.record(event, *moved)
    await launching.save_reaction(tx, by_rules, means)
    if is_undoable:
        former = shown_to(seen.process, mentions) if mentions else seen.process
        undo.remember_process(tx, event.kind, task.id, former, saved, by_rules.rules_before)
    others = await reactions.changed_by_rules(tx, by_rules, seen.named)
    return Changed(SeenTask(saved.task(task.id), saved, seen.named), [], others)


async def _reacted(
    tx: WriteTx,
    process: Process,
    before: Task,
    task: Task,
    document: Template | None,
    settings: OrganizationSettings,
    means: Means,
) -> Reacted:
    """What rules make of a task that was completed or reopened; of a part that was done, nothing. Spec: A-5.1."""
    if task.step_id is None or document is None or before.is_completed == task.is_completed:
        return Reacted(process)
    occurrence = Occurrence("completed" if task.is_completed else "reopened", task.step_id)
    return await injecting.reacted(tx, process, document, settings, occurrence, means)


async def _comment(tx: WriteTx, seen: SeenTask, comment: str | None, *, hourly_limit: int) -> tuple[int, ...]:
    """Post the comment that came with a change; returns the members it mentions. Raises Invalid, TooManyRequests."""
    if comment is None or not comment.strip():
        return ()
    draft = Draft(content=stored_markup(comment))
    return (await write(tx, draft, place_of(seen), is_issue=False, hourly_limit=hourly_limit)).mentions


async def _tell_progress(tx: WriteTx, task: Task, by: Completer, people: frozenset[str]) -> None:
    """The bot's note on a part that was done. Spec: behaviour-work A3."""
    done, needed = len(people & task.parts.keys()), tasks.parts_needed(task, people)
    text = f"{await _name(tx, by)} completed their part: {done} of {needed} completed."
    await threads.add_bot_comment(tx, task.process, task.seq, escape(text, quote=False))


async def _name(tx: WriteTx, by: Completer) -> str:
    if by.member is not None:
        known = (await people.names(tx, [by.member])).get(by.member)
        return known.full_name if known else "A member"
    address = by.guest or ""
    guest = (await guests.by_emails(tx, [address])).get(address)
    name = " ".join(part for part in (guest.first_name, guest.last_name) if part) if guest else ""
    return name or address


async def reopen_task(tx: WriteTx, task_id: str, *, process_id: str | None, means: Means) -> Changed:
    """Open a completed task again. Raises as `complete_task`. Spec: api-tasks T12, T13, behaviour-work 5.6."""
    seen = await guards.locked_task(tx, task_id, process_id=process_id)
    if process_id is None and seen.process is not None:
        raise NotFound
    require(may_reopen_task(tx.actor, seen.named, seen.task), to="reopen this task")
    guards.require_changeable(seen.process)
    task = tasks.reopened(seen.task)
    return await save_outcome(tx, seen, task, happened("task.reopened", task.id, process=task.process), means)


async def comment_on_change(tx: WriteTx, seen: SeenTask, comment: str | None, *, hourly_limit: int) -> SeenTask:
    """Post the comment that came with hiding or showing a task the caller has changed. Raises as `complete_task`."""
    mentions = await _comment(tx, seen, comment, hourly_limit=hourly_limit)
    if not mentions or seen.process is None:
        return seen
    saved = await guards.save_process(tx, seen.process, shown_to(seen.process, mentions))
    return replace(seen, process=saved, task=saved.task(seen.task.id))
