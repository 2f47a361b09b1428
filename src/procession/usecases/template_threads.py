"""Comments and problems on templates and their steps: notes for their editors, which hold nothing up.

Spec: api-templates T13, T13a; behaviour-work V1, V2.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from procession.domain.errors import Invalid, NotFound
from procession.domain.template_comments import CommentMark, StepComments
from procession.domain.template_permissions import require_edit
from procession.domain.templates import Template
from procession.domain.threads import Thread, thread_event
from procession.storage import template_comments, templates, thread_selections, threads
from procession.storage.template_comments import MarkedThread
from procession.storage.threads import PlacedThread
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import thread_files
from procession.usecases.guards import SeenTask
from procession.usecases.template_access import Opened, found
from procession.usecases.thread_places import Place, on_template
from procession.usecases.thread_writing import Draft, resolve, write

NO_COMMENT = "There is no such comment on this template."


async def comment_on_template(tx: WriteTx, template_id: str, draft: Draft, *, hourly_limit: int) -> PlacedThread:
    """Write a comment; one labelled "problem" reports a problem.

    Raises NotFound, NotAllowed (without READ), WrongState (archived), Invalid, TooManyRequests.
    """
    place = await _writable(tx, template_id)
    thread = await write(tx, draft, place, is_issue=draft.label == "problem", hourly_limit=hourly_limit)
    return place.shown(thread)


async def report_problem(tx: WriteTx, template_id: str, draft: Draft, *, hourly_limit: int) -> PlacedThread:
    """Raises as `comment_on_template`."""
    return await comment_on_template(tx, template_id, replace(draft, label="problem"), hourly_limit=hourly_limit)


async def resolve_problem(
    tx: WriteTx, template_id: str, thread_id: str, draft: Draft, *, hourly_limit: int
) -> PlacedThread:
    """Resolve one open problem of the template; returns the explanation. Raises as `comment_on_template`."""
    place = await _writable(tx, template_id)
    explanation, _, _ = await resolve(tx, draft, place, thread_id, hourly_limit=hourly_limit)
    return place.shown(explanation)


async def comment_on_step(
    tx: WriteTx, template_id: str, step_id: str | None, draft: Draft, *, reply_to: str | None, hourly_limit: int
) -> MarkedThread:
    """Write a comment on a step, or an answer to a comment (`reply_to`), which stands where that one does.

    Raises as `comment_on_template`, NotFound also without such a step.
    """
    opened = await commentable(tx, template_id, step_id)
    if reply_to is not None:
        answered = await template_comments.find(tx, opened.template.id, reply_to.lower())
        if answered is None:
            raise Invalid({"reply_to": [NO_COMMENT]})
        reply_to, step_id = answered.thread.id, answered.mark.step_id
    place = Place(template_id=opened.template.id, step_id=step_id)
    thread = await write(tx, draft, place, is_issue=draft.label == "problem", hourly_limit=hourly_limit)
    mark = CommentMark(thread=thread.no, template_id=opened.template.id, step_id=step_id, reply_to=reply_to)
    await template_comments.save(tx, mark)
    return MarkedThread(thread, mark)


async def mark_comment(
    tx: WriteTx, template_id: str, thread_id: str, *, is_read: bool | None, is_hidden: bool | None
) -> MarkedThread:
    """Mark a comment as read or hide it from all but editors, or take that back. Raises NotFound, NotAllowed.

    Spec: V2, behaviour-people 3.1.
    """
    before = await to_mark(tx, template_id, thread_id)
    mark = replace(
        before.mark,
        is_read=before.mark.is_read if is_read is None else is_read,
        is_hidden=before.mark.is_hidden if is_hidden is None else is_hidden,
    )
    if mark != before.mark:
        await template_comments.save(tx, mark)
        marks = {"read": mark.is_read, "hidden": mark.is_hidden}
        tx.record(thread_event("thread.marked", before.thread, process=None, step=mark.step_id, **marks))
    return MarkedThread(before.thread, mark)


async def to_mark(tx: WriteTx, template_id: str, thread_id: str) -> MarkedThread:
    """The comment, for an editor of the locked template. Raises NotFound, NotAllowed."""
    opened = await found(tx, template_id)
    require_edit(opened.standing)
    before = await template_comments.find(tx, opened.template.id, thread_id)
    if before is None:
        raise NotFound
    return before


async def copy_improvement(tx: WriteTx, seen: SeenTask, thread: Thread) -> None:
    """An improvement suggested on a task is one of the step it was made from, as long as that is there. Spec: V1."""
    step_id, process = seen.task.step_id, seen.process
    if thread.label != "improvement" or step_id is None or process is None:
        return
    row = await templates.hold(tx, process.template_id)
    if row is None or row.is_archived or row.document.step(step_id) is None:
        return
    if await template_comments.is_copied(tx, thread.id):
        return
    copy = replace(
        thread,
        no=await threads.next_number(tx),
        id=tx.new_id(),
        task=None,
        template_id=row.id,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await threads.add(tx, copy)
    for text in (await thread_selections.of_threads(tx, [thread.no])).values():
        await thread_selections.add(tx, copy.no, text)
    await thread_files.share(tx, thread, copy)
    mark = CommentMark(thread=copy.no, template_id=row.id, step_id=step_id, source_id=thread.id)
    await template_comments.save(tx, mark)
    # Whoever is mentioned learns of it where it was written.
    tx.record(thread_event("thread.added", copy, process=None, step=step_id, source=thread.id, mentions=[]))


async def comment_counts(tx: ReadTx, document: Template, template_id: str) -> list[tuple[str | None, StepComments]]:
    """(title, how many) of the template itself and of every step, in order, then of steps that are gone. Spec: V2."""
    counted: Mapping[str | None, StepComments] = await template_comments.counts(tx, template_id)
    steps = {step.id: step.title for step in document.steps}
    gone = sorted(step for step in counted if step is not None and step not in steps)
    order: list[str | None] = [None, *steps, *gone]
    return [(steps.get(each or ""), counted.get(each, StepComments(each, 0, 0, 0))) for each in order]


async def _writable(tx: WriteTx, template_id: str) -> Place:
    return Place(template_id=(await commentable(tx, template_id)).template.id)


async def commentable(tx: WriteTx, template_id: str, step_id: str | None = None) -> Opened:
    """The locked template (with this step), as `thread_places.on_template`. Raises NotFound, NotAllowed, WrongState."""
    opened = await on_template(tx, template_id)
    if step_id is not None and opened.template.document.step(step_id) is None:
        raise NotFound
    return opened
