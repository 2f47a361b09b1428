"""What a move does to the forms of a process. No answer is told. Spec: T-10.11, T-10.12."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from procession.domain.fields import Field
from procession.domain.moving.told import Part, Told
from procession.domain.moving.versions import Versions
from procession.domain.processes import Process, Task
from procession.domain.tasks import fields_of
from procession.domain.template_differences import Difference, field_differences
from procession.domain.wording import Names, quoted


def fields_told(
    before: Process, after: Process, versions: Versions, names: Names, is_seen: Callable[[Task], bool]
) -> Iterator[Told]:
    """Of tasks: the fields that come, move, change and go; of those that go, only where there was an answer."""
    former = {task.seq: task for task in before.tasks}
    seen = [task for task in after.tasks if task.archived_at is None and is_seen(task)]
    yield from _placed(former, seen, versions)
    stayed = [(former[task.seq], task) for task in seen if task.seq in former]
    holders = {task.step_id: (old, task) for old, task in stayed}
    for each in field_differences(versions.before, versions.after, names):
        if each.part == "field" and _is_of_the_field(each):
            old, task = holders.get(versions.new_fields[each.part_id or ""][1], (None, None))
            if old is not None and task is not None:
                yield from _defined(each, old, task, versions)
    for old, task in stayed:
        forms = fields_of(old, versions.before), fields_of(task, versions.after)
        for field in _calculated_otherwise(*forms, old.taskdata, task.taskdata):
            yield _worked_out("field", field, task)
    answered_still = {key for task in after.tasks if task.archived_at is None for key in task.taskdata}
    labels = {field.id: field.label for step in versions.before.steps for field in step.fields}
    for old, task in stayed:
        for field_id in old.taskdata:
            if field_id not in answered_still:
                label = labels.get(field_id, "")
                sentence = f"The answer to field {quoted(label)} of task {quoted(task.title)} goes."
                yield Told(what="lost", part="field", part_id=field_id, task_id=task.id, name=label, sentence=sentence)


def _placed(former: Mapping[int, Task], seen: Iterable[Task], versions: Versions) -> Iterator[Told]:
    """Fields that come, and that move to other tasks."""
    holders = {task.step_id: task for task in seen}
    for field_id, (field, step_id) in versions.new_fields.items():
        old, holder = versions.old_holders.get(field_id), holders.get(step_id)
        if holder is None or old == step_id or (old is None and step_id not in versions.old_steps):
            continue
        if old is None:
            sentence = f"Field {quoted(field.label)} is added to task {quoted(holder.title)}."
        else:
            answered = " with its answer" if field_id in holder.taskdata else ""
            sentence = f"Field {quoted(field.label)} moves to task {quoted(holder.title)}{answered}."
        yield Told(
            what="added" if old is None else "changed",
            part="field",
            part_id=field_id,
            task_id=holder.id if holder.seq in former else None,
            name=field.label,
            attribute=None if old is None else "step_id",
            before=old,
            after=None if old is None else step_id,
            sentence=sentence,
        )


def _is_of_the_field(each: Difference) -> bool:
    """Whether it is something of a field that is there before and after, where it stands in its form too."""
    return each.change == "changed" or (each.change == "moved" and each.attribute == "position")


def _defined(each: Difference, old: Task, task: Task, versions: Versions) -> Iterator[Told]:
    """What of a field is defined otherwise; in a form of the process's own only what follows. Spec: T-10.11."""
    if task.fields is None:
        yield _changed("field", each, task)
        return
    was, now = (
        next((field for field in fields_of(of, version) if field.id == each.part_id), None)
        for of, version in ((old, versions.before), (task, versions.after))
    )
    attribute = each.attribute or ""
    if was is None or now is None or each.change == "moved" or getattr(was, attribute) == each.after:
        return
    if getattr(now, attribute) == each.after:
        yield _changed("field", each, task)
    else:
        sentence = f"Field {quoted(now.label)} of task {quoted(task.title)} stays: it was changed in the process."
        yield Told(
            what="kept",
            part="field",
            part_id=now.id,
            task_id=task.id,
            name=now.label,
            attribute=attribute,
            sentence=sentence,
        )


def _changed(part: Part, each: Difference, task: Task | None = None) -> Told:
    """In the words of the comparison of the versions."""
    return Told(
        what="changed",
        part=part,
        part_id=each.part_id,
        task_id=None if task is None else task.id,
        name=each.name,
        attribute=each.attribute,
        before=msgspec.to_builtins(each.before),
        after=msgspec.to_builtins(each.after),
        sentence=each.sentence,
    )


def _calculated_otherwise(
    before: Iterable[Field], after: Iterable[Field], was: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[Field]:
    """The fields that were calculated before, too, and come to another value."""
    known = {field.id for field in before if field.field_type == "calculated"}
    calculated = (field for field in after if field.id in known and field.field_type == "calculated")
    return (field for field in calculated if field.id in now and was.get(field.id) != now[field.id])


def _worked_out(part: Part, field: Field, task: Task | None = None) -> Told:
    whose = (
        f"field {quoted(field.label)} of task {quoted(task.title)}" if task else f"kick-off field {quoted(field.label)}"
    )
    return Told(
        what="changed",
        part=part,
        part_id=field.id,
        task_id=None if task is None else task.id,
        name=field.label,
        attribute="value",
        sentence=f"The value of {whose} is another one: it is worked out anew.",
    )


def kickoff_told(before: Process, after: Process, versions: Versions, names: Names) -> Iterator[Told]:
    known = {field.id for field in versions.before.kickoff}
    for each in field_differences(versions.before, versions.after, names):
        if each.part == "kickoff_field" and _is_of_the_field(each):
            yield _changed("kickoff_field", each)
    forms = versions.before.kickoff, versions.after.kickoff
    for field in _calculated_otherwise(*forms, before.prerun, after.prerun):
        yield _worked_out("kickoff_field", field)
    for field in versions.before.kickoff:
        if field.id in before.prerun and field.id not in after.prerun:
            sentence = f"The answer to kick-off field {quoted(field.label)} goes."
            yield Told(what="lost", part="kickoff_field", part_id=field.id, name=field.label, sentence=sentence)
    for field in versions.after.kickoff:
        if field.id not in known:
            sentence = f"Kick-off field {quoted(field.label)} is added, without an answer."
            yield Told(what="added", part="kickoff_field", part_id=field.id, name=field.label, sentence=sentence)
