"""Comments and problems on tasks. Spec: api-tasks 14, 16."""

from typing import TypeVar

from msgspec import UnsetType
from msgspec.structs import replace

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.threads import (
    BotCommentBody,
    CommentBody,
    CommentChange,
    GuestCommentBody,
    GuestCommentChange,
    ProblemBody,
    ResolveBody,
    ThreadOut,
    ids_of,
)
from procession.api.first import comment_of_guest, live_task, live_task_of_guest
from procession.api.operations import operation
from procession.api.present.threads import draft_of, present_thread
from procession.storage.tx import WriteTx
from procession.usecases import threads
from procession.usecases.thread_writing import Draft
from procession.usecases.threads import Change

T = TypeVar("T")

TASK = "/organizations/{org_id}/tasks/{task_id}"
GUESTS_TASK = "/organizations/{org_id}/guests/{guest}/tasks/{task_id}"
COMMENT = TASK + "/comment/{comment_id}"
REACTION = COMMENT + "/reactions/{emoji}"


@operation("POST", TASK + "/comment", tag="comments", status=201, errors=(423,), first=live_task)
async def comment_on_task(tx: WriteTx, call: Call, task_id: str, body: CommentBody) -> Item[ThreadOut]:
    """Comment on a task. Mentioned members see the task's process from then on; `+address@domain` makes the guest with
    this address an assignee.
    """
    draft = draft_of(body)
    limit = call.settings.comments_per_hour
    written = await threads.comment_on_task(tx, task_id, draft, means=call.means, hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation(["PUT", "PATCH"], COMMENT, tag="comments", errors=(423,), first=threads.to_change)
async def update_comment(
    tx: WriteTx, call: Call, task_id: str, comment_id: str, body: CommentChange
) -> Item[ThreadOut]:
    """Change a comment; its author and administrators may."""
    change = replace(_change(body), state=_sent(body.state))
    changed = await threads.change_comment(tx, task_id, comment_id, change, means=call.means)
    return Item(await present_thread(tx, changed))


def _change(body: GuestCommentChange) -> Change:
    files = None if isinstance(body.assets, UnsetType) else ids_of(body.assets)
    return Change(content=_sent(body.content), label=_sent(body.label), files=files)


def _sent(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


@operation("DELETE", COMMENT, tag="comments", status=204, errors=(422,))
async def delete_comment(tx: WriteTx, call: Call, task_id: str, comment_id: str) -> None:
    """Delete a comment for good; its author and administrators may."""
    await threads.delete_comment(tx, task_id, comment_id, means=call.means)


@operation("POST", TASK + "/problem", tag="comments", status=201, errors=(423,), first=live_task)
async def report_problem(tx: WriteTx, call: Call, task_id: str, body: ProblemBody) -> Item[ThreadOut]:
    """Report a problem: the task cannot be completed until it is resolved, a completed one reopens."""
    draft = Draft(content=body.content, label="problem", files=body.files)
    limit = call.settings.comments_per_hour
    written = await threads.comment_on_task(tx, task_id, draft, means=call.means, hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation("POST", TASK + "/resolved-threads", tag="comments", first=live_task)
async def resolve_problem(tx: WriteTx, call: Call, task_id: str, body: ResolveBody) -> Item[ThreadOut]:
    """Resolve one open problem of the task; the answer is the comment that says how."""
    draft = Draft(content=body.content, state=body.state, files=body.files)
    limit = call.settings.comments_per_hour
    resolved = await threads.resolve_problem(tx, task_id, body.thread_id, draft, means=call.means, hourly_limit=limit)
    return Item(await present_thread(tx, resolved))


@operation("POST", TASK + "/bot-comment", tag="comments", status=201, first=live_task)
async def comment_as_bot(tx: WriteTx, task_id: str, body: BotCommentBody) -> Item[ThreadOut]:
    """Comment in the bot's name: nobody is notified, no limit counts it."""
    return Item(await present_thread(tx, await threads.comment_as_bot(tx, task_id, body.content)))


@operation("PUT", REACTION, tag="comments", errors=(422,))
async def add_reaction(tx: WriteTx, task_id: str, comment_id: str, emoji: str) -> Item[ThreadOut]:
    """Put an emoji on a comment; again changes nothing."""
    return Item(await present_thread(tx, await threads.react(tx, task_id, comment_id, emoji)))


@operation("DELETE", REACTION, tag="comments", errors=(422,))
async def remove_reaction(tx: WriteTx, task_id: str, comment_id: str, emoji: str) -> Item[ThreadOut]:
    """Take one's own emoji off a comment."""
    return Item(await present_thread(tx, await threads.take_reaction_back(tx, task_id, comment_id, emoji)))


@operation(
    "POST",
    GUESTS_TASK + "/comment",
    tag="guest tasks",
    auth="guest",
    status=201,
    errors=(423,),
    first=live_task_of_guest,
)
async def comment_as_guest(tx: WriteTx, call: Call, task_id: str, body: GuestCommentBody) -> Item[ThreadOut]:
    """Comment on one's own task as the guest whose link this is; labelled `problem` it reports a problem."""
    draft = Draft(content=body.content, label=body.label or "comment", files=body.files)
    limit = call.settings.comments_per_hour
    written = await threads.comment_as_guest(tx, task_id, draft, means=call.means, hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation(
    ["PUT", "PATCH"],
    GUESTS_TASK + "/comment/{comment_id}",
    tag="guest tasks",
    auth="guest",
    errors=(423,),
    first=comment_of_guest,
)
async def update_comment_as_guest(
    tx: WriteTx, call: Call, task_id: str, comment_id: str, body: GuestCommentChange
) -> Item[ThreadOut]:
    """Change a comment of one's own as the guest whose link this is."""
    changed = await threads.change_comment_as_guest(tx, task_id, comment_id, _change(body), means=call.means)
    return Item(await present_thread(tx, changed))


@operation(
    "DELETE",
    GUESTS_TASK + "/comment/{comment_id}",
    tag="guest tasks",
    auth="guest",
    status=204,
    errors=(422,),
)
async def delete_comment_as_guest(tx: WriteTx, call: Call, task_id: str, comment_id: str) -> None:
    """Delete a comment of one's own for good."""
    await threads.delete_comment_as_guest(tx, task_id, comment_id, means=call.means)
