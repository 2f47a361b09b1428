"""Comments and issues on processes as a whole. Spec: api-processes 11."""

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.threads import CommentBody, ProblemBody, ResolveBody, ThreadOut
from procession.api.first import live_process
from procession.api.operations import operation
from procession.api.present.threads import draft_of, present_thread
from procession.storage.tx import WriteTx
from procession.usecases import going_on, process_threads
from procession.usecases.thread_writing import Draft

RUN = "/organizations/{org_id}/runs/{run_id}"


@operation("POST", RUN + "/comment", tag="processes", status=201, first=live_process)
async def comment_on_process(tx: WriteTx, call: Call, run_id: str, body: CommentBody) -> Item[ThreadOut]:
    """Comment on a process; whatever the label, its status stays."""
    draft = draft_of(body)
    limit = call.settings.comments_per_hour
    written = await process_threads.comment_on_process(tx, run_id, draft, hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation("POST", RUN + "/problem", tag="processes", status=201, first=live_process)
async def report_issue(tx: WriteTx, call: Call, run_id: str, body: ProblemBody) -> Item[ThreadOut]:
    """Open an issue: the process and its tasks are locked until it is resolved."""
    draft = Draft(content=body.content, files=body.files)
    limit = call.settings.comments_per_hour
    written = await process_threads.report_issue(tx, run_id, draft, hourly_limit=limit)
    return Item(await present_thread(tx, written))


@operation("POST", RUN + "/resolved-threads", tag="processes", first=live_process)
async def resolve_issue(tx: WriteTx, call: Call, run_id: str, body: ResolveBody) -> Item[ThreadOut]:
    """Resolve one open issue of the process; the answer is the comment that says how."""
    draft = Draft(content=body.content, state=body.state, files=body.files)
    limit = call.settings.comments_per_hour
    resolved = await going_on.resolve_issue(tx, run_id, body.thread_id, draft, call.means, hourly_limit=limit)
    return Item(await present_thread(tx, resolved))
