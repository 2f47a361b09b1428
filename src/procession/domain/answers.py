"""The answers of a form: a kick-off form's `prerun`, a task's `taskdata`.

Stored answers are a map of field id to value that holds answered fields only. Spec: api-conventions 18.4,
api-processes 7.2, api-tasks 10.1, behaviour-launching 4.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from html import escape
from typing import Literal

import msgspec

from procession.domain.calculating.sheet import Standing, calculates, is_required_now, standing, with_calculated
from procession.domain.calendar import parse_instant_in
from procession.domain.errors import Invalid
from procession.domain.fields import MAX_TEXT, NUMERIC, RELATIVE_DAY, Field
from procession.domain.loose import as_int, as_list, as_object
from procession.domain.names import Variable, fill_variables, variables_in
from procession.domain.quoting import Quoted
from procession.domain.richtext import is_rich
from procession.domain.times import wire
from procession.domain.values import People, Unacceptable, accept_value, broken_rules, is_blank

Key = Literal["prerun", "taskdata"]
Answers = Mapping[str, object]


class Accepted(msgspec.Struct, frozen=True):
    """All answers after the change; whose answers changed, which were sent empty, and the sent keys of no field."""

    values: dict[str, object]
    changed: frozenset[str]
    cleared: frozenset[str]
    ignored: list[str]


def accept(
    fields: Sequence[Field],
    sent: object,
    current: Answers,
    *,
    key: Key,
    people: People,
    org_id: str,
    may_clear_required: bool,
    zone: str = "UTC",
) -> Accepted:
    """The current answers with the sent ones merged in; raises Invalid with the messages of every field at fault.

    A kick-off form calculates on its own, in the organization's `zone`; what a task calculates may need others' forms
    and is for `calculating.process`.

    A field that is not sent keeps its answer; a sent key of no field, or of a calculated one, is ignored.
    """
    accepted, errors = _merge(fields, sent, current, key, people, org_id, zone)
    if not may_clear_required:
        found = standing(fields, accepted.values, zone)
        touched = accepted.changed | accepted.cleared
        asked = [field for field in fields if field.id in touched or field.form_rules]
        sent_blank = missing_required(asked, accepted.values, found)
        errors = {field_id: [message] for field_id, message in sent_blank.items()} | errors
    _raise_at_once(key, fields, errors)
    return accepted


def submit(
    fields: Sequence[Field],
    sent: object,
    *,
    key: Key,
    people: People,
    org_id: str,
    today: date,
    zone: str = "UTC",
    quoted: Quoted | None = None,
) -> Accepted:
    """The answers of a form sent as a whole, as a launch does: defaults filled in, nothing required left blank.

    `today` is the day in the organization's zone, `quoted` is what defaults may hold. Raises Invalid with every
    field at fault. Spec: L-4.3, L-4.8.
    """
    accepted, errors = _merge(fields, sent, {}, key, people, org_id, zone)
    values = with_defaults(fields, accepted.values, today=today, zone=zone, except_for=accepted.cleared, quoted=quoted)
    if calculates(fields):
        values = with_calculated([fields], values, zone)
    missing = missing_required(fields, values, standing(fields, values, zone))
    _raise_at_once(key, fields, {field_id: [message] for field_id, message in missing.items()} | errors)
    return msgspec.structs.replace(accepted, values=values, changed=frozenset(values))


def fold_map(sent: object) -> dict[str, object] | None:
    """A map as clients send it: an object, nothing, or a list of single-key objects; None for anything else.

    Spec: api-conventions 7, 20, L-4.2.
    """
    if sent is None:
        return {}
    if (whole := as_object(sent)) is not None:
        return whole
    entries = as_list(sent)
    if entries is None:
        return None
    folded: dict[str, object] = {}
    for sent_entry in entries:
        entry = as_object(sent_entry)
        if entry is None or len(entry) != 1:
            return None
        folded.update(entry)
    return folded


def with_defaults(
    fields: Sequence[Field],
    answers: Answers,
    *,
    today: date,
    zone: str,
    except_for: Collection[str] = (),
    quoted: Quoted | None = None,
) -> dict[str, object]:
    """The answers, and the default of each unanswered field but those named. Spec: L-4.8, T-11.21 to T-11.23.

    A default may quote the fields before it, those that begin with a default of their own, too.
    """
    filled = dict(answers)
    if quoted is not None:
        quoted.answers |= filled
    for field in fields:
        if field.default_value_enabled and field.id not in answers and field.id not in except_for:
            value = _default_answer(field, today, zone, quoted)
            if value is not None:
                filled[field.id] = value
                if quoted is not None:
                    quoted.answers[field.id] = value
    return filled


def missing_required(fields: Sequence[Field], answers: Answers, found: Standing) -> dict[str, str]:
    """What a form still lacks before it may be submitted, by field id; `found` is how its fields stand.

    Spec: L-4.3, L-4.5, T-11.72.
    """
    return {
        field.id: f"{field.label} is required"
        for field in fields
        if is_required_now(field, found) and is_blank(field, answers.get(field.id))
    }


def require_complete(kickoff: Sequence[Field], answers: Answers, zone: str) -> None:
    """Raises Invalid with everything that a kick-off form still lacks before it may be submitted."""
    missing = missing_required(kickoff, answers, standing(kickoff, answers, zone))
    if missing:
        raise Invalid({"prerun": [{field_id: [message]} for field_id, message in missing.items()]})


def completion_obstacles(fields: Sequence[Field], answers: Answers, zone: str) -> dict[str, list[str]]:
    """What a task's form still lacks before the task may be completed, by field id. Spec: T-11.12 to T-11.14, TT-1."""
    found = standing(fields, answers, zone)
    obstacles = {field_id: [message] for field_id, message in missing_required(fields, answers, found).items()}
    for field in fields:
        if field.id in found.hidden:
            continue
        answer = answers.get(field.id)
        complaints = broken_rules(field, answer)
        if field.needs_all_checked() and not _all_checked(field, answer):
            complaints.append(f"All items of {field.label} must be checked")
        if complaints:
            obstacles.setdefault(field.id, complaints)
    return obstacles


