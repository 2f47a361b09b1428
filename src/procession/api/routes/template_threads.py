"""Comments and problems on templates. Spec: api-templates T13, api-tasks 14."""

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.threads import CommentBody, ProblemBody, ResolveBody, ThreadOut
from procession.api.operations import operation
from procession.api.present.threads import present_thread
from procession.api.routes.templates import TEMPLATE
from procession.storage.tx import WriteTx
from procession.usecases import template_threads
from procession.usecases.thread_writing import Draft


@operation("POST", TEMPLATE + "/comment", tag="templates", status=201)
async def comment_on_template(tx: WriteTx, call: Call, checklist_id: str, body: CommentBody) -> Item[ThreadOut]:
    """Comment on a template; one labelled `problem` reports a problem."""
    draft = Draft(content=body.content, state=body.state, label=body.label or "comment")
    limit = call.settings.comments_per_hour
    written = await template_threads.comment_on_template(tx, checklist_id, draft, hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation("POST", TEMPLATE + "/problem", tag="templates", status=201)
async def report_template_problem(tx: WriteTx, call: Call, checklist_id: str, body: ProblemBody) -> Item[ThreadOut]:
    """Report a problem with a template; launching goes on."""
    limit = call.settings.comments_per_hour
    written = await template_threads.report_problem(tx, checklist_id, Draft(content=body.content), hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation("POST", TEMPLATE + "/resolved-threads", tag="templates")
async def resolve_template_problem(tx: WriteTx, call: Call, checklist_id: str, body: ResolveBody) -> Item[ThreadOut]:
    """Resolve one open problem of the template; the answer is the comment that says how."""
    draft = Draft(content=body.content, state=body.state)
    limit = call.settings.comments_per_hour
    resolved = await template_threads.resolve_problem(tx, checklist_id, body.thread_id, draft, hourly_limit=limit)
    return Item(await present_thread(tx, resolved))
