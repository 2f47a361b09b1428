"""Comments and problems on templates and their steps. Spec: api-templates T13, T13a; api-tasks 14."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from procession.api.call import Call
from procession.api.contract.envelope import Item, Many, Paginated
from procession.api.contract.threads import (
    CommentBody,
    CommentCounts,
    CommentMarks,
    ProblemBody,
    ResolveBody,
    TemplateCommentBody,
    TemplateThread,
    TemplateThreadListParams,
    ThreadOut,
)
from procession.api.lists import MAX_OFFSET, answered, asked_page
from procession.api.operations import operation
from procession.api.present.threads import draft_of, present_thread, present_threads
from procession.api.routes.templates import TEMPLATE
from procession.domain.template_permissions import may_edit
from procession.storage import template_comments
from procession.storage.template_comments import MarkedThread, Shape
from procession.storage.threads import PlacedThread
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import template_threads
from procession.usecases.template_access import readable
from procession.usecases.thread_writing import Draft

COMMENTS = TEMPLATE + "/comments"
COMMENT = COMMENTS + "/{comment_id}"
OF_TEMPLATE = "none"


@operation("GET", COMMENTS, tag="templates", etag=True)
async def list_template_comments(
    tx: ReadTx, call: Call, checklist_id: str, params: TemplateThreadListParams
) -> Paginated[TemplateThread]:
    """List the comments on a template and its steps, the oldest first; hidden ones for editors who ask for them."""
    opened = await readable(tx, checklist_id)
    asked, page = asked_page(call, params, sorts=("created_at",), default_sort="created_at")
    wants_hidden = params.hidden is True and may_edit(opened.standing)
    if params.hidden is True and not wants_hidden:
        call.ignore("hidden")
    shape = Shape(
        step=params.step_id not in (None, OF_TEMPLATE),
        whole=params.step_id == OF_TEMPLATE,
        label=params.label is not None,
        unread=params.unread is True,
        hidden=wants_hidden,
    )
    rows, total = await template_comments.list_page(
        tx,
        opened.template.id,
        shape,
        step_id=None if params.step_id is None else params.step_id.lower(),
        label=params.label,
        limit=MAX_OFFSET if asked.limit is None else asked.limit,
        offset=asked.offset,
    )
    return answered(call, await _shown(tx, rows), total, page)


@operation("GET", COMMENTS + "/counts", tag="templates", etag=True)
async def count_template_comments(tx: ReadTx, checklist_id: str) -> Many[CommentCounts]:
    """How many comments, improvements and unread improvements there are, by step."""
    template = (await readable(tx, checklist_id)).template
    counted = await template_threads.comment_counts(tx, template.document, template.id)
    return Many([CommentCounts(title=title, **msgspec.structs.asdict(each)) for title, each in counted])


@operation(
    "POST", TEMPLATE + "/steps/{step_id}/comment", tag="templates", status=201, first=template_threads.commentable
)
async def comment_on_step(
    tx: WriteTx, call: Call, checklist_id: str, step_id: str, body: TemplateCommentBody
) -> Item[TemplateThread]:
    """Comment on a step, or suggest an improvement of it."""
    limit = call.settings.comments_per_hour
    written = await template_threads.comment_on_step(
        tx, checklist_id, step_id, draft_of(body), reply_to=body.reply_to, hourly_limit=limit
    )
    [shown] = await _shown(tx, [written])
    return Item(shown)


@operation(("PUT", "PATCH"), COMMENT, tag="templates", first=template_threads.to_mark)
async def mark_template_comment(
    tx: WriteTx, checklist_id: str, comment_id: str, body: CommentMarks
) -> Item[TemplateThread]:
    """Mark a comment as read, or hide it; editors only."""
    marked = await template_threads.mark_comment(
        tx,
        checklist_id,
        comment_id,
        is_read=None if body.is_read is UNSET else body.is_read,
        is_hidden=None if body.is_hidden is UNSET else body.is_hidden,
    )
    [shown] = await _shown(tx, [marked])
    return Item(shown)


async def _shown(tx: ReadTx, rows: Sequence[MarkedThread]) -> list[TemplateThread]:
    plain = await present_threads(tx, [PlacedThread(row.thread) for row in rows])
    return [
        TemplateThread(
            **msgspec.structs.asdict(out),
            step_id=row.mark.step_id,
            is_read=row.mark.is_read,
            is_hidden=row.mark.is_hidden,
            source_id=row.mark.source_id,
            reply_to=row.mark.reply_to,
        )
        for row, out in zip(rows, plain, strict=True)
    ]


@operation("POST", TEMPLATE + "/comment", tag="templates", status=201, first=template_threads.commentable)
async def comment_on_template(tx: WriteTx, call: Call, checklist_id: str, body: CommentBody) -> Item[ThreadOut]:
    """Comment on a template; one labelled `problem` reports a problem."""
    draft = draft_of(body)
    limit = call.settings.comments_per_hour
    written = await template_threads.comment_on_template(tx, checklist_id, draft, hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation("POST", TEMPLATE + "/problem", tag="templates", status=201, first=template_threads.commentable)
async def report_template_problem(tx: WriteTx, call: Call, checklist_id: str, body: ProblemBody) -> Item[ThreadOut]:
    """Report a problem with a template; launching goes on."""
    limit = call.settings.comments_per_hour
    written = await template_threads.report_problem(
        tx, checklist_id, Draft(content=body.content, files=body.files), hourly_limit=limit
    )
    return Item(await present_thread(tx, written))


@operation("POST", TEMPLATE + "/resolved-threads", tag="templates", first=template_threads.commentable)
async def resolve_template_problem(tx: WriteTx, call: Call, checklist_id: str, body: ResolveBody) -> Item[ThreadOut]:
    """Resolve one open problem of the template; the answer is the comment that says how."""
    draft = Draft(content=body.content, state=body.state, files=body.files)
    limit = call.settings.comments_per_hour
    resolved = await template_threads.resolve_problem(tx, checklist_id, body.thread_id, draft, hourly_limit=limit)
    return Item(await present_thread(tx, resolved))
