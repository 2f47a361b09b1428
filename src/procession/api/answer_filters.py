"""Conditions on answers and orders by them: from aliases to the fields that lists know. Spec: api-processes 6.2.

Unlike other filters these are refused where they mean nothing: what a list leaves out then would not be noticed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

import msgspec

from procession.api.contract.processes import RunListParams
from procession.api.filters import ANSWERS
from procession.api.params import read_flag
from procession.domain.errors import Invalid
from procession.domain.fields import Field
from procession.domain.filters import Order, ProcessFilter, Valued, answer_key, conditions_on
from procession.domain.value_keys import SORTABLE, Kind, Operator, Unreadable, ValueTest, kind_of, read_test
from procession.storage import templates, value_fields
from procession.storage.tx import ReadTx
from procession.storage.value_fields import ValueField

MAX_CONDITIONS = 10
OPERATORS: tuple[Operator, ...] = get_args(Operator)
KINDS = {
    Kind.TEXT: "text",
    Kind.CHOICE: "one of several options",
    Kind.CHOICES: "a checklist",
    Kind.EMAIL: "an e-mail address",
    Kind.INSTANT: "a date",
    Kind.NUMBER: "a number",
}
TYPES = {
    "textarea": "a long text",
    "file": "files",
    "table": "a table",
    "assignees_form": "a choice of people",
}
TOO_MANY = f"At most {MAX_CONDITIONS} conditions on answers can be combined."
MALFORMED = "{} is no condition: they are written fields[alias][operator]=value."
NOT_A_FLAG = "The value of {} must be true or false, or left out."
NO_ORDER = "A checklist has several answers at once: lists cannot be sorted by it."


class Known(msgspec.Struct, frozen=True):
    """What an alias means here."""

    fields: tuple[int, ...]
    kind: Kind


class _Faults:
    """What is wrong, by parameter."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, name: str, sentence: str) -> None:
        self._found.setdefault(name, []).append(sentence)

    def raise_any(self) -> None:
        if self._found:
            raise Invalid(self._found)


async def with_answers(
    tx: ReadTx, params: RunListParams, where: ProcessFilter, order: Order
) -> tuple[ProcessFilter, Order]:
    """The same with conditions on answers and orders by them. Raises Invalid."""
    asked = _asked(params.fields)
    sorts = [name.removeprefix(ANSWERS) for name, _ in order.keys if name.startswith(ANSWERS)]
    if not asked and not sorts:
        return where, order
    faults = _Faults()
    for alias, name, _ in params.fields:
        if not alias:
            faults.add("fields", MALFORMED.format(name))
    faults.raise_any()
    if len(params.fields) > MAX_CONDITIONS:
        faults.add("fields", TOO_MANY)
        faults.raise_any()
    aliases = {**dict.fromkeys(sorts, "sort"), **{alias: f"fields.{alias}" for alias in asked}}
    known = await _known(tx, aliases, tuple(each.lower() for each in params.checklist_id), faults)
    valued = [
        each for alias, sent in asked.items() if alias in known for each in _conditions(alias, sent, known, faults)
    ]
    for alias in sorts:
        if alias in known and known[alias].kind not in SORTABLE:
            faults.add("sort", NO_ORDER)
    faults.raise_any()
    return msgspec.structs.replace(where, valued=tuple(valued)), _order(order, known, valued)


def _asked(sent: Iterable[tuple[str, str, str]]) -> dict[str, list[tuple[str, str]]]:
    """Operators with their values by alias; several of `in` are one list, of others each is a condition."""
    found: dict[str, list[tuple[str, str]]] = {}
    for alias, operator, value in sent:
        tests = found.setdefault(alias.lower(), [])
        word = operator.lower() or "eq"
        place = next((n for n, (known, _) in enumerate(tests) if known == word == "in"), None)
        if place is None:
            tests.append((word, value))
        else:
            tests[place] = (word, f"{tests[place][1]},{value}")
    return found