def _merge(
    fields: Sequence[Field], sent: object, current: Answers, key: Key, people: People, org_id: str, zone: str
) -> tuple[Accepted, dict[str, list[str]]]:
    """The answers merged as far as they are acceptable, and what is wrong with the others, by field id."""
    folded = fold_map(sent)
    if folded is None:
        raise Invalid({key: [f"The {key} must be an object keyed by field id."]})
    known = {field.id: field for field in fields}
    values, errors, ignored, cleared = dict(current), dict[str, list[str]](), list[str](), set[str]()
    for name, answer in folded.items():
        field = known.get(name) or known.get(name.lower())
        if field is None or field.field_type == "calculated":
            ignored.append(name)
            continue
        try:
            value = accept_value(field, answer, people=people, org_id=org_id)
        except Unacceptable as refusal:
            errors[field.id] = [str(message) for message in refusal.args]
            continue
        if value is None:
            values.pop(field.id, None)
            cleared.add(field.id)
        else:
            values[field.id] = value
    if key == "prerun" and calculates(fields):
        values = with_calculated([fields], values, zone)
    changed = frozenset(field_id for field_id in known if not is_same(current.get(field_id), values.get(field_id)))
    return Accepted(values, changed, frozenset(cleared), ignored), errors


def _raise_at_once(key: Key, fields: Sequence[Field], errors: Mapping[str, list[str]]) -> None:
    """In the order of the form. Spec: api-conventions 14.3."""
    if errors:
        raise Invalid({key: [{field.id: errors[field.id]} for field in fields if field.id in errors]})


def is_same(before: object, after: object) -> bool:
    """As JSON: 1, 1.0 and true are three answers; the order of keys is none of their business."""
    if before is after or before != after:
        return before is after
    return msgspec.json.encode(before, order="deterministic") == msgspec.json.encode(after, order="deterministic")


def _all_checked(field: Field, answer: object) -> bool:
    entries = [as_object(entry) or {} for entry in as_list(answer) or []]
    checked = {as_int(entry.get("id")) for entry in entries if entry.get("selected", True)}
    return all(option.id in checked for option in field.options)


def _default_answer(field: Field, today: date, zone: str, quoted: Quoted | None) -> object:
    default: object = field.default_value
    variables: Mapping[str, Variable] = {} if quoted is None else quoted
    if not isinstance(default, str) or field.field_type == "radio":
        return default
    if field.field_type == "textarea" and is_rich(default):
        return fill_variables(default, variables, lambda value: escape(str(value)))
    moment = _quoted_moment(field, default, quoted)
    if moment is not None and field.collect_time:
        return moment
    default = fill_variables(default, variables)
    if moment is not None:
        default = default.strip()[: len("2026-03-05")]
    if field.field_type == "date":
        return _date_or_none(field, default, today, zone)
    if field.field_type in NUMERIC:
        return _number_or_none(field, default)
    return default[:MAX_TEXT] if field.field_type == "text" else default


def _quoted_moment(field: Field, default: str, quoted: Quoted | None) -> str | None:
    """The stored moment that a date begins with: taken over as it is, or as the day it is in the organization."""
    named = variables_in(default) if field.field_type == "date" and quoted is not None else []
    return quoted.instant(named[0]) if quoted is not None and len(named) == 1 else None


def _number_or_none(field: Field, default: str) -> object | None:
    """The number that a default with variables has come to; None when it is none that the field accepts."""
    try:
        return accept_value(field, default, people=People(), org_id="")
    except Unacceptable:
        return None


def _date_or_none(field: Field, default: str, today: date, zone: str) -> str | None:
    """The date a default stands for; None when it names nothing that is known.

    Where there is a time, a day that came from elsewhere begins by the organization's clocks. Spec: T-11.25.
    """
    relative = RELATIVE_DAY.fullmatch(default.strip())
    comes_from_elsewhere = relative is not None or default != field.default_value
    clocks = zone if field.collect_time and comes_from_elsewhere else "UTC"
    try:
        day = (today + timedelta(days=int(relative[1] or 0))).isoformat() if relative else default
        return wire(parse_instant_in(clocks, day))
    except (ValueError, OverflowError):
        return None
