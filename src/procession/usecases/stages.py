"""Milestones of a template. Spec: api-templates 7, T-5.20 to T-5.22."""

from collections.abc import Sequence

from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.names import clean_name
from procession.domain.stages import MAX_STAGE_NAME, Stage
from procession.domain.template_steps import with_stage, with_steps_in_stage, without_stage
from procession.domain.templates import Template, TemplateRow
from procession.storage.tx import WriteTx
from procession.usecases.template_access import save_document
from procession.usecases.template_checks import require_steps, required


async def add_stage(tx: WriteTx, row: TemplateRow, *, name: str, position: int | None) -> tuple[Template, Stage]:
    """Last unless a position says otherwise. Raises Invalid."""
    require_steps(row)
    stage = Stage(tx.new_id(), checked_name(name))
    saved = await save_document(tx, row, with_stage(row.document, stage, position))
    tx.record(happened("stage.created", stage.id, template=row.id, name=stage.name))
    return saved.document, stage


async def update_stage(
    tx: WriteTx,
    row: TemplateRow,
    stage_id: str,
    *,
    name: str | None,
    position: int | None,
    steps: Sequence[str] | None,
) -> tuple[Template, Stage]:
    """None leaves a value as it is; `steps` are all that belong to the stage. Raises NotFound, Invalid."""
    stage = row.document.stage(stage_id)
    if stage is None:
        raise NotFound
    stage = Stage(stage.id, stage.name if name is None else checked_name(name))
    document = with_stage(row.document, stage, position)
    if steps is not None:
        document = with_steps_in_stage(document, stage_id, steps)
    saved = await save_document(tx, row, document)
    if saved != row:
        tx.record(happened("stage.updated", stage_id, template=row.id, name=stage.name))
    return saved.document, stage


async def delete_stage(tx: WriteTx, row: TemplateRow, stage_id: str) -> None:
    """Raises NotFound."""
    stage = row.document.stage(stage_id)
    if stage is None:
        raise NotFound
    await save_document(tx, row, without_stage(row.document, stage_id))
    tx.record(happened("stage.deleted", stage_id, template=row.id, name=stage.name))


def checked_name(sent: str) -> str:
    name = clean_name(sent)
    if not name:
        raise Invalid({"name": [required("name")]})
    if len(name) > MAX_STAGE_NAME:
        raise Invalid({"name": [f"The name may not be greater than {MAX_STAGE_NAME} characters."]})
    return name
