"""Changing the steps, fields and stages of a template document. Pure: the old document in, the new one out."""

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from procession.domain.automations.rules import Rule, using
from procession.domain.calculating.checking import using_fields
from procession.domain.deadlines import START_RUN, circular_steps
from procession.domain.errors import Invalid, NotAllowed, WrongState
from procession.domain.fields import Field
from procession.domain.order_lock import everything_before
from procession.domain.stages import Stage, placed, without
from procession.domain.templates import MAX_STEPS, Step, Template

T = TypeVar("T")
Dated = TypeVar("Dated", Step, Rule)


def with_step(template: Template, step: Step) -> Template:
    """The template with a changed step in its place, or a new one at the end; raises Invalid, WrongState.

    A deadline may count from another step of the template, and chains may not lead back. Spec: T-5.1, T-7.7.
    """
    known = {each.id for each in template.steps}
    if step.id in known:
        steps = tuple(step if each.id == step.id else each for each in template.steps)
    else:
        steps = (*template.steps, step)
    require_room(len(steps))
    require_anchor(step, known, "deadline")
    if step.id in circular_steps({each.id: each.deadline for each in steps}):
        raise Invalid({"deadline.step": ["The deadlines of these steps would wait for each other."]})
    faults = lock_faults(step, steps, "blocked_by")
    if faults:
        raise Invalid(faults)
    return replace(template, steps=steps)


def require_room(steps: int) -> None:
    if steps > MAX_STEPS:
        raise WrongState(f"A template may not have more than {MAX_STEPS} steps.")


def require_anchor(step: Step, known: set[str], path: str) -> None:
    if step.deadline.step != START_RUN and (step.deadline.step not in known or step.deadline.step == step.id):
        raise Invalid({f"{path}.step": ["The step must be start_run or the id of another step of this template."]})


def lock_faults(step: Step, steps: Sequence[Step], path: str) -> dict[str, list[Any]]:
    """What is wrong with the steps that this one waits for. Spec: behaviour-work OL6."""
    named, known = step.blocked_by or (), {each.id for each in steps} - {step.id}
    unknown = [index for index, each in enumerate(named) if each not in known]
    if unknown:
        return {f"{path}.{index}": ["This must be the id of another step of this template."] for index in unknown}
    waiting = {each.id: each.blocked_by for each in steps}
    if step.id not in everything_before(named, waiting):
        return {}
    around = [each.title for each in steps if each.id in named and step.id in everything_before([each.id], waiting)]
    titles = ", ".join(f'"{title}"' for title in around)
    return {path: [f"The step would wait for itself: {titles} can only be completed after it."]}


def without_step(template: Template, step_id: str) -> Template:
    """Raises NotAllowed while a rule or another step's deadline depends on it; nobody waits for it any more.

    Spec: T-5.3, T-5.4, DEC-62, behaviour-work OL6.
    """
    step = next(each for each in template.steps if each.id == step_id)
    require_unused(template, frozenset({step_id, *(field.id for field in step.fields)}), what="This step")
    waiting = [step.title for step in template.steps if step.deadline.step == step_id]
    if waiting:
        named = ", ".join(f'"{title}"' for title in waiting)
        raise NotAllowed(f"This step is used by another step's deadline: {named}. Change that deadline first.")
    return replace(template, steps=tuple(_not_after(each, step_id) for each in template.steps if each.id != step_id))


def _not_after(step: Step, gone: str) -> Step:
    if gone not in (step.blocked_by or ()):
        return step
    return replace(step, blocked_by=tuple(each for each in step.blocked_by or () if each != gone) or None)


def require_unused(template: Template, ids: frozenset[str], *, what: str) -> None:
    """Raises NotAllowed, naming the rules or fields that use one of these steps and fields.

    Spec: A-11.1, T-11.30, T-11.69.
    """
    rules = using(template.rules, ids)
    if rules:
        named = ", ".join(f'"{rule.name}"' for rule in rules)
        raise NotAllowed(f"{what} is used by a rule: {named}. Change or delete that rule first.")
    fields = using_fields(template, ids)
    if fields:
        named = ", ".join(f'"{field.label}"' for field in fields)
        raise NotAllowed(f"{what} is used by another field: {named}. Change or delete that field first.")


def with_copied_step(template: Template, original: Step, copy: Step) -> Template:
    """Spec: T-5.5."""
    require_room(len(template.steps) + 1)
    place = template.steps.index(original) + 1
    return replace(template, steps=(*template.steps[:place], copy, *template.steps[place:]))


