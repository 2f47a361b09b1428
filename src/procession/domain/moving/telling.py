"""What a move does to a process: each thing in data and in a sentence, and as events of the log.

Both are read off the process before and after, so that a dry run cannot say anything else than what is done.
Spec: T-10.11 to T-10.15.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.events import Event, happened
from procession.domain.moving.fields_told import fields_told, kickoff_told
from procession.domain.moving.steps import FOLLOWED
from procession.domain.moving.told import Report, Told, What
from procession.domain.moving.versions import Versions
from procession.domain.processes import Owners, Process, Task
from procession.domain.times import wire, wire_or_none
from procession.domain.wording import Names, joined, owners_text, quoted

CAUSE = "process.moved"


class _Shown(msgspec.Struct, frozen=True):
    """An attribute of a task that people see: by name, as JSON and in words."""

    name: str
    value: Callable[[Task], Any]
    text: Callable[[Task, Names], str]


def _owners_value(task: Task) -> dict[str, Any]:
    return msgspec.to_builtins(task.owners)


def _deadline_value(task: Task) -> dict[str, Any]:
    return {"at": wire_or_none(task.deadline), "is_held": task.is_held}


def _deadline_text(task: Task, _: Names) -> str:
    if task.deadline is None:
        return "none"
    return f"{wire(task.deadline)}{', waiting for another step' if task.is_held else ''}"


def _plain(name: str) -> _Shown:
    def text(task: Task, _: Names) -> str:
        value = getattr(task, name)
        if isinstance(value, bool):
            return "on" if value else "off"
        return "nothing" if value in (None, "", 0) else quoted(str(value))

    return _Shown(name, lambda task: getattr(task, name), text)


def _order_lock_text(task: Task, names: Names) -> str:
    return joined((quoted(names.steps.get(each, "a step that is gone")) for each in task.blocked_by or ()), "none")


SHOWN: Sequence[_Shown] = (
    *(_plain(name) for name in FOLLOWED if name != "blocked_by"),
    _Shown("blocked_by", lambda task: list(task.blocked_by or ()), _order_lock_text),
    _Shown("visibility", lambda task: not task.is_hidden, lambda task, _: "hidden" if task.is_hidden else "visible"),
    _Shown("owners", _owners_value, lambda task, names: owners_text(task.owners, names)),
    _Shown("deadline", _deadline_value, _deadline_text),
    _Shown(
        "started_at",
        lambda task: wire_or_none(task.started_at),
        lambda task, _: wire_or_none(task.started_at) or "none",
    ),
)


def people_of(before: Process, after: Process) -> Owners:
    """Everybody a report names."""
    tasks = (*before.tasks, *after.tasks)
    return Owners(
        tuple(sorted({user for task in tasks for user in task.owners.users})),
        (),
        tuple(sorted({group for task in tasks for group in task.owners.groups})),
    )


def report(
    before: Process, after: Process, versions: Versions, names: Names, is_seen: Callable[[Task], bool]
) -> Report:
    """Of settled processes; nothing is said of tasks that the reader may not see, nor what anybody answered."""
    former = {task.seq: task for task in before.tasks}
    steps = {step.id: step.title for step in (*versions.old_steps.values(), *versions.new_steps.values())}
    names = replace(names, steps=steps)
    told: list[Told] = []
    of_fields = list(fields_told(before, after, versions, names, is_seen))
    with_other_forms = {each.task_id for each in of_fields}
    unchanged = 0
    # New tasks have no number yet in a dry run: they come last where one that goes had their place.
    for task in sorted(after.tasks, key=lambda each: (each.position, each.seq not in former, each.seq)):
        if not is_seen(task):
            continue
        found = list(_of_task(former.get(task.seq), task, versions, names))
        unchanged += not found and task.archived_at is None and task.id not in with_other_forms
        told += found
    told += of_fields
    told += kickoff_told(before, after, versions, names)
    told += _of_rules(versions)
    told += _of_process(before, after)
    return Report(tuple(told), unchanged)


def _of_task(old: Task | None, new: Task, versions: Versions, names: Names) -> Iterator[Told]:
    def one(what: What, sentence: str, attribute: str | None = None, before: Any = None, after: Any = None) -> Told:
        return Told(
            what=what, part="step", part_id=new.step_id, task_id=None if old is None else new.id, name=new.title,
            attribute=attribute, before=before, after=after, sentence=sentence,
        )  # fmt: skip

    title = quoted(new.title)
    if old is None or (old.archived_at is not None and new.archived_at is None):
        who = f"{owners_text(new.owners, names)}, due {_deadline_text(new, names)}"
        how = "hidden" if new.is_hidden else "visible"
        yield one("added", f"Task {title} is {'added' if old is None else 'back'}: {how}, {who}.", after=_summary(new))
        return
    if old.archived_at is None and new.archived_at is not None:
        yield one("lost", f"Task {title} goes: its step is gone and it was not completed.", before=_summary(old))
        return
    if new.is_completed and not old.is_completed:
        sentence = f"Task {title} is completed: all who remain have done their part."
        yield one("changed", sentence, "status", old.status, new.status)
    elif new.is_completed and _differs(new.step_id, versions):
        how = "has changed" if new.step_id in versions.new_steps else "is gone"
        yield one("kept", f"Task {title} is completed and stays as it is; its step {how}.")
    for shown in SHOWN:
        was, now = shown.value(old), shown.value(new)
        if was != now:
            noun = _noun(shown.name)
            words = f"from {shown.text(old, names)} to {shown.text(new, names)}"
            yield one("changed", f"The {noun} of task {title} changes {words}.", shown.name, was, now)
    yield from (
        one("kept", f"The {_noun(name)} of task {title} stays: it was changed in the process.", name)
        for name in (() if old.is_completed else _kept(new, versions))
    )


def _noun(attribute: str) -> str:
    return "order lock" if attribute == "blocked_by" else attribute.replace("_", " ")


def _summary(task: Task) -> dict[str, Any]:
    return {
        "status": task.status,
        "owners": _owners_value(task),
        "deadline": wire_or_none(task.deadline),
        "position": task.position,
    }


def _differs(step_id: str | None, versions: Versions) -> bool:
    if step_id is None:
        return False
    old, new = versions.old_steps.get(step_id), versions.new_steps.get(step_id)
    return old is not None and (new is None or replace(old, updated_at=0) != replace(new, updated_at=0))


def _kept(task: Task, versions: Versions) -> Iterator[str]:
    """What the version changes and the process does not follow, because somebody had changed it there."""
    old, new = versions.old_steps.get(task.step_id or ""), versions.new_steps.get(task.step_id or "")
    if old is None or new is None:
        return
    for name, attribute in FOLLOWED.items():
        now = getattr(new, attribute)
        if getattr(old, attribute) != now and getattr(task, name) != now:
            yield name
    if old.deadline != new.deadline and task.deadline_by_hand:
        yield "deadline"


def _of_process(before: Process, after: Process) -> Iterator[Told]:
    old, new = ([t.seq for t in _in_place(each)] for each in (before, after))
    if [seq for seq in old if seq in new] != [seq for seq in new if seq in old]:
        sentence = "The tasks are put in the order of the new version."
        yield Told(what="changed", part="process", attribute="order", sentence=sentence)
    if before.status != after.status:
        sentence = f"The status of the process changes from {quoted(before.status)} to {quoted(after.status)}."
        yield Told(
            what="changed",
            part="process",
            attribute="status",
            before=before.status,
            after=after.status,
            sentence=sentence,
        )


def _in_place(process: Process) -> list[Task]:
    live = [task for task in process.tasks if task.archived_at is None]
    return sorted(live, key=lambda task: (task.position, task.seq))


def _of_rules(versions: Versions) -> Iterator[Told]:
    old = {rule.id: rule for rule in versions.before.rules}
    new = {rule.id: rule for rule in versions.after.rules}
    for rule in versions.after.rules:
        if rule.id not in versions.same_rules:
            what: What = "changed" if rule.id in old else "added"
            sentence = f"Rule {quoted(rule.name)} is {what}: it is looked at now, unless it waits for something."
            yield Told(what=what, part="rule", part_id=rule.id, name=rule.name, sentence=sentence)
    for rule in versions.before.rules:
        if rule.id not in new:
            sentence = f"Rule {quoted(rule.name)} is gone; whom it assigned and what it dated stays."
            yield Told(what="lost", part="rule", part_id=rule.id, name=rule.name, sentence=sentence)


def events(before: Process, after: Process, move: int) -> list[Event]:
    """Of a move before its rules were asked; they tell their own part. Spec: T-10.15."""
    process, former = after.seq, {task.seq: task for task in before.tasks}
    head = happened(
        CAUSE,
        after.id,
        process=process,
        template=after.template_id,
        move=move,
        from_version=before.template_version,
        version=after.template_version,
    )
    told = [event for task in after.tasks for event in _events(former.get(task.seq), task, process)]
    return [head, *(replace(event, cause=f"{CAUSE}:{after.id}") for event in told)]


def _events(old: Task | None, new: Task, process: int) -> Iterator[Event]:
    if old is None:
        yield happened("task.created", new.id, process=process, title=new.title, task_type=new.task_type)
        return
    if (old.archived_at is None) != (new.archived_at is None):
        yield happened("task.restored" if new.archived_at is None else "task.archived", new.id, process=process)
    if old.is_hidden != new.is_hidden:
        yield happened("task.hidden" if new.is_hidden else "task.shown", new.id, process=process)
    before, after = old.owners.principals, new.owners.principals
    if before != after:
        added, removed = sorted(after - before), sorted(before - after)
        yield happened("task.assigned", new.id, process=process, added=added, removed=removed)
    fields = [name for name in (*FOLLOWED, "deadline", "started_at") if getattr(old, name) != getattr(new, name)]
    if old.taskdata != new.taskdata:
        fields.append("taskdata")
    dates: Mapping[str, Any] = {}
    if old.deadline != new.deadline:
        dates = {"deadline": {"before": wire_or_none(old.deadline), "after": wire_or_none(new.deadline)}}
    if fields:
        yield happened("task.updated", new.id, process=process, fields=fields, **dates)
