"""What processes remember of their rules. The process's row is locked by whoever reads here to change something."""

from msgspec import json
from sqlalchemy import and_, bindparam, select, update

from procession.domain.automations.state import RuleState
from procession.storage.query import Query
from procession.storage.tables.processes import rule_states
from procession.storage.tx import ReadTx, WriteTx

_R = rule_states.c

_find = Query(select(_R.state).where(_R.org == bindparam("org"), _R.process == bindparam("process")))
_save = Query(
    update(rule_states)
    .where(and_(_R.org == bindparam("org_is"), _R.process == bindparam("process_is")))
    .values(state=bindparam("new_state"))
)


async def find(tx: ReadTx, process: int) -> RuleState | None:
    """Of the process with this number; None until its rules have been asked for the first time."""
    stored = await tx.value(_find, process=process)
    return None if stored is None else json.decode(stored, type=RuleState)


async def save(tx: WriteTx, process: int, before: RuleState | None, after: RuleState) -> None:
    """Write what the process remembers now; it is stored already."""
    if before == after:
        return
    state = json.encode(after, order="deterministic").decode()
    if before is None:
        await tx.insert(rule_states, [{"process": process, "state": state}])
    else:
        await tx.run(_save, org_is=tx.org, process_is=process, new_state=state)
