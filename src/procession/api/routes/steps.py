"""Steps of templates. Spec: api-templates 4."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item, Many, Paginated
from procession.api.contract.steps import (
    Step,
    StepBody,
    StepChange,
    StepCopyBody,
    StepListParams,
    StepParams,
    StepPosition,
)
from procession.api.contract.templates import Empty
from procession.api.lenient import read_object
from procession.api.operations import operation
from procession.api.present.steps import present_step, present_steps, present_tags
from procession.api.present.template_includes import wanted
from procession.api.routes.templates import TEMPLATE
from procession.api.template_bodies import lone_position, read_position, read_step
from procession.domain.loose import as_object
from procession.storage import template_links
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import steps as usecases
from procession.usecases.steps import find_step
from procession.usecases.template_access import editable, readable

STEPS = TEMPLATE + "/steps"
STEP = STEPS + "/{step_id}"
OFFERED = frozenset({"tags", "captures", "assignees", "guests", "groups", "roles"})


@operation("GET", STEPS, tag="steps", etag=True)
async def list_steps(tx: ReadTx, call: Call, checklist_id: str, params: StepListParams) -> Paginated[Step]:
    """List a template's steps in their order, with their form fields."""
    names = wanted(call, params.with_, OFFERED)
    row = (await readable(tx, checklist_id)).template
    steps = present_steps(row.id, row.document)
    if params.without_pagination:
        return Paginated(await _with_tags(tx, steps, names))
    page = call.page(params.page, params.per_page, params.limit)
    shown = await _with_tags(tx, steps[page.offset : page.offset + page.size], names)
    return call.paginated(shown, len(steps), page)


async def _with_tags(tx: ReadTx, steps: list[Step], names: frozenset[str]) -> list[Step]:
    if "tags" in names:
        tags = await template_links.tags_of_steps(tx, [step.id for step in steps])
        for step in steps:
            step.tags = Many(present_tags(tags[step.id]))
    return steps


@operation("GET", STEP, tag="steps", etag=True)
async def get_step(tx: ReadTx, call: Call, checklist_id: str, step_id: str, params: StepParams) -> Item[Step]:
    """Read one step."""
    names = wanted(call, params.with_, OFFERED)
    row = (await readable(tx, checklist_id)).template
    find_step(row.document, step_id)
    [shown] = await _with_tags(tx, [present_step(row.id, row.document, step_id)], names)
    return Item(shown)


@operation("POST", STEPS, tag="steps", status=201, documented_body=StepBody)
async def create_step(tx: WriteTx, call: Call, checklist_id: str, body: Any) -> Item[Step]:
    """Add a step at the end."""
    row = await editable(tx, checklist_id)
    saved, step = await usecases.add_step(tx, row, read_step(StepBody, body, call.ignored))
    return Item(present_step(row.id, saved.document, step.id))


@operation(("PUT", "PATCH"), STEP, tag="steps", documented_body=StepChange)
async def update_step(tx: WriteTx, call: Call, checklist_id: str, step_id: str, body: Any) -> Item[Step]:
    """Change a step: the title every time, what is not sent stays. `{"position": N}` alone moves it."""
    row = await editable(tx, checklist_id)
    find_step(row.document, step_id)
    position = lone_position(body)
    if position is not None:
        saved, _ = await usecases.move_step(tx, row, step_id, position)
    else:
        saved, _ = await usecases.update_step(tx, row, step_id, read_step(StepChange, body, call.ignored))
    return Item(present_step(row.id, saved.document, step_id))


@operation("PUT", STEP + "/reorder", tag="steps", documented_body=StepPosition)
async def reorder_step(tx: WriteTx, call: Call, checklist_id: str, step_id: str, body: Any) -> Item[Step]:
    """Move a step to a position, counted from 1; others shift."""
    row = await editable(tx, checklist_id)
    find_step(row.document, step_id)
    saved, _ = await usecases.move_step(tx, row, step_id, read_position(as_object(body) or {}))
    call.ignore_unread(body, StepPosition)
    return Item(present_step(row.id, saved.document, step_id))


@operation("DELETE", STEP, tag="steps", errors=(422,))
async def delete_step(tx: WriteTx, checklist_id: str, step_id: str) -> Empty:
    """Delete a step for good, unless another step's deadline counts from it."""
    await usecases.delete_step(tx, await editable(tx, checklist_id), step_id)
    return Empty()


@operation("POST", STEP + "/clone", tag="steps", status=201, documented_body=StepCopyBody)
async def clone_step(tx: WriteTx, call: Call, checklist_id: str, step_id: str, body: Any) -> Item[Step]:
    """Copy a step; the copy follows the original."""
    row = await editable(tx, checklist_id)
    find_step(row.document, step_id)
    given = read_object(StepCopyBody, body, call.ignored)
    saved, copy = await usecases.clone_step(tx, row, step_id, title=given.title)
    return Item(present_step(row.id, saved.document, copy.id))
