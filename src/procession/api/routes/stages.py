"""Milestones of templates. Spec: api-templates 7."""

from typing import Any

from msgspec import UNSET

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.steps import Milestone, StageBody, StageChange, StepListParams
from procession.api.lenient import read_object
from procession.api.operations import operation
from procession.api.present.steps import present_stages
from procession.api.routes.templates import TEMPLATE
from procession.domain.errors import NotFound
from procession.domain.stages import Stage
from procession.domain.templates import Template
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import stages as usecases
from procession.usecases.template_access import editable, readable

STAGES = TEMPLATE + "/stages"
STAGE = STAGES + "/{stage_id}"


def _shown(document: Template, stage: Stage) -> Milestone:
    return next(each for each in present_stages(document) if each.id == stage.id)


@operation("GET", STAGES, tag="stages", etag=True)
async def list_stages(tx: ReadTx, call: Call, checklist_id: str, params: StepListParams) -> Paginated[Milestone]:
    """List a template's milestones in their order, with the ids of their steps."""
    stages = present_stages((await readable(tx, checklist_id)).template.document)
    if params.without_pagination:
        return Paginated(stages)
    page = call.page(params.page, params.per_page, params.limit)
    return call.paginated(stages[page.offset : page.offset + page.size], len(stages), page)


@operation("POST", STAGES, tag="stages", status=201, documented_body=StageBody)
async def create_stage(tx: WriteTx, call: Call, checklist_id: str, body: Any) -> Item[Milestone]:
    """Add a milestone, last unless it names a position."""
    row = await editable(tx, checklist_id)
    given = read_object(StageBody, body, call.ignored)
    return Item(_shown(*await usecases.add_stage(tx, row, name=given.name, position=given.position)))


@operation(("PUT", "PATCH"), STAGE, tag="stages", documented_body=StageChange)
async def update_stage(tx: WriteTx, call: Call, checklist_id: str, stage_id: str, body: Any) -> Item[Milestone]:
    """Rename or move a milestone; `steps` are all the steps that belong to it."""
    row = await editable(tx, checklist_id)
    if row.document.stage(stage_id) is None:
        raise NotFound
    given = read_object(StageChange, body, call.ignored)
    changed = await usecases.update_stage(
        tx,
        row,
        stage_id,
        name=None if given.name is UNSET else given.name,
        position=None if given.position is UNSET else given.position,
        steps=None if given.steps is UNSET else [each.lower() for each in given.steps],
    )
    return Item(_shown(*changed))


@operation("DELETE", STAGE, tag="stages", status=204, errors=(422,))
async def delete_stage(tx: WriteTx, checklist_id: str, stage_id: str) -> None:
    """Delete a milestone; its steps stay."""
    await usecases.delete_stage(tx, await editable(tx, checklist_id), stage_id)
