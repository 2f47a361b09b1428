"""Forms that open: what their fields begin with. Spec: behaviour-templates 11.4.

The form of a task opens when the task becomes visible for the first time, or is answered while it is hidden. What its
defaults come to then are answers like any other: people change and clear them, and they do not come back.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.answers import fold_map, with_defaults
from procession.domain.calculating.process import recalculated, task_recalculated
from procession.domain.calculating.sheet import calculates
from procession.domain.fields import Field
from procession.domain.names import MARK, variables_in
from procession.domain.processes import Process, Task
from procession.domain.quoting import Quoted, quoted_in_process
from procession.domain.templates import Template
from procession.domain.variables import Reader


def has_defaults(fields: Iterable[Field]) -> bool:
    return any(field.default_value_enabled for field in fields)


def quotes(fields: Iterable[Field]) -> bool:
    """Whether a default holds a variable."""
    return any(_quotes(field) for field in fields)


def quotes_people(document: Template) -> bool:
    """Whether a default names an assignee picker, so that people's names are needed."""
    fields = (*document.kickoff, *document.fields())
    pickers = {field.alias for field in fields if field.field_type == "assignees_form"}
    return bool(pickers) and any(
        _quotes(field) and not pickers.isdisjoint(variables_in(field.default_value)) for field in fields
    )


def _quotes(field: Field) -> bool:
    return field.default_value_enabled and isinstance(field.default_value, str) and MARK in field.default_value


def was_opened(task: Task) -> bool:
    """Whether people have seen its form, or have answered it while it was hidden."""
    return not task.is_hidden or task.shown_status == "in-progress"


def answers_any(fields: Iterable[Field], sent: object) -> bool:
    """Whether an answer to one of the fields is sent, be it empty."""
    known = {field.id for field in fields}
    return any(name.lower() in known for name in fold_map(sent) or ())


def opened(
    before: Process | None,
    after: Process,
    document: Template,
    *,
    today: date,
    reader: Reader,
    new_fields: Collection[str] = (),
) -> Process:
    """The process after tasks became visible, with what their forms begin with; None: it is just being launched.

    A task that people have worked on is as they left it. `new_fields` came into forms that may be open already.
    `today` is the day in the organization's zone.
    """
    if not has_defaults(document.fields()):
        return after
    known = {} if before is None else {task.seq: task for task in before.tasks}
    wanted = [
        (task, fields)
        for task in after.tasks
        if has_defaults(fields := _beginning(known.get(task.seq), task, document, new_fields))
    ]
    if not wanted:
        return after
    places = {step.id: place for place, step in enumerate(document.steps)}
    wanted.sort(key=lambda each: places[each[0].step_id or ""])
    process, quoted, waits = after, None, calculates(document.fields())
    begun_tasks: list[Task] = []
    for task, fields in wanted:
        if quotes(fields) and (quoted is None or waits):
            process = recalculated(process.with_tasks(*begun_tasks), document, reader.zone)
            quoted = quoted_in_process(process, document, (), reader)
        begun_tasks.append(_begun(task, fields, quoted, today, reader.zone))
    return recalculated(process.with_tasks(*begun_tasks), document, reader.zone)


def _beginning(before: Task | None, task: Task, document: Template, new_fields: Collection[str]) -> Sequence[Field]:
    """The fields that begin now; one-off tasks began when they were made."""
    if task.fields is not None or task.archived_at is not None or task.is_completed:
        return ()
    fields = tasks.fields_of(task, document)
    if task.status == "not-started" and (before is None or not before.is_visible):
        return fields
    return [field for field in fields if field.id in new_fields] if was_opened(task) else ()


def begun(
    task: Task,
    fields: Sequence[Field],
    *,
    process: Process | None,
    document: Template | None,
    today: date,
    reader: Reader,
) -> Task:
    """The task with the defaults of these fields, as far as they have no answer; it has not been started by that.

    For what opens by itself: a one-off task when it is made, a hidden task when it is answered.
    """
    if not has_defaults(fields):
        return task
    quoted: Quoted | None = None
    if quotes(fields):
        own = fields if task.fields is not None else ()
        quoted = (
            quoted_in_process(process, document, own, reader)
            if process is not None and document is not None
            else Quoted([fields], task.taskdata, reader)
        )
    return task_recalculated(_begun(task, fields, quoted, today, reader.zone), reader.zone)


def _begun(task: Task, fields: Sequence[Field], quoted: Quoted | None, today: date, zone: str) -> Task:
    return replace(task, taskdata=with_defaults(fields, task.taskdata, today=today, zone=zone, quoted=quoted))
