"""An answer to mail about a task becomes a comment on it. Spec: behaviour-launching L-7.45, behaviour-work M11."""

from procession.domain.errors import DomainError, Invalid, NotFound
from procession.domain.files import File
from procession.domain.inbound_mails import InboundMail, comment_of, without_history
from procession.storage.threads import PlacedThread
from procession.storage.tx import WriteTx
from procession.usecases import guards, threads, uploading
from procession.usecases.inbound_files import Stored
from procession.usecases.inbound_launching import attached
from procession.usecases.means import Means
from procession.usecases.thread_writing import Draft

NOT_KEPT = "The attachments were not kept: {}"


async def comment(
    tx: WriteTx, task_id: str, mail: InboundMail, stored: Stored, means: Means, *, hourly_limit: int
) -> PlacedThread:
    """Comment in the caller's name; what came with it is attached to the task, where they may do that.

    Raises as `threads.comment_on_task`.
    """
    seen = await guards.locked_task(tx, task_id)
    if tx.actor.kind == "guest" and seen.task.is_hidden:
        raise NotFound
    notes = [*mail.left_out, *stored.notes]
    kept: list[File] = []
    try:
        kept = [await uploading.keep_on_task(tx, each, seen) for each in stored.received]
    except Invalid:
        raise
    except DomainError as refusal:  # of the first, before anything was written
        notes.append(NOT_KEPT.format(refusal.message))
    content = comment_of(without_history(mail.text), [*([attached(kept)] if kept else []), *notes])
    return await threads.comment_on_task(tx, task_id, Draft(content=content), means=means, hourly_limit=hourly_limit)
