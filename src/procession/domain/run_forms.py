"""Forms that tasks of a process have of their own instead of their steps'. Spec: behaviour-work Z4."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.automations.rules import using
from procession.domain.calculating.checking import Typed, typed_template, using_fields
from procession.domain.errors import Invalid
from procession.domain.fields import Field
from procession.domain.processes import Process, Task
from procession.domain.templates import Template

USED_BY_RULE = "The field {field} is used by a rule: {names}. It has to stay, with its type."
USED_BY_FIELD = "The field {field} is used by another field: {names}. It has to stay, with its type."


def as_run(process: Process, template: Template) -> Template:
    """The version with the forms as this process has them: what calculates, and what rules ask."""
    own = {
        task.step_id: tasks.own_fields(task)
        for task in process.tasks
        if task.fields is not None and not task.archived_at
    }
    if own.keys().isdisjoint(step.id for step in template.steps):
        return template
    steps = (replace(step, fields=own[step.id]) if step.id in own else step for step in template.steps)
    return replace(template, steps=tuple(steps))


def typed_in_run(process: Process, template: Template, task: Task, form: Sequence[Field]) -> Typed:
    """What calculates in the process once the task has this form."""
    return typed_template(as_run(process.with_tasks(tasks.with_own_fields(task, form)), template))


def require_used_fields(process: Process, template: Template, former: Sequence[Field], form: Sequence[Field]) -> None:
    """Whatever rules and other forms use of a form stays in it, as the type it is. Raises Invalid."""
    kept = {field.id: field.field_type for field in form}
    faults: list[str] = []
    for field in former:
        if kept.get(field.id) == field.field_type:
            continue
        alone = frozenset({field.id})
        rules = using(template.rules, alone)
        others = [each for each in using_fields(as_run(process, template), alone) if each not in former]
        if rules:
            faults.append(USED_BY_RULE.format(field=_quoted(field.label), names=_named(each.name for each in rules)))
        elif others:
            faults.append(USED_BY_FIELD.format(field=_quoted(field.label), names=_named(e.label for e in others)))
    if faults:
        raise Invalid({"form_fields": [*faults]})


def _named(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(text: str) -> str:
    return f'"{text}"'


def followed_form(own: Sequence[Field], before: Sequence[Field], after: Sequence[Field]) -> tuple[Field, ...]:
    """A task's own form after its process moved from one version to another: the step's changes are followed where
    nobody had changed the form here. Spec: behaviour-templates T-10.12.
    """
    old, new = ({field.id: field for field in fields} for fields in (before, after))
    kept: list[Field] = []
    for field in own:
        if field.id not in old or not _is_same(field, old[field.id]):
            kept.append(field)
        elif field.id in new:
            kept.append(new[field.id])
    known = {field.id for field in own}
    kept += [field for field in after if field.id not in old and field.id not in known]
    return tuple(replace(field, position=place) for place, field in enumerate(kept, start=1))


def with_unchanged(form: Sequence[Field], former: Sequence[Field]) -> tuple[Field, ...]:
    """The form, with the former definition where only the time of the change would differ."""
    known = {field.id: field for field in former}
    return tuple(known[each.id] if each.id in known and _is_same(each, known[each.id]) else each for each in form)


def _is_same(one: Field, other: Field) -> bool:
    return replace(one, last_updated=0) == replace(other, last_updated=0)