def with_step_at(template: Template, step_id: str, position: int) -> Template:
    """Positions are counted from 1; one past the end means last. Spec: T-5.1."""
    return replace(template, steps=_moved(template.steps, _index(template.steps, step_id), position))


def _index(items: Sequence[Step | Field], item_id: str) -> int:
    return next(index for index, each in enumerate(items) if each.id == item_id)


def _moved(items: tuple[T, ...], index: int, position: int) -> tuple[T, ...]:
    rest = (*items[:index], *items[index + 1 :])
    return _inserted(rest, items[index], position)


def _inserted(items: tuple[T, ...], item: T, position: int) -> tuple[T, ...]:
    return (*items[: position - 1], item, *items[position - 1 :])


def numbered(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The fields in this order with positions 1, 2, 3 ..."""
    return tuple(
        field if field.position == position else replace(field, position=position)
        for position, field in enumerate(fields, 1)
    )


def with_field(step: Step, field: Field) -> Step:
    """The step with a new field, or a changed one, at the position the field names."""
    rest = tuple(each for each in step.fields if each.id != field.id)
    return replace(step, fields=numbered(_inserted(rest, field, field.position)))


def without_field(step: Step, field_id: str) -> Step:
    return replace(step, fields=numbered([each for each in step.fields if each.id != field_id]))


def with_field_at(step: Step, field_id: str, position: int) -> Step:
    return replace(step, fields=numbered(_moved(step.fields, _index(step.fields, field_id), position)))


def with_kickoff(kept: Sequence[Field], sent: Sequence[Field]) -> tuple[Field, ...]:
    """The kick-off form after an update that sent some fields: each goes to its position, ties in the order sent.

    Fields that were not sent stay, in their old order. Spec: api-templates 2.3.
    """
    ids = {field.id for field in sent}
    form = tuple(field for field in kept if field.id not in ids)
    place = 0
    for field in sorted(sent, key=lambda field: field.position):
        place = max(field.position, place + 1)
        form = _inserted(form, field, place)
    return numbered(form)


def with_stage(template: Template, stage: Stage, position: int | None) -> Template:
    """The template with a new or changed stage; None keeps the place of a known one and appends a new one."""
    return replace(template, stages=placed(template.stages, stage, position))


def without_stage(template: Template, stage_id: str) -> Template:
    """Its steps stay, without a stage. Spec: T-5.21."""
    freed = tuple(replace(step, stage_id=None) if step.stage_id == stage_id else step for step in template.steps)
    return replace(template, stages=without(template.stages, stage_id), steps=freed)


def with_steps_in_stage(template: Template, stage_id: str, step_ids: Sequence[str]) -> Template:
    """Exactly these steps belong to the stage; raises Invalid for a step the template does not have."""
    unknown = {
        f"steps.{index}": ["The step does not belong to this template."]
        for index, step_id in enumerate(step_ids)
        if template.step(step_id) is None
    }
    if unknown:
        raise Invalid(unknown)
    chosen = set(step_ids)

    def moved(step: Step) -> Step:
        if step.id in chosen:
            return replace(step, stage_id=stage_id)
        return replace(step, stage_id=None) if step.stage_id == stage_id else step

    return replace(template, steps=tuple(moved(step) for step in template.steps))


def dated_as_changed(former: Template, document: Template) -> Template:
    """The document whose steps, fields and rules say that they were changed now only where something is different."""
    return replace(
        document,
        steps=tuple(_dated_step(former.step(each.id), each) for each in document.steps),
        kickoff=_dated_fields(former.kickoff, document.kickoff),
        rules=tuple(_dated(former.rule(each.id), each) for each in document.rules),
    )


def _dated_step(former: Step | None, step: Step) -> Step:
    if former is None:
        return step
    return _dated(former, replace(step, fields=_dated_fields(former.fields, step.fields)))


def _dated_fields(former: Sequence[Field], fields: Sequence[Field]) -> tuple[Field, ...]:
    known = {each.id: each for each in former}
    return tuple(
        was if (was := known.get(each.id)) and replace(each, last_updated=was.last_updated) == was else each
        for each in fields
    )


def _dated(former: Dated | None, part: Dated) -> Dated:
    return former if former and replace(part, updated_at=former.updated_at) == former else part
