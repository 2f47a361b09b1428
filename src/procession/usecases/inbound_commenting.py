"""An answer to mail about a task becomes a comment on it. Spec: behaviour-launching L-7.45, behaviour-work M11."""

from procession.domain.inbound_mails import InboundMail, comment_of, without_history
from procession.storage.threads import PlacedThread
from procession.storage.tx import WriteTx
from procession.usecases import thread_places, threads, upload_places, uploading
from procession.usecases.inbound_files import Stored, attached
from procession.usecases.means import Means
from procession.usecases.thread_writing import Draft


async def comment(
    tx: WriteTx, task_id: str, mail: InboundMail, stored: Stored, means: Means, *, hourly_limit: int
) -> PlacedThread:
    """Comment in the caller's name, with what came along. Raises as `threads.comment_on_task`."""
    place = upload_places.of_task(await thread_places.on_task(tx, task_id))
    kept = [await uploading.keep_for_comment(tx, each, place) for each in stored.received]
    text = without_history(mail.text)
    content = comment_of(text, [*attached(kept, text), *mail.left_out, *stored.notes])
    draft = Draft(content=content, files=tuple(each.id for each in kept))
    return await threads.comment_on_task(tx, task_id, draft, means=means, hourly_limit=hourly_limit)