def _conditions(
    alias: str, sent: Iterable[tuple[str, str]], known: Mapping[str, Known], faults: _Faults
) -> list[Valued]:
    meant, tests = known[alias], list[ValueTest]()
    for word, value in sent:
        operator: Operator | None = next((each for each in OPERATORS if each == word), None)
        if operator is None:
            faults.add(f"fields.{alias}", f"There is no operator {word[:50]}; there are {', '.join(OPERATORS)}.")
            continue
        if operator in ("empty", "not_empty"):
            asked = read_flag(value or "true")
            if asked is None:
                faults.add(f"fields.{alias}", NOT_A_FLAG.format(word))
                continue
            if asked is False:
                operator = "not_empty" if operator == "empty" else "empty"
        try:
            tests.append(read_test(meant.kind, operator, value))
        except Unreadable as error:
            faults.add(f"fields.{alias}", str(error))
    return list(conditions_on(meant.fields, meant.kind, tests))


def _order(order: Order, known: Mapping[str, Known], valued: Sequence[Valued]) -> Order:
    """Processes that are all to have no answer are in the order of their numbers."""
    blank = {each.fields for each in valued if each.operator == "empty"}
    keys: list[tuple[str, bool]] = []
    fields: list[tuple[int, ...]] = []
    for name, descending in order.keys:
        meant = known.get(name.removeprefix(ANSWERS)) if name.startswith(ANSWERS) else None
        if meant is None:
            keys.append((name, descending))
        elif meant.fields not in blank:
            keys.append((answer_key(len(fields)), descending))
            fields.append(meant.fields)
        elif len(order.keys) == 1:
            keys.append(("seq", descending))
    return Order(tuple(keys) or (("seq", order.keys[-1][1]),), tuple(fields))


async def _known(
    tx: ReadTx, aliases: Mapping[str, str], template_ids: tuple[str, ...], faults: _Faults
) -> dict[str, Known]:
    """What each alias means among these templates, or all; aliases that mean nothing, or different things, are faults
    of the parameter that `aliases` gives for them.
    """
    found = await value_fields.named(tx, aliases)
    if template_ids:
        found = [each for each in found if each.template_id in template_ids]
    by_alias = {alias: [each for each in found if each.alias == alias] for alias in aliases}
    current = await _current(tx, by_alias, template_ids)
    known: dict[str, Known] = {}
    for alias, name in aliases.items():
        fields = _those_of_today(by_alias[alias], current)
        kinds = dict.fromkeys(each.kind for each in fields)
        if not kinds:
            faults.add(name, _unknown(alias, current, has_templates=bool(template_ids)))
        elif len(kinds) > 1:
            faults.add(name, _different(alias, list(kinds)))
        else:
            known[alias] = Known(tuple(each.id for each in fields), fields[0].kind)
    return known


async def _current(
    tx: ReadTx, by_alias: Mapping[str, Sequence[ValueField]], template_ids: Sequence[str]
) -> dict[tuple[str, str], Field]:
    """The fields that templates have now, by template and alias, where what was found does not tell what is meant: a
    field that was of several kinds, or is of none of them.
    """
    unclear: set[str] = set()
    for fields in by_alias.values():
        named = [each.template_id for each in fields]
        unclear |= {each for each in named if named.count(each) > 1} or (set() if named else set(template_ids))
    if not unclear:
        return {}
    rows = await templates.many(tx, sorted(unclear))
    return {(row.id, field.alias): field for row in rows for field in (*row.document.kickoff, *row.document.fields())}


def _those_of_today(fields: Sequence[ValueField], current: Mapping[tuple[str, str], Field]) -> list[ValueField]:
    """One for each template: of a field that was of several kinds, the present one, else the last."""
    chosen: dict[str, ValueField] = {}
    for each in fields:
        field = current.get((each.template_id, each.alias))
        if each.template_id not in chosen or field is None or kind_of(field) is each.kind:
            chosen[each.template_id] = each
    return list(chosen.values())


def _unknown(alias: str, current: Mapping[tuple[str, str], Field], *, has_templates: bool) -> str:
    field = next((field for (_, known), field in current.items() if known == alias), None)
    if field is not None:
        return f"{alias} is {TYPES.get(field.field_type, field.field_type)}: lists cannot be filtered or sorted by it."
    where = "of these templates" if has_templates else "of a template that lists can be filtered by"
    return f"No field {where} has the alias {alias[:100]}."


def _different(alias: str, kinds: Sequence[Kind]) -> str:
    words = [KINDS[kind] for kind in kinds]
    listed = f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{alias} is of different types in different templates ({listed}): name one of them with checklist_id."
