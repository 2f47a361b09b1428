"""What is different between two versions of a template, in data and in sentences. Spec: api-templates 2.5.

Parts are told apart by their ids, which stay across versions (T-10.2).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from procession.domain.automations.rules import Rule
from procession.domain.deadlines import StepDeadline
from procession.domain.fields import Field
from procession.domain.stages import Stage
from procession.domain.templates import Settings, Step, Template
from procession.domain.wording import (
    ANOTHER_TEMPLATE,
    Names,
    actions_text,
    conditions_text,
    deadline_text,
    duration,
    form_rules_text,
    groups_text,
    joined,
    members_text,
    quoted,
    roles_text,
    step_name,
    watchers_text,
)

Part = Literal["setting", "kickoff_field", "step", "field", "rule", "milestone"]
Change = Literal["added", "removed", "changed", "moved"]

_SEQUENCES = frozenset({"options", "columns", "field_validation", "ai_allowed_app_keys"})
_UNCOMPARED = frozenset(
    {"id", "created_by", "created_at", "updated_at", "last_updated", "archived_at", "position", "result_type"}
)
_PARTS = frozenset({"kickoff", "rules", "steps", "stages", "fields"})
_TITLES = {"step": "title", "field": "label", "kickoff_field": "label", "rule": "name", "milestone": "name"}
_NOUNS: Mapping[Part, str] = {"field": "field", "kickoff_field": "kick-off field"}
# Names inside that callers know otherwise, or that no one would understand.
_WORDS = {
    "kickoff_title": "title of the kick-off form",
    "kickoff_description": "description of the kick-off form",
    "explanation_video": "video",
    "body": "text",
    "default_process_name_format": "pattern of process names",
    "can_add_oot": "permission to add one-off tasks",
    "two_way_visibility": "two-way visibility",
    "users": "default members",
    "default_watchers": "default watchers",
    "groups": "groups",
    "summary": "description",
    "guests": "guests",
    "roles": "job titles",
    "step_type": "type",
    "field_type": "type",
    "follow_up": "template launched on completion",
    "stage_id": "milestone",
    "blocked_by": "order lock",
    "lookup_list": "list",
    "custom_fields": "custom fields",
}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is different. `part_id` is None for settings of the template itself.

    `attribute` is None for what was added or removed as a whole; `before` and `after` are the values or parts.
    `step_id` is where a field stands, `position` (from 1) the place of a whole part among its like.
    """

    part: Part
    change: Change
    part_id: str | None = None
    name: str | None = None
    attribute: str | None = None
    before: Any = None
    after: Any = None
    step_id: str | None = None
    position: int | None = None
    sentence: str


def differences(before: Template, after: Template, names: Names) -> list[Difference]:
    """Everything that is different: settings, kick-off form, steps with their fields, rules, milestones."""
    versions = _Versions(before, after, names)
    found = list(_changed(versions, "setting", None, before, after))
    found += _listed(versions, "milestone", before.stages, after.stages)
    found += _listed(versions, "kickoff_field", before.kickoff, after.kickoff)
    found += _listed(versions, "step", before.steps, after.steps)
    found += _fields(versions)
    return [*found, *_listed(versions, "rule", before.rules, after.rules)]


def field_differences(before: Template, after: Template, names: Names) -> list[Difference]:
    """Those of the kick-off form and of the forms of steps."""
    versions = _Versions(before, after, names)
    return [*_listed(versions, "kickoff_field", before.kickoff, after.kickoff), *_fields(versions)]


class _Versions(msgspec.Struct, frozen=True):
    before: Template
    after: Template
    names: Names


Listed = Stage | Field | Step | Rule


def _listed(versions: _Versions, part: Part, before: Sequence[Listed], after: Sequence[Listed]) -> Iterator[Difference]:
    """Parts that have an order of their own."""
    old, new = {each.id: each for each in before}, {each.id: each for each in after}
    for each in before:
        if each.id not in new:
            yield _whole(versions, versions.before, part, each, "removed", [*old].index(each.id))
    moved = _moved([each.id for each in before if each.id in new], [each.id for each in after if each.id in old])
    for place, each in enumerate(after):
        former = old.get(each.id)
        if former is None:
            yield _whole(versions, versions.after, part, each, "added", place)
            continue
        yield from _changed(versions, part, _title(part, each), former, each)
        if each.id in moved:
            yield _at_another_place(part, each, [*old].index(each.id) + 1, place + 1)


