"""Answers follow their fields. Spec: T-10.12."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from procession.domain import tasks
from procession.domain.carrying import carried_date, carried_table
from procession.domain.fields import Field
from procession.domain.moving.versions import Versions
from procession.domain.processes import Process, Task


def with_answers(process: Process, versions: Versions) -> Process:
    """An answer goes with its field to another step; those of fields that are gone are dropped from what is open.

    Answers that no longer fit the type of their field go, too. A completed task keeps all of its own.
    """
    by_step = {
        task.step_id: task
        for task in map(_with_own_answers, process.tasks)
        if task.step_id is not None and task.archived_at is None
    }
    kept = {task.seq: dict(task.taskdata) for task in by_step.values()}
    started: set[int] = set()
    for field_id, source_step in versions.old_holders.items():
        now, source = versions.new_fields.get(field_id), by_step.get(source_step)
        if source is None or source.fields is not None or field_id not in source.taskdata:
            continue
        if now is None or _is_of_another_type(versions, source_step, now[0]):
            if not source.is_completed:
                del kept[source.seq][field_id]
            continue
        target = by_step.get(now[1])
        if target is not None and target.fields is None and target.seq != source.seq:
            kept[target.seq][field_id] = kept[source.seq].pop(field_id)
            # What the form began with is nobody's work.
            if "not-started" not in (source.status, source.shown_status) and not target.is_completed:
                started.add(target.seq)
    return replace(
        process.with_tasks(
            *(
                tasks.answered(task, kept[task.seq]) if task.seq in started else replace(task, taskdata=kept[task.seq])
                for task in by_step.values()
            )
        ),
        prerun=_kept(process.prerun, versions.before.kickoff, versions.after.kickoff),
    )


def with_answers_in_place(before: Process, after: Process, versions: Versions, zone: str) -> Process:
    """Dates whose fields have come to ask for a time, or ask for it no more, and tables with other columns.

    In completed tasks, too, but that a table of which no column is left stays there.
    """
    old = {field.id: field for task in before.tasks for field in tasks.fields_of(task, versions.before)}
    kickoff = {field.id: field for field in versions.before.kickoff}
    changed = (
        replace(task, taskdata=_in_place(task.taskdata, old, tasks.fields_of(task, versions.after), zone, task))
        for task in after.tasks
    )
    prerun = _in_place(after.prerun, kickoff, versions.after.kickoff, zone)
    return replace(after.with_tasks(*changed), prerun=prerun)


def _in_place(
    answers: Mapping[str, Any], old: Mapping[str, Field], fields: Collection[Field], zone: str, of: Task | None = None
) -> dict[str, Any]:
    placed = dict(answers)
    for field in fields:
        former = old.get(field.id)
        if former is None or field.id not in placed:
            continue
        value = placed[field.id]
        if field.field_type == "date":
            placed[field.id] = carried_date(value, former, field, zone) or value
        elif field.field_type == "table":
            table = carried_table(value, former, field)
            if table is not None:
                placed[field.id] = table
            elif of is None or not of.is_completed:
                del placed[field.id]
    return placed


def _with_own_answers(task: Task) -> Task:
    """A task with a form of its own has answers to just that."""
    return task if task.fields is None or task.is_completed else tasks.with_own_fields(task, tasks.own_fields(task))


def _is_of_another_type(versions: Versions, step_id: str, field: Field) -> bool:
    step = versions.old_steps.get(step_id)
    old = None if step is None else step.field(field.id)
    return old is not None and old.field_type != field.field_type


def _kept(answers: Mapping[str, Any], before: Collection[Field], after: Collection[Field]) -> dict[str, Any]:
    old, new = ({field.id: field.field_type for field in fields} for fields in (before, after))
    return {key: answer for key, answer in answers.items() if key not in old or old[key] == new.get(key)}
