"""Bodies of templates and steps as domain input. Spec: api-templates 2.2, 2.3, 4.1."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from procession.api.bodies import required
from procession.api.contract.steps import FollowUpBody, StepBody, StepChange
from procession.api.contract.templates import PermissionBody, TemplateBody, TemplateChange, TemplateSettings
from procession.api.lenient import read_object
from procession.api.present.templates import WIRE_NAMES
from procession.domain.deadlines import read_start_date, read_step_deadline
from procession.domain.errors import Invalid
from procession.domain.loose import as_int, as_list, as_object, strangers
from procession.domain.template_permissions import PERMISSIONS, Permission
from procession.domain.templates import DEFAULT_START, FollowUp, Settings, Step
from procession.domain.watching import read_default_watchers
from procession.usecases.steps import StepInput
from procession.usecases.tags_of_imports import SentTag
from procession.usecases.template_import import Export, ImportedStep
from procession.usecases.template_permissions import PermissionList
from procession.usecases.templates import TemplateInput

T = TypeVar("T")

# Names of steps' attributes where ours differ from the wire's.
STEP_NAMES = {"bp_to_launch": "follow_up"}


class _NewTemplate(TemplateBody, kw_only=True):
    """The fields of the form, and watchers, are read by the domain, which knows what each type needs."""

    prerun: list[Any] | UnsetType = UNSET
    default_watchers: Any = UNSET


class _ChangedTemplate(TemplateChange, kw_only=True):
    prerun: list[Any] | UnsetType = UNSET
    default_watchers: Any = UNSET


class _ExportedTemplate(_NewTemplate, kw_only=True):
    steps: Any = None
    stages: Any = None
    default_folder: str | UnsetType | None = UNSET
    automated_actions: Any = None
    tags: Any = None


CHANGEABLE = frozenset(_ChangedTemplate.__struct_fields__) - {"title"}


def read_new_template(body: Any, ignored: list[str]) -> TemplateInput:
    return _template_input(read_object(_NewTemplate, body, ignored))


def read_changed_template(body: Any, ignored: list[str]) -> TemplateInput:
    return _template_input(read_object(_ChangedTemplate, body, ignored))


def read_exported_template(body: Any, ignored: list[str]) -> Export:
    given = read_object(_ExportedTemplate, body, ignored)
    errors: dict[str, list[Any]] = {}
    steps: list[ImportedStep] = []
    for index, raw in enumerate(_relation(given.steps, "steps")):
        entry = as_object(raw) or {}
        try:
            captures = _relation(entry.get("captures"), "captures")
            follow_up = as_object(entry.get("bp_to_launch"))
            if follow_up is not None:
                target = {name: follow_up[name] for name in FollowUpBody.__struct_fields__ if name in follow_up}
                entry = {**entry, "bp_to_launch": target}
            tags = _exported_tags(entry.get("tags"), f"steps.{index}.")
            known = {name: value for name, value in entry.items() if name != "tags"}
            steps.append(ImportedStep(read_step(StepBody, known, []), entry.get("id"), captures, tags))
        except Invalid as invalid:
            errors |= {f"steps.{index}.{path}": messages for path, messages in invalid.errors.items()}
    if errors:
        raise Invalid(errors)
    return Export(
        template=_template_input(given),
        steps=steps,
        stages=_relation(given.stages, "stages"),
        rules=_relation(given.automated_actions, "automated_actions"),
        tags=_exported_tags(given.tags, ""),
    )


def _exported_tags(sent: object, place: str) -> list[SentTag]:
    """Tags by id or title, or as `with=tags` shows them."""
    found: list[SentTag] = []
    for index, raw in enumerate(_relation(sent, "tags")):
        entry = as_object(raw) or {"tag_id": raw, "title": raw}
        texts = {name: value for name, value in entry.items() if isinstance(value, str)}
        found.append(
            SentTag(
                path=f"{place}tags.{index}",
                id=texts.get("tag_id", "").lower(),
                title=texts.get("title", "").strip(),
                color=texts.get("color"),
                kind=texts.get("type"),
            )
        )
    return found


def _relation(sent: object, name: str) -> Sequence[object]:
    """A to-many relation, bare or in its envelope."""
    entries = as_list((as_object(sent) or {}).get("data", sent))
    if entries is None and sent is not None:
        raise Invalid({name: [f"The {name} must be a list."]})
    return entries or ()


def _template_input(body: TemplateSettings) -> TemplateInput:
    sent = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET}
    row = {name: sent[name] for name in ("type", "status", "alias", "is_pinned", "starred") if name in sent}
    for name, ours in (("owner_id", "owner"), ("user_id", "created_by"), ("prerun", "kickoff")):
        if name in sent:
            row[ours] = sent[name]
    if "folder_id" in sent:
        row["folder_id"] = _lower(sent["folder_id"])
    settings = {name: _frozen(sent[name]) for name in Settings.__struct_fields__ if name in sent}
    if "default_watchers" in settings:
        settings["default_watchers"] = read_default_watchers(sent["default_watchers"])
    if "default_folder" in settings:
        settings["default_folder"] = _lower(settings["default_folder"])
    return TemplateInput(title=body.title, settings=settings, **row)


def _lower(sent: str | None) -> str | None:
    return None if sent is None else sent.lower()


def _frozen(value: Any) -> Any:
    """Lists as tuples without repeats; ids in lower case."""
    if not isinstance(value, list):
        return value
    entries: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
    if any(isinstance(each, dict | list) for each in entries):  # neither ids nor texts: refused by who reads them
        return tuple(entries)
    return tuple(dict.fromkeys(each.lower() if isinstance(each, str) else each for each in entries))


def read_step(shape: type[StepChange], body: Any, ignored: list[str]) -> StepInput:
    """A step's body; raises Invalid with the faults of its deadline and start date among the others."""
    sent = as_object(body) or {}
    errors: dict[str, list[Any]] = {}
    given = _gathering(errors, lambda: read_object(shape, body, ignored))
    values: dict[str, Any] = {}
    for name, read, cleared in (("deadline", read_step_deadline, None), ("start_date", read_start_date, DEFAULT_START)):
        if name in sent:
            values[name] = cleared if sent[name] in (None, "") else _gathering(errors, _reader(read, sent[name]))
    if errors or given is None:
        raise Invalid(errors)
    for name in given.__struct_fields__:
        value = getattr(given, name)
        ours = STEP_NAMES.get(name, name)
        if value is not UNSET and ours in Step.__struct_fields__ and name not in ("title", "deadline", "start_date"):
            values[ours] = _step_value(name, value)
    return StepInput(title=given.title, values=values, tags=given.tags if isinstance(given, StepBody) else ())


