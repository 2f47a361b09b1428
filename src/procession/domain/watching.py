"""What clients say about watchers, read loosely, all faults at once. Spec: api-content 5, T-4.10."""

from collections.abc import Mapping
from typing import Any, TypeVar

from procession.domain.errors import Invalid
from procession.domain.loose import as_int, as_list, as_object, strangers
from procession.domain.task_input import Errors, required, webhook
from procession.domain.watchers import (
    FREQUENCY_WORDS,
    NOTIFICATION_TYPES,
    OBJECT_TYPES,
    DefaultWatcher,
    Frequency,
    Notice,
    NotificationType,
    ObjectType,
)

T = TypeVar("T")

MAX_DEFAULT_WATCHERS = 500
# Clients spell the address in any of these ways.
ADDRESSES = ("webhook", "webhook_url", "url")
TYPES: Mapping[str, NotificationType] = {each: each for each in NOTIFICATION_TYPES}
OBJECTS: Mapping[str, ObjectType] = {each: each for each in OBJECT_TYPES}


def read_watch(body: Mapping[str, object], *, organization_id: str) -> tuple[ObjectType, str, Notice]:
    """What is watched, by type and id, and how its watcher is told. Raises Invalid."""
    errors: Errors = {}
    kind = _word(body, "object_type", OBJECTS, None, "", errors)
    object_id = body.get("object_id")
    if object_id in (None, ""):
        object_id = organization_id if kind == "organization" else ""
    known_id = str(object_id).lower() if isinstance(object_id, str | int) else ""
    if not known_id:
        errors["object_id"] = [required("object_id")]
    notice = read_notice(body, "", errors, frequency="electric")
    if errors or kind is None:
        raise Invalid(errors)
    return kind, known_id, notice


def read_notice(entry: Mapping[str, object], path: str, errors: Errors, *, frequency: Frequency) -> Notice:
    """How somebody is told; faults are entered below `path`, which ends in a dot unless it is empty."""
    address = next((entry[name] for name in ADDRESSES if entry.get(name) not in (None, "")), None)
    usual: NotificationType = "email" if address is None else "webhook"
    kind: NotificationType | None = _word(entry, "notification_type", TYPES, usual, path, errors)
    often: Frequency | None = _word(entry, "frequency", FREQUENCY_WORDS, frequency, path, errors)
    url: str | None = None
    if kind == "webhook" and address is None:
        errors[f"{path}webhook"] = [required("webhook")]
    elif kind == "webhook":
        try:
            url = webhook(address)
        except ValueError as fault:
            errors[f"{path}webhook"] = [str(fault)]
    return Notice(notification_type=kind or "email", frequency=often or frequency, webhook=url)


def _word(
    entry: Mapping[str, object], name: str, known: Mapping[str, T], default: T | None, path: str, errors: Errors
) -> T | None:
    sent = entry.get(name)
    if sent in (None, "") and default is not None:
        return default
    found = known.get(sent.strip().lower()) if isinstance(sent, str) else None
    if found is None:
        words = f"The {name.replace('_', ' ')} must be one of {', '.join(known)}."
        errors[f"{path}{name}"] = [words if sent not in (None, "") else required(name)]
    return found


def read_default_watchers(sent: object) -> tuple[DefaultWatcher, ...]:
    """`{users: [{id, ...}], groups: [{id, ...}]}`, ids alone too, each once; null: nobody. Raises Invalid."""
    whole = {} if sent is None else as_object(sent)
    if whole is None:
        raise Invalid({"default_watchers": ["The default watchers must be an object with users and groups."]})
    errors: Errors = {f"default_watchers.{key}": [said] for key, said in strangers(whole, ("users", "groups")).items()}
    found: dict[tuple[str, Any], DefaultWatcher] = {}
    for name, ours, read in (("users", "member", as_int), ("groups", "group", _text)):
        entries = as_list([] if whole.get(name) is None else whole[name])
        if entries is None or len(entries) > MAX_DEFAULT_WATCHERS:
            errors[f"default_watchers.{name}"] = [f"The {name} must be a list of at most {MAX_DEFAULT_WATCHERS}."]
            continue
        for index, raw in enumerate(entries):
            path = f"default_watchers.{name}.{index}"
            entry = as_object(raw) or {"id": raw}
            who = read(entry.get("id"))
            if who is None:
                errors[f"{path}.id"] = [required("id")]
            notice = read_notice(entry, f"{path}.", errors, frequency="mindful")
            of_whom: dict[str, Any] = {ours: who}
            found[ours, who] = DefaultWatcher(**of_whom, notice=notice)
    if errors:
        raise Invalid(errors)
    return tuple(found.values())


def _text(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and value else None