def _fields(versions: _Versions) -> Iterator[Difference]:
    """Fields of steps: they may also change the step they stand in. Those of a step that is new or gone go with it."""
    old = {field.id: (field, step) for step in versions.before.steps for field in step.fields}
    new = {field.id: (field, step) for step in versions.after.steps for field in step.fields}
    for field_id, (field, step) in old.items():
        if field_id not in new and versions.after.step(step.id) is not None:
            yield _whole(versions, versions.before, "field", field, "removed", step.fields.index(field), step)
    for step in versions.after.steps:
        former = versions.before.step(step.id)
        stayed = [] if former is None else [field.id for field in former.fields if new.get(field.id, (0, 0))[1] is step]
        moved = _moved(stayed, [field.id for field in step.fields if field.id in stayed])
        for place, field in enumerate(step.fields):
            if field.id not in old:
                if former is not None:
                    yield _whole(versions, versions.after, "field", field, "added", place, step)
                continue
            was, where = old[field.id]
            yield from _changed(versions, "field", field.label, was, field)
            if where.id != step.id:
                yield _in_another_step(field, where, step)
            elif field.id in moved:
                yield _at_another_place("field", field, where.fields.index(was) + 1, place + 1)


def _moved(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """The fewest of these that have to change places to make one order of the other: all but a longest kept order."""
    if before == after:
        return frozenset()
    place = {each: index for index, each in enumerate(before)}
    best: list[tuple[int, int | None]] = []  # length of the longest kept order that ends here, and its last but one
    for index, each in enumerate(after):
        ends = [(best[other][0], other) for other in range(index) if place[after[other]] < place[each]]
        length, previous = max(ends, default=(0, None), key=lambda end: end[0])
        best.append((length + 1, previous))
    kept: set[str] = set()
    at: int | None = max(range(len(best)), key=lambda index: best[index][0], default=None)
    while at is not None:
        kept.add(after[at])
        at = best[at][1]
    return frozenset(after) - kept


def _noun(part: Part) -> str:
    return _NOUNS.get(part, part)


def _title(part: Part, each: Listed) -> str:
    return str(getattr(each, _TITLES[part]))


def _whole(
    versions: _Versions,
    template: Template,
    part: Part,
    each: Listed,
    change: Change,
    place: int,
    step: Step | None = None,
) -> Difference:
    title = _title(part, each)
    where = f" of step {quoted(step.title)}" if step is not None else ""
    sentence = f"{_noun(part).capitalize()} {quoted(title)}{where} was {change}"
    if isinstance(each, Rule):
        told = f"if {conditions_text(each.conditions, template)}, then {actions_text(each, template, versions.names)}"
        sentence += f": {told}"
    elif part == "step":
        sentence += f" at position {place + 1}" if change == "added" else f" from position {place + 1}"
    return Difference(
        part=part,
        change=change,
        part_id=each.id,
        name=title,
        before=each if change == "removed" else None,
        after=each if change == "added" else None,
        step_id=None if step is None else step.id,
        position=place + 1,
        sentence=f"{sentence}.",
    )


def _at_another_place(part: Part, each: Listed, before: int, after: int) -> Difference:
    title = _title(part, each)
    moved = (
        f"from position {before} to {after}" if before != after else f"among the others, at position {after} as before"
    )
    sentence = f"{_noun(part).capitalize()} {quoted(title)} was moved {moved}."
    return Difference(
        part=part,
        change="moved",
        part_id=each.id,
        name=title,
        attribute="position",
        before=before,
        after=after,
        sentence=sentence,
    )


def _in_another_step(field: Field, before: Step, after: Step) -> Difference:
    where = f"from step {quoted(before.title)} to step {quoted(after.title)}"
    return Difference(
        part="field",
        change="moved",
        part_id=field.id,
        name=field.label,
        attribute="step_id",
        before=before.id,
        after=after.id,
        sentence=f"Field {quoted(field.label)} was moved {where}.",
    )


def _changed(
    versions: _Versions, part: Part, title: str | None, before: Listed | Settings, after: Listed | Settings
) -> Iterator[Difference]:
    """One difference for each attribute; the parts a whole consists of are compared on their own."""
    for attribute in type(after).__struct_fields__:
        old, new = getattr(before, attribute), getattr(after, attribute)
        if old == new or attribute in _UNCOMPARED or attribute in _PARTS:
            continue
        was, now = (
            _in_words(versions, version, attribute, value, each)
            for version, value, each in ((versions.before, old, before), (versions.after, new, after))
        )
        if was == now and attribute in ("conditions", "actions"):
            continue  # only their ids are others
        whose = "the template" if title is None else f"{_noun(part)} {quoted(title)}"
        noun = _WORDS.get(attribute, attribute.replace("_", " "))
        noun = f'switch "{noun}"' if isinstance(new, bool) else noun
        yield Difference(
            part=part,
            change="changed",
            part_id=None if isinstance(after, Settings) else after.id,
            name=title,
            attribute=attribute,
            before=old,
            after=new,
            sentence=f"The {noun} of {whose} changed from {was} to {now}.",
        )


def _in_words(versions: _Versions, version: Template, attribute: str, value: Any, of: Listed | Settings) -> str:
    wording = _WORDINGS.get(attribute)
    if wording is not None:
        return wording(value, version, versions.names)
    if isinstance(of, Rule) and attribute in ("conditions", "actions"):
        text = (
            conditions_text(of.conditions, version)
            if attribute == "conditions"
            else actions_text(of, version, versions.names)
        )
        return quoted(text.replace('"', "'"))
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value in ("", (), {}):
        return "nothing"
    if isinstance(value, str):
        return quoted(value)
    if attribute in _SEQUENCES:
        return joined(_texts(value), "nothing")
    return str(value) if isinstance(value, int | float) else quoted(msgspec.json.encode(value).decode())


def _texts(values: Iterable[Any]) -> Iterator[str]:
    """Options by their text, columns by their label, plain texts as they are."""
    for value in values:
        yield quoted(str(getattr(value, "text", getattr(value, "label", value))))


def _deadline(value: StepDeadline, version: Template, _: Names) -> str:
    return deadline_text(value, version)


def _stage(value: str | None, version: Template, _: Names) -> str:
    stage = None if value is None else version.stage(value)
    return "none" if stage is None else quoted(stage.name)


def _order_lock(value: Sequence[str] | None, version: Template, _: Names) -> str:
    return joined((step_name(each, version) for each in value or ()), "none")


def _template(value: Any, _: Template, names: Names) -> str:
    if value is None:
        return "nothing"
    called = names.templates.get(value.template_id)
    target = ANOTHER_TEMPLATE if called is None else quoted(called)
    return f"the tasks of {target}, in the process" if value.tasks_within_process else target


_WORDINGS: Mapping[str, Callable[[Any, Template, Names], str]] = {
    "deadline": _deadline,
    "start_date": lambda value, _, __: f"{duration(value.value, value.unit)} after the launch",
    "assignees": lambda value, _, names: members_text(value, names),
    "users": lambda value, _, names: members_text(value, names),
    "default_watchers": lambda value, _, names: watchers_text(value, names),
    "groups": lambda value, _, names: groups_text(value, names),
    "roles": lambda value, _, names: roles_text(value, names),
    "guests": lambda value, _, __: joined(value),
    "stage_id": _stage,
    "blocked_by": _order_lock,
    "follow_up": _template,
    "approvals_needed": lambda value, _, __: str(value) if value else "no number",
    "max_assignable": lambda value, _, __: str(value) if value else "no cap",
    "form_rules": lambda value, version, _: form_rules_text(value, version),
    "kickoff_sharing_user_id": lambda value, _, names: members_text([] if value is None else [value], names),
}
