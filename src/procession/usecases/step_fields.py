"""Form fields of steps. Spec: api-templates 5, 6, behaviour-templates 11."""

from msgspec.structs import replace

from procession.domain.definitions import MAX_POSITION, read_definition
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import Event, happened
from procession.domain.fields import Field
from procession.domain.template_copying import field_aliases
from procession.domain.template_steps import require_unused, with_field, with_field_at, with_step, without_field
from procession.domain.templates import Step, Template, TemplateRow
from procession.storage.tx import WriteTx
from procession.usecases.lookup_lists import fed_alone
from procession.usecases.steps import find_step
from procession.usecases.template_access import save_document, told_changes
from procession.usecases.template_checks import require_sound


def find_field(step: Step, field_id: str) -> Field:
    """Raises NotFound."""
    field = step.field(field_id)
    if field is None:
        raise NotFound
    return field


async def add_field(tx: WriteTx, row: TemplateRow, step_id: str, sent: object) -> Field:
    """A new field from a sent definition, at the end unless it names a position. Raises NotFound, Invalid."""
    step = find_step(row.document, step_id)
    field = read_definition(
        await fed_alone(tx, sent),
        path="",
        new_id=tx.new_id,
        now=tx.now,
        taken_aliases=field_aliases(row.document),
        next_position=len(step.fields) + 1,
    )
    document = _with(row.document, with_field(step, field), tx.now)
    require_sound(document, {"": field.id})
    saved = await save_document(tx, row, document)
    tx.record(happened("field.created", field.id, template=row.id, step=step_id, label=field.label))
    return find_field(find_step(saved.document, step_id), field.id)


async def update_field(tx: WriteTx, row: TemplateRow, step_id: str, field_id: str, sent: object) -> Field:
    """The whole definition is validated again; id and alias stay. Raises NotFound, Invalid. Spec: F2."""
    step = find_step(row.document, step_id)
    existing = find_field(step, field_id)
    sent = await fed_alone(tx, sent, existing)
    field = read_definition(sent, path="", new_id=tx.new_id, now=tx.now, existing=existing)
    changed = with_field(step, field)
    require_sound(_with(row.document, changed, tx.now), {"": field.id})
    saved = await save_document(tx, row, _with(row.document, changed, tx.now))
    if saved == row:
        return existing
    changes = await told_changes(tx, row.document, with_step(row.document, changed))
    tx.record(happened("field.updated", field.id, template=row.id, step=step_id, label=field.label, changes=changes))
    return find_field(find_step(saved.document, step_id), field.id)


async def delete_field(tx: WriteTx, row: TemplateRow, step_id: str, field_id: str) -> None:
    """Raises NotFound, NotAllowed while a rule uses it. Answers in processes stay. Spec: F3, T-10.4, T-11.30."""
    step = find_step(row.document, step_id)
    field = find_field(step, field_id)
    require_unused(row.document, frozenset({field_id}), what="This field")
    await _save_step(tx, row, without_field(step, field_id))
    tx.record(happened("field.deleted", field_id, template=row.id, step=step_id, label=field.label))


async def reorder_field(tx: WriteTx, row: TemplateRow, step_id: str, field_id: str, position: int) -> Step:
    """Move a field inside its step. Raises NotFound, Invalid. Spec: S8, F5."""
    step = find_step(row.document, step_id)
    field = step.field(field_id)
    if field is None:
        raise Invalid({"capture_id": ["The field does not belong to this step."]})
    saved = await _save_step(tx, row, with_field_at(step, field_id, position))
    if saved != row:
        tx.record(_moved(row, field, step_id, position))
    return find_step(saved.document, step_id)


async def move_field(
    tx: WriteTx, row: TemplateRow, step_id: str, field_id: str, *, target: str, position: int
) -> Field:
    """Move a field to another step, with its id and alias. Raises NotFound, Invalid. Spec: F4, T-11.33."""
    field = find_field(find_step(row.document, step_id), field_id)
    if row.document.step(target) is None:
        raise Invalid({"target_step_id": ["The step does not belong to this template."]})
    document = _with(row.document, without_field(find_step(row.document, step_id), field_id), tx.now)
    moved = with_field(find_step(document, target), replace(field, position=position, last_updated=tx.now))
    saved = await save_document(tx, row, _with(document, moved, tx.now))
    if saved != row:
        tx.record(_moved(row, field, target, position))
    return find_field(find_step(saved.document, target), field_id)


def _moved(row: TemplateRow, field: Field, step_id: str, position: int) -> Event:
    return happened("field.moved", field.id, template=row.id, step=step_id, label=field.label, position=position)


def require_position(position: int | None) -> int:
    """Raises Invalid outside 1 to 9999."""
    if position is None or not 1 <= position <= MAX_POSITION:
        raise Invalid({"position": [f"The position must be an integer from 1 to {MAX_POSITION}."]})
    return position


async def _save_step(tx: WriteTx, row: TemplateRow, step: Step) -> TemplateRow:
    return await save_document(tx, row, _with(row.document, step, tx.now))


def _with(template: Template, step: Step, now: int) -> Template:
    return with_step(template, replace(step, updated_at=now))
