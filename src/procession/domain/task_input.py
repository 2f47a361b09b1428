"""What clients say about a task, read loosely, all faults at once. Spec: api-tasks 9.1, 10, 11; api-conventions 13."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_args

import msgspec
from msgspec import UNSET, UnsetType

from procession.domain.assignees import read_owners
from procession.domain.errors import Invalid
from procession.domain.loose import as_bool, as_int, as_list, as_object, clean_text
from procession.domain.names import clean_name
from procession.domain.processes import Owners, TaskType
from procession.domain.tasks import MAX_POSITION, MAX_TITLE
from procession.domain.times import Millis, parse_instant

MAX_SUMMARY = 1_000_000
MAX_ASSIGNABLE = 1_000_000
MAX_URL = 2000
MAX_COMMENT = 65_535
MAX_FIELDS = 200
MAX_IDS = 1000

TASK_TYPES: tuple[TaskType, ...] = get_args(TaskType)
HEX = re.compile(r"[0-9a-f]{32}")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)

Errors = dict[str, list[Any]]

# Other names of keys. Spec: api-conventions 20.
ALIASES = {"description": "summary", "name": "title"}
# Clients send these; they change nothing, and that is no news to anybody. Spec: api-tasks 9.1, 10.
PASSED_OVER = frozenset({"status"})
REQUIRED_OF_NEW = ("title", "task_type", "owners", "deadline")
REQUIRED_OF_ONE_OFF = ("title", "deadline", "owners")


class TaskInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says about a task; UNSET: nothing."""

    title: str | UnsetType = UNSET
    summary: str | UnsetType | None = UNSET
    task_type: TaskType | UnsetType = UNSET
    owners: Owners | UnsetType = UNSET
    deadline: Millis | UnsetType | None = UNSET
    started_at: Millis | UnsetType | None = UNSET
    is_soft_start_date: bool | UnsetType = UNSET
    max_assignable: int | UnsetType = UNSET
    everyone_must_complete: bool | UnsetType = UNSET
    can_complete_only_assignees: bool | UnsetType = UNSET
    prevent_guest_comment: bool | UnsetType = UNSET
    top_secret: bool | UnsetType = UNSET
    send_chromeless: bool | UnsetType | None = UNSET
    webhook: str | UnsetType | None = UNSET
    position: int | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    folders: tuple[str, ...] | UnsetType = UNSET
    # As they were sent: reading them takes ids and the fields there are.
    form_fields: list[object] | UnsetType = UNSET
    taskdata: object = UNSET
    linked_step_id: str | UnsetType | None = UNSET
    run_id: str | UnsetType | None = UNSET
    separate_task_for_each_assignee: bool | UnsetType = UNSET

    @property
    def said(self) -> list[str]:
        """The names of what it says."""
        return [name for name in self.__struct_fields__ if getattr(self, name) is not UNSET]


CHANGEABLE = frozenset(TaskInput.__struct_fields__) - {
    "folders",
    "linked_step_id",
    "run_id",
    "separate_task_for_each_assignee",
}
CREATABLE = frozenset(TaskInput.__struct_fields__) - {"taskdata", "send_chromeless"}


class Read(msgspec.Struct, frozen=True):
    """What could be read, the faults by path, the keys sent (as they are called here), and the unknown ones."""

    said: TaskInput
    errors: Errors
    sent: frozenset[str]
    ignored: list[str]


def read_task(raw: object, known: Collection[str]) -> Read:
    """A body with the `known` keys. Raises Invalid only when it is no object at all."""
    values: dict[str, Any] = {}
    errors: Errors = {}
    ignored: list[str] = []
    sent: set[str] = set()
    body = read_object(raw)
    for wire, value in body.items():
        name = ALIASES.get(wire, wire)
        if name in PASSED_OVER or (name != wire and name in body):
            continue
        if name not in known:
            ignored.append(wire)
            continue
        sent.add(name)
        try:
            values[name] = _READERS[name](None if value == "" else value)
        except ValueError as fault:
            errors[name] = [str(fault)]
        except Invalid as invalid:
            errors.update(invalid.errors)
    return Read(TaskInput(**values), errors, frozenset(sent), ignored)


