"""The launch that an action asks for, as clients send it. Spec: api-templates 8.2, A-4.70."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from procession.domain.automations.rules import FIELD_SUBJECTS, FieldSubject, HandedOn, Launch
from procession.domain.fields import Field
from procession.domain.loose import as_list, as_object, clean_text, strangers

MAX_NAME_FORMAT = 550
MAX_HANDED_ON = 200

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)

Complain = Callable[[str, str], None]
Known = Mapping[FieldSubject, Mapping[str, Field]]


def read_launch(path: str, raw: object, known: Known, complain: Complain) -> Launch | None:
    """`{checklist_id, name_format, prerun: [{prerun_id, actionable_type, actionable_id}]}`; None where it is not right.

    Whether the other template is there and takes such answers is asked by who knows it.
    """
    sent = as_object(raw)
    if sent is None:
        complain(path, "The launch must be an object with checklist_id.")
        return None
    for key, said in strangers(sent, ("checklist_id", "name_format", "prerun")).items():
        complain(f"{path}.{key}", said)
    template_id = _id(f"{path}.checklist_id", sent, "checklist_id", complain)
    name = sent.get("name_format")
    if name is not None and not (isinstance(name, str) and len(name) <= MAX_NAME_FORMAT):
        complain(f"{path}.name_format", f"The name format must be a text of at most {MAX_NAME_FORMAT} characters.")
        name = None
    entries: list[Any] | None = [] if sent.get("prerun") is None else as_list(sent["prerun"])
    if entries is None or len(entries) > MAX_HANDED_ON:
        complain(f"{path}.prerun", f"The prerun must be a list of at most {MAX_HANDED_ON} entries.")
        entries = []
    answers = [_handed_on(f"{path}.prerun.{index}", each, known, complain) for index, each in enumerate(entries)]
    seen: set[str] = set()
    for index, each in enumerate(answers):
        if each.field and each.field in seen:
            complain(f"{path}.prerun.{index}.prerun_id", "A kick-off field may be handed one answer.")
        seen.add(each.field)
    return Launch(template_id, (clean_text(name) or None) if isinstance(name, str) else None, tuple(answers))


def _handed_on(path: str, raw: object, known: Known, complain: Complain) -> HandedOn:
    sent = as_object(raw) or {}
    field = _id(f"{path}.prerun_id", sent, "prerun_id", complain)
    kind: FieldSubject | None = next((each for each in FIELD_SUBJECTS if each == sent.get("actionable_type")), None)
    if kind is None:
        complain(f"{path}.actionable_type", f"The actionable type must be one of {', '.join(FIELD_SUBJECTS)}.")
    source_id = _id(f"{path}.actionable_id", sent, "actionable_id", complain)
    if kind is not None and source_id and source_id not in known[kind]:
        what = "form field" if kind == "Capture" else "kick-off field"
        complain(f"{path}.actionable_id", f"There is no such {what} in this template.")
    return HandedOn(field, kind or "Prerun", source_id)


def _id(path: str, sent: Mapping[str, object], key: str, complain: Complain) -> str:
    given = sent.get(key)
    if not isinstance(given, str) or not given:
        complain(path, f"The {key.replace('_', ' ')} field is required.")
        return ""
    if _ID.fullmatch(given.lower()) is None:
        complain(path, f"The {key.replace('_', ' ')} must be an id of 32 hexadecimal digits.")
        return ""
    return given.lower()