def _reader(read: Callable[[object], T], sent: object) -> Callable[[], T]:
    return lambda: read(sent)


def _gathering(errors: dict[str, list[Any]], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Invalid as invalid:
        errors |= invalid.errors
        return None


def _step_value(name: str, value: Any) -> Any:
    if isinstance(value, FollowUpBody):
        return FollowUp(value.id.lower(), value.default_name_format, value.tasks_within_process)
    if name == "max_assignable":
        return value or 0
    if name == "blocked_by":
        return _frozen(value) or None
    if name == "ai_allowed_app_keys":
        return tuple(value)
    return _lower(value) if name == "stage_id" else _frozen(value)


def lone_position(body: Any) -> int | None:
    """The position, when the body is exactly `{"position": N}`. Raises Invalid when N is no place. Spec: S4."""
    sent = as_object(body)
    if sent is None or set(sent) != {"position"}:
        return None
    return read_position(sent)


def read_position(sent: Mapping[str, object]) -> int:
    """Raises Invalid."""
    position = as_int(sent.get("position"))
    if position is None or position < 1:
        missing = sent.get("position") in (None, "")
        sentence = required("position") if missing else "The position must be an integer of at least 1."
        raise Invalid({"position": [sentence]})
    return position


PERMISSION_WORDS: Mapping[str, Permission] = {
    **{word: permission for permission, word in WIRE_NAMES.items()},
    **{word: word for word in PERMISSIONS},
}


def read_permission_lists(body: Any, ignored: list[str]) -> dict[Permission, tuple[int, PermissionList]]:
    """The lists sent, bare or in an envelope, each with its place. Raises Invalid. Spec: api-templates 9."""
    whole = as_object(body) or {}
    entries = as_list(whole.get("data", whole.get("permissions", body)))
    if entries is None:
        raise Invalid({"permissions": ["The permissions must be a list."]})
    errors: dict[str, list[Any]] = {}
    lists: dict[Permission, tuple[int, PermissionList]] = {}
    for index, raw in enumerate(entries):
        try:
            entry = read_object(PermissionBody, raw, ignored)
        except Invalid as invalid:
            errors |= {f"{index}.{path}": messages for path, messages in invalid.errors.items()}
            continue
        misspelt = strangers(as_object(raw) or {}, PermissionBody.__struct_fields__)
        errors |= {f"{index}.{key}": [said] for key, said in misspelt.items()}
        permission = PERMISSION_WORDS.get(entry.permission.upper())
        if permission is None:
            errors[f"{index}.permission"] = [f"The permission must be one of {', '.join(WIRE_NAMES.values())}."]
        else:
            groups = [each.lower() for each in entry.groups]
            guests = None if entry.guests is UNSET else entry.guests
            given = PermissionList(everyone=entry.all, users=entry.users, groups=groups, guests=guests)
            lists[permission] = (index, given)
    if errors:
        raise Invalid(errors)
    return lists