def without(read: Read, name: str) -> Read:
    """As if nothing had been said by this name."""
    if name not in read.sent:
        return read
    return Read(
        msgspec.structs.replace(read.said, **{name: UNSET}),
        {path: each for path, each in read.errors.items() if path.partition(".")[0] != name},
        read.sent - {name},
        [*read.ignored, name],
    )


def read_object(raw: object) -> Mapping[str, object]:
    """A body as an object; `[]` is an empty one. Raises Invalid."""
    body = as_object({} if raw == [] else raw)
    if body is None:
        raise Invalid({"body": ["The body must be a JSON object."]})
    return body


def missing(names: Collection[str], sent: Collection[str]) -> Errors:
    """Messages for required keys that were not sent."""
    return {name: [required(name)] for name in names if name not in sent}


def required(name: str) -> str:
    return f"The {name.replace('_', ' ')} field is required."


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A completion as it was asked for."""

    task_id: str | None
    is_approved: bool | None = None
    override_user: int | None = None
    comment: str | None = None
    errors: Errors = {}
    ignored: tuple[str, ...] = ()


def read_completion(raw: object) -> Completion:
    """`{task_id, is_approved, override_user, comment}`; form values cannot be sent here. Spec: api-tasks 11."""
    errors: Errors = {}
    body = {key: None if value == "" else value for key, value in read_object(raw).items()}

    def read(name: str, reader: Callable[[object], Any]) -> Any:
        value = body.get(name)
        try:
            return None if value is None else reader(value)
        except ValueError as fault:
            errors[name] = [str(fault)]
            return None

    completion = Completion(
        task_id=read("task_id", _id("task_id")),
        is_approved=read("is_approved", _flag("is_approved")),
        override_user=read("override_user", _whole("override_user", 1, 1 << 53)),
        comment=read("comment", _text("comment", MAX_COMMENT)),
        ignored=tuple(key for key in body if key not in Completion.__struct_fields__),
    )
    if body.get("task_id") is None:
        errors["task_id"] = [required("task_id")]
    return msgspec.structs.replace(completion, errors=errors)


def read_answer(raw: object, path: str, value_key: str) -> tuple[str, object]:
    """One answer, `{id, <value_key>}`: the field's id and the value. Raises Invalid below `path`."""
    entry = as_object(raw)
    if entry is None:
        raise Invalid({path or "body": ["An answer must be an object with an id and a value."]})
    at = f"{path}.id" if path else "id"
    field_id = entry.get("id")
    if field_id is None or field_id == "":
        raise Invalid({at: [required("id")]})
    if not isinstance(field_id, str):
        raise Invalid({at: ["The id must be the id of a form field."]})
    if value_key not in entry:
        # Null clears an answer; saying nothing of it is a mistake, not a wish.
        raise Invalid({f"{path}.{value_key}" if path else value_key: [required(value_key)]})
    return field_id.lower(), entry[value_key]


def read_answers(raw: object) -> dict[str, object]:
    """`{id, value}` or a list of such objects, as a map. Raises Invalid with every fault. Spec: api-tasks T18."""
    entries = as_list(raw)
    if entries is None:
        return dict([read_answer(raw, "", "value")])
    errors: Errors = {}
    answers: dict[str, object] = {}
    for index, entry in enumerate(entries):
        try:
            answers.update([read_answer(entry, str(index), "value")])
        except Invalid as invalid:
            errors.update(invalid.errors)
    if errors:
        raise Invalid(errors)
    return answers


def is_finishing(sent: Mapping[str, object]) -> bool:
    """Whether a guest's update also completes the task. Spec: api-tasks 16."""
    status = sent.get("status")
    return isinstance(status, str) and status.strip().lower() in ("completed", "complete")


def read_comment(raw: object) -> str | None:
    """The optional `comment` of a body. Raises Invalid."""
    value = read_object(raw).get("comment")
    try:
        return None if value in (None, "") else _text("comment", MAX_COMMENT)(value)
    except ValueError as fault:
        raise Invalid({"comment": [str(fault)]}) from None


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(name: str, most: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"The {_words(name)} must be a string.")  # noqa: TRY004  # a fault of the body
        if len(value) > most:
            raise ValueError(f"The {_words(name)} may not be greater than {most} characters.")
        return clean_text(value)

    return read


