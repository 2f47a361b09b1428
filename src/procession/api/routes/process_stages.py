"""Milestones of processes: operations of ours. Spec: api-processes 15."""

from typing import Any

from msgspec import UNSET

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.processes import RunStage, RunStageChange, RunStageListParams
from procession.api.contract.steps import StageBody
from procession.api.first import edited_process
from procession.api.lenient import read_object
from procession.api.operations import operation
from procession.api.routes.process_writes import RUN
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guards, process_stages
from procession.usecases.process_stages import Grouped

STAGES = RUN + "/stages"
STAGE = STAGES + "/{stage_id}"


def _shown(grouped: Grouped) -> RunStage:
    return RunStage(grouped.stage.id, grouped.stage.name, grouped.position, list(grouped.tasks))


@operation("GET", STAGES, tag="stages", etag=True)
async def list_process_stages(tx: ReadTx, call: Call, run_id: str, params: RunStageListParams) -> Paginated[RunStage]:
    """List a process's milestones in their order, with the ids of their tasks."""
    stages = [_shown(each) for each in await process_stages.grouped(tx, await guards.readable_process(tx, run_id))]
    if params.without_pagination:
        return Paginated(stages)
    page = call.page(params.page, params.per_page, params.limit)
    return call.paginated(stages[page.offset : page.offset + page.size], len(stages), page)


@operation("POST", STAGES, tag="stages", status=201, errors=(423,), documented_body=StageBody, first=edited_process)
async def create_process_stage(tx: WriteTx, call: Call, run_id: str, body: Any) -> Item[RunStage]:
    """Add a milestone to a process, last unless it names a position. Its template stays as it is."""
    given = read_object(StageBody, body, call.ignored)
    return Item(_shown(await process_stages.add_stage(tx, run_id, name=given.name, position=given.position)))


@operation(
    ("PUT", "PATCH"), STAGE, tag="stages", errors=(423,), documented_body=RunStageChange, first=process_stages.to_change
)
async def update_process_stage(tx: WriteTx, call: Call, run_id: str, stage_id: str, body: Any) -> Item[RunStage]:
    """Rename or move a milestone of a process; `tasks` are all the tasks that belong to it."""
    given = read_object(RunStageChange, body, call.ignored)
    changed = await process_stages.update_stage(
        tx,
        run_id,
        stage_id,
        name=None if given.name is UNSET else given.name,
        position=None if given.position is UNSET else given.position,
        tasks=None if given.tasks is UNSET else [each.lower() for each in given.tasks],
    )
    return Item(_shown(changed))


@operation("DELETE", STAGE, tag="stages", status=204, errors=(422, 423))
async def delete_process_stage(tx: WriteTx, run_id: str, stage_id: str) -> None:
    """Delete a milestone of a process; its tasks stay."""
    await process_stages.delete_stage(tx, run_id, stage_id)
