"""Editing a task: what a request would really change, and the task with that changed. Spec: api-tasks 4, 10."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import UNSET
from msgspec.structs import replace

from procession.domain.calculating.checking import Typed, typed
from procession.domain.calendar import WorkingWeek, shift_forward
from procession.domain.definitions import read_definition
from procession.domain.errors import Invalid
from procession.domain.fields import Field
from procession.domain.form_rules import naming, note_new_id
from procession.domain.loose import as_object
from procession.domain.processes import Task
from procession.domain.task_deadlines import due
from procession.domain.task_input import Errors, TaskInput, required
from procession.domain.tasks import SHARED_TYPES, needs_approvals, with_parts_that_count
from procession.domain.times import Millis, is_same_second

# What T8 and T9 take over as it is. Owners, answers, fields, dates, tags and position each follow rules of their own.
PLAIN = (
    "title",
    "task_type",
    "is_soft_start_date",
    "max_assignable",
    "everyone_must_complete",
    "can_complete_only_assignees",
    "prevent_guest_comment",
    "top_secret",
    "send_chromeless",
    "webhook",
)
ON_ONE_OFFS_ONLY = frozenset({"tags"})
NOT_SHARED = "Only tasks of type task and approval can be completed by everyone."
STAYS_APPROVAL = "This task needs several approvals, so it stays an approval."
# Keys under which somebody may send the id of a field, and nothing reads it.
LIKE_AN_ID = re.compile(r"(_|field[_ ]?|capture[_ ]?)?id", re.IGNORECASE)
STARTS_TOO_LATE = "The started at must not be after the deadline."


def changes(said: TaskInput, task: Task, *, summary: str | None, tags: Collection[str]) -> frozenset[str]:
    """The names of what `said` would change, `taskdata` left out.

    `summary` is the task's text as it stands (its own or its step's), `tags` the tags it carries. Fields count as
    changed whenever they are sent.
    """
    found = {name for name in PLAIN if (value := getattr(said, name)) is not UNSET and value != getattr(task, name)}
    if said.summary is not UNSET and (said.summary or None) != (summary or None):
        found.add("summary")
    if said.owners is not UNSET and said.owners.principals != task.owners.principals:
        found.add("owners")
    for name in ("deadline", "started_at"):
        if (value := getattr(said, name)) is not UNSET and not is_same_second(value, getattr(task, name)):
            found.add(name)
    if said.position is not UNSET and said.position != task.position:
        found.add("position")
    if task.is_oneoff and said.tags is not UNSET and set(said.tags) != set(tags):
        found.add("tags")
    if said.form_fields is not UNSET:
        found.add("form_fields")
    return frozenset(found)


def faults(said: TaskInput, task: Task, week: WorkingWeek) -> Errors:
    """What is wrong with these changes to this task, apart from people and answers."""
    errors: Errors = {}
    if said.deadline is None and task.is_oneoff:
        errors["deadline"] = [required("deadline")]
    if said.started_at is not UNSET and not is_same_second(said.started_at, task.started_at):
        deadline = task.deadline if said.deadline is UNSET else shifted(said.deadline, week)
        errors |= order_faults(said.started_at, deadline)
    task_type = task.task_type if said.task_type is UNSET else said.task_type
    if needs_approvals(task) and task_type != task.task_type:
        errors["task_type"] = [STAYS_APPROVAL]
    shares_anew = said.everyone_must_complete is True and not task.everyone_must_complete
    if shares_anew and task_type not in SHARED_TYPES:
        errors["everyone_must_complete"] = [NOT_SHARED]
    return errors


def edited(
    task: Task, said: TaskInput, changed: Collection[str], *, week: WorkingWeek, clean: Callable[[str], str]
) -> Task:
    """The task with the plain changes and the dates; `clean` makes markup safe.

    A deadline moves into working time, counts from now on even if it was held, and no recalculation touches it again.
    Spec: behaviour-work D6, D11, L-9.16.
    """
    new = replace(task, **{name: getattr(said, name) for name in PLAIN if name in changed})
    new = with_parts_that_count(new, task)
    if "summary" in changed:
        new = replace(new, summary=clean(said.summary) if isinstance(said.summary, str) else "")
    if "deadline" in changed:
        deadline = None if said.deadline is UNSET else shifted(said.deadline, week)
        new = replace(due(new, deadline, is_held=False), deadline_by_hand=True)
    if "started_at" in changed and said.started_at is not UNSET:
        new = replace(new, started_at=said.started_at)
    return new


def shifted(deadline: Millis | None, week: WorkingWeek) -> Millis | None:
    """As deadlines are stored: in working time. Spec: behaviour-work D6."""
    return None if deadline is None else shift_forward(deadline, week)


def order_faults(started_at: Millis | None, deadline: Millis | None) -> Errors:
    """Whether a task would start after it is due. Spec: behaviour-work D11."""
    late = started_at is not None and deadline is not None and started_at > deadline
    return {"started_at": [STARTS_TOO_LATE]} if late else {}


def alone(form: Sequence[Field]) -> Typed:
    """A form that nothing stands around: it calculates with its own fields."""
    return typed([form])


def read_fields(
    sent: Sequence[object],
    kept: Sequence[Field],
    *,
    new_id: Callable[[], str],
    now: Millis,
    taken_aliases: Collection[str] = (),
    typed_in: Callable[[Sequence[Field]], Typed] = alone,
) -> tuple[Field, ...]:
    """The fields of a task as a whole list: those with a known id are changed, the others new, in this order.

    `typed_in` says what calculates how where the form stands. Raises Invalid with every fault. Spec: api-tasks 9.4.
    """
    known: Mapping[str, Field] = {field.id: field for field in kept}
    errors: Errors = {}
    read: dict[str, Field] = {}
    aliases = {*taken_aliases, *(field.alias for field in kept)}
    ids: dict[str, str] = {}
    for index, raw in enumerate(sent):
        path = f"form_fields.{index}"
        entry = as_object(raw) or {}
        if kept and "id" not in entry and (misspelt := next(filter(LIKE_AN_ID.fullmatch, entry), None)):
            # It would be a new field, and the one that is meant would be gone with its answers.
            errors[f"{path}.{misspelt}"] = ["The id of a field is sent as id."]
            continue
        field_id = entry.get("id")
        existing = known.get(field_id) if isinstance(field_id, str) else None
        if existing is not None and existing.id in read:
            errors[f"{path}.id"] = ["The field is listed twice."]
            continue
        try:
            field = read_definition(
                raw,
                path=path,
                new_id=new_id,
                now=now,
                existing=existing,
                taken_aliases=aliases,
                next_position=index + 1,
                lenient_options=True,
            )
        except Invalid as invalid:
            errors.update(invalid.errors)
            continue
        aliases.add(field.alias)
        read[field.id] = field
        note_new_id(raw, field, ids)
    read = {field_id: naming(field, ids) for field_id, field in read.items()}
    found = typed_in(tuple(read.values()))
    for index, field_id in enumerate(read):
        for key, faults in (("expression", found.calculations), ("form_rules", found.rules)):
            if field_id in faults:
                errors[f"form_fields.{index}.{key}"] = [faults[field_id]]
    if errors:
        raise Invalid(errors)
    read = {field.id: field for field in found.fields if field.id in read}
    ordered = sorted(read.values(), key=lambda field: field.position)
    return tuple(replace(field, position=place) for place, field in enumerate(ordered, start=1))
