"""Where calculated values are kept up to date: whatever changes an answer passes here before rules look at it.

Spec: T-11.64.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.calculating.sheet import Answers, calculates, with_calculated
from procession.domain.fields import Field
from procession.domain.injecting import is_injected
from procession.domain.processes import Process, Task
from procession.domain.run_forms import as_run
from procession.domain.templates import Template


def recalculated(process: Process, template: Template | None, zone: str) -> Process:
    """The process with every calculated field worked out from the answers it now has."""
    of_version = {step.id for step in template.steps} if template is not None else frozenset[str]()
    alone = [task_recalculated(task, zone) for task in process.tasks if task.fields and task.step_id not in of_version]
    process = process.with_tasks(*alone) if alone else process
    template = None if template is None else as_run(process, template)
    fields = () if template is None else (*template.kickoff, *template.fields())
    if template is None or not calculates(fields):
        return process
    forms = [template.kickoff, *(step.fields for step in template.steps)]
    of_steps = [task for task in process.tasks if task.step_id in of_version and task.archived_at is None]
    answers = dict(process.prerun)
    for task in of_steps:
        answers |= task.taskdata
    values = with_calculated(forms, answers, zone)
    changed = (
        replace(task, taskdata=_with(tasks.fields_of(task, template), task.taskdata, values)) for task in of_steps
    )
    after = process.with_tasks(*changed)
    if is_injected(template, process):
        return after
    return replace(after, prerun=_with(template.kickoff, process.prerun, values))


def task_recalculated(task: Task, zone: str) -> Task:
    """A task with fields of its own, which calculate with each other. Spec: T-11.61."""
    if not any(field.get("field_type") == "calculated" for field in task.fields or ()):
        return task
    fields = tasks.own_fields(task)
    return replace(task, taskdata=_with(fields, task.taskdata, with_calculated([fields], task.taskdata, zone)))


def _with(fields: Sequence[Field], answers: Answers, values: Mapping[str, object]) -> dict[str, object]:
    """The answers of one form with the calculated ones as they now are."""
    calculated = [field.id for field in fields if field.field_type == "calculated"]
    kept = {field_id: answer for field_id, answer in answers.items() if field_id not in calculated}
    return kept | {field_id: values[field_id] for field_id in calculated if field_id in values}