def _title(value: object) -> str:
    title = clean_name(_text("title", MAX_TITLE)("" if value is None else value))
    if not title:
        raise ValueError(required("title"))
    return title


def _flag(name: str) -> Callable[[object], bool]:
    def read(value: object) -> bool:
        flag = as_bool(value)
        if flag is None:
            raise ValueError(f"The {_words(name)} field must be true or false.")
        return flag

    return read


def _whole(name: str, least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        number = as_int(value)
        if number is None or not least <= number <= most:
            raise ValueError(f"The {_words(name)} must be a whole number from {least} to {most}.")
        return number

    return read


def _instant(name: str) -> Callable[[object], Millis]:
    def read(value: object) -> Millis:
        try:
            return parse_instant(value)
        except ValueError as fault:
            raise ValueError(f"The {_words(name)}: {fault}") from None

    return read


def _id(name: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = value.lower() if isinstance(value, str) else ""
        if not HEX.fullmatch(text):
            raise ValueError(f"The {_words(name)} is not an id.")
        return text

    return read


def _ids(name: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        entries = as_list(value)
        if entries is None or len(entries) > MAX_IDS:
            raise ValueError(f"The {_words(name)} must be a list of at most {MAX_IDS} ids.")
        errors: Errors = {}
        found: list[str] = []
        for index, entry in enumerate(entries):
            try:
                found.append(_id(f"{name}.{index}")(entry))
            except ValueError as fault:
                errors[f"{name}.{index}"] = [str(fault)]
        if errors:
            raise Invalid(errors)
        return tuple(dict.fromkeys(found))

    return read


def _task_type(value: object) -> TaskType:
    for known in TASK_TYPES:
        if value == known:
            return known
    raise ValueError(f"The task type must be one of {', '.join(TASK_TYPES)}.")


def webhook(value: object) -> str:
    """Raises ValueError."""
    address = _text("webhook", MAX_URL)(value).strip()
    if not _WEB_ADDRESS.fullmatch(address):
        raise ValueError("The webhook must be a URL that begins with http:// or https://.")
    return address


def _fields(value: object) -> list[object]:
    entries = as_list((as_object(value) or {}).get("data", value))
    if entries is None or len(entries) > MAX_FIELDS:
        raise ValueError(f"The form fields must be a list of at most {MAX_FIELDS} fields.")
    return entries


def _demanded(name: str, read: Callable[[object], Any]) -> Callable[[object], Any]:
    """Null, or an empty text, is no value for this key."""

    def demand(value: object) -> Any:
        if value is None:
            raise ValueError(required(name))
        return read(value)

    return demand


def _or_null(read: Callable[[object], Any]) -> Callable[[object], Any]:
    def read_or_null(value: object) -> Any:
        return None if value is None else read(value)

    return read_or_null


def _most(value: object) -> int:
    return 0 if value is None else _whole("max_assignable", 0, MAX_ASSIGNABLE)(value)


def _as_sent(value: object) -> object:
    return value


_PLAIN_READERS: dict[str, Callable[[object], Any]] = {
    "title": _title,
    "summary": _or_null(_text("summary", MAX_SUMMARY)),
    "task_type": _demanded("task_type", _task_type),
    "owners": _demanded("owners", read_owners),
    "deadline": _or_null(_instant("deadline")),
    "started_at": _or_null(_instant("started_at")),
    "max_assignable": _most,
    "send_chromeless": _or_null(_flag("send_chromeless")),
    "webhook": _or_null(webhook),
    "position": _whole("position", 1, MAX_POSITION),
    "tags": _ids("tags"),
    "folders": _ids("folders"),
    "form_fields": _fields,
    "taskdata": _as_sent,
    "linked_step_id": _or_null(_id("linked_step_id")),
    "run_id": _or_null(_id("run_id")),
}
_FLAGS = (
    "is_soft_start_date",
    "everyone_must_complete",
    "can_complete_only_assignees",
    "prevent_guest_comment",
    "top_secret",
    "separate_task_for_each_assignee",
)
_READERS: Mapping[str, Callable[[object], Any]] = {**_PLAIN_READERS, **{name: _flag(name) for name in _FLAGS}}
