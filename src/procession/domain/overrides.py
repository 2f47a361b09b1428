"""What a launch says about single steps and job titles, read from its body. Spec: api-processes 7.3."""

from collections.abc import Callable
from typing import Any

import msgspec

from procession.domain.answers import fold_map
from procession.domain.assignees import read_owners
from procession.domain.errors import Invalid
from procession.domain.loose import as_bool, as_int, as_object
from procession.domain.processes import Owners
from procession.domain.templates import MAX_STEP_TITLE, Step, Template
from procession.domain.times import parse_instant

MAX_POSITION = 9999


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch says about one step. Spec: api-processes 7.3; L-7.2, L-7.4."""

    # It gets no task.
    skip: bool = False
    # Nobody gets the task, not even whoever launches.
    unassigned: bool = False
    owners: Owners | None = None
    deadline: int | None = None
    started_at: int | None = None
    position: int | None = None
    max_assignable: int | None = None
    title: str | None = None
    summary: str | None = None


def unread_keys(raw: object) -> list[str]:
    """What the `tasks` map says that nothing reads, as `tasks.<key>.<name>`."""
    sent = fold_map(raw) or {}
    known = {*Override.__struct_fields__, "taskdata"}
    return [
        f"tasks.{key}.{name}" for key, value in sent.items() for name in as_object(value) or {} if name not in known
    ]


def read_overrides(raw: object, template: Template) -> dict[str, Override]:
    """The `tasks` map, keyed by step id (or alias). Raises Invalid on `tasks`, as a list of `{step: [messages]}`."""
    sent = fold_map(raw)
    if sent is None:
        raise Invalid({"tasks": ["The tasks must be an object keyed by step."]})
    by_key = {step.alias: step for step in template.steps} | {step.id: step for step in template.steps}
    found: dict[str, Override] = {}
    errors: list[dict[str, list[str]]] = []
    for key, value in sent.items():
        step = by_key.get(key) or by_key.get(key.lower())
        if step is None:
            errors.append({key: [f"The task {key} is not part of the template"]})
            continue
        try:
            found[step.id] = _read_override(step, value)
        except Invalid as invalid:
            errors.append({step.id: [message for messages in invalid.errors.values() for message in messages]})
    if errors:
        raise Invalid({"tasks": errors})
    return found


def _read_override(step: Step, raw: object) -> Override:
    sent = as_object(raw)
    if sent is None:
        if raw in (None, []):
            return Override()
        raise Invalid({"task": ["The overrides of a task must be an object."]})
    nested = as_object(sent.get("taskdata")) or {}
    errors: dict[str, list[str]] = {}

    def read(name: str, value: object, reader: Callable[[Any], Any]) -> Any:
        if value is None or value == "":
            return None
        try:
            return reader(value)
        except ValueError as problem:
            errors[name] = [f"The {name.replace('_', ' ')}: {problem}"]
        except Invalid as invalid:
            errors.update(invalid.errors)
        return None

    override = Override(
        skip=read("skip", sent.get("skip"), _flag) or False,
        unassigned=read("unassigned", sent.get("unassigned"), _flag) or False,
        owners=read("owners", sent.get("owners"), read_owners),
        deadline=read("deadline", sent.get("deadline", nested.get("deadline")), parse_instant),
        started_at=read("started_at", sent.get("started_at"), parse_instant),
        position=read("position", sent.get("position"), lambda value: _whole(value, 1, MAX_POSITION)),
        max_assignable=read("max_assignable", sent.get("max_assignable"), lambda value: _whole(value, 0, 1 << 31)),
        title=read("title", sent.get("title"), lambda value: _text(value, MAX_STEP_TITLE)),
        summary=read("summary", sent.get("summary"), lambda value: _text(value, None)),
    )
    if override.skip and not step.skip_start_process:
        errors["skip"] = [f"The step {step.title} is mandatory, it cannot be left out."]
    if override.unassigned and override.owners is not None and not override.owners.is_empty:
        errors["unassigned"] = ["Name owners or say unassigned, not both."]
    if errors:
        raise Invalid(errors)
    return override


def _flag(value: object) -> bool:
    flag = as_bool(value)
    if flag is None:
        raise ValueError("write true or false.")
    return flag


def _whole(value: object, least: int, most: int) -> int:
    number = as_int(value)
    if number is None or not least <= number <= most:
        raise ValueError(f"write a whole number from {least} to {most}.")
    return number


def _text(value: object, most: int | None) -> str:
    if not isinstance(value, str):
        raise ValueError("write a text.")  # noqa: TRY004  # a client's mistake, collected with the others
    if most is not None and len(value) > most:
        raise ValueError(f"write at most {most} characters.")
    return value


def read_roles(raw: object) -> dict[str, Owners]:
    """The `roles` map: people chosen for job titles. Raises Invalid on `roles.<id>`."""
    sent = fold_map(raw)
    if sent is None:
        raise Invalid({"roles": ["The roles must be an object keyed by job title."]})
    return {key.lower(): read_owners(value, f"roles.{key}") for key, value in sent.items()}
