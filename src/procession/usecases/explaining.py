"""Why a task is visible or hidden, whose it is, and when it is due. Spec: A-12.4, api-tasks 22."""

from procession.domain.automations.explaining import Explanation, explain
from procession.domain.automations.state import FRESH
from procession.domain.errors import NotFound
from procession.domain.permissions import may_see_task
from procession.storage import log, rule_states
from procession.storage import tasks as stored
from procession.storage.tx import ReadTx
from procession.usecases import guards
from procession.usecases.task_texts import titles_of


async def explain_task(tx: ReadTx, process_id: str, task_id: str) -> Explanation:
    """Raises NotFound. Tasks that the caller may not see are causes without a name."""
    seen = await guards.readable_task(tx, task_id, process_id=process_id)
    process, document = seen.process, await stored.document_of(tx, seen.process, seen.task)
    if process is None or document is None:
        raise NotFound
    state = await rule_states.find(tx, process.seq) if document.rules else None
    visible = [task for task in process.tasks if may_see_task(tx.actor, seen.named, task, process)]
    happened = await log.of_process(tx.connection, tx.org, process.seq)
    return explain(seen.task, process, document, state or FRESH, happened, titles=await titles_of(tx, visible))
