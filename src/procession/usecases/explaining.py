"""Why a task is visible or hidden, whose it is, and when it is due. Spec: A-12.4, api-tasks 22."""

from collections.abc import Sequence

from msgspec.structs import replace

from procession.domain.automations.explaining import Explanation, explain
from procession.domain.automations.state import FRESH
from procession.domain.errors import NotFound
from procession.domain.events import Logged, follower_of
from procession.domain.permissions import may_see_task
from procession.storage import followers, log, rule_states
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
    told = await _without_unknown_names(tx, happened, seen.named)
    return explain(seen.task, process, document, state or FRESH, told, titles=await titles_of(tx, visible))


async def _without_unknown_names(tx: ReadTx, happened: Sequence[Logged], named: frozenset[str]) -> list[Logged]:
    """What followed a task is called something only to those who know of it."""
    following = {key for each in happened if (key := follower_of(each.kind, each.payload)) is not None}
    unknown = following - await followers.known_of(tx, following, named)
    return [
        replace(each, payload={key: value for key, value in each.payload.items() if key != "called"})
        if follower_of(each.kind, each.payload) in unknown
        else each
        for each in happened
    ]
