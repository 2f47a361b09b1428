"""Which rules are accepted, and what is kept of them. Spec: api-templates 8.2, behaviour-automations 1 to 4."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from procession.domain.assignees import read_owners
from procession.domain.automations.reading_launches import read_launch
from procession.domain.automations.reading_times import read_interval, senseless
from procession.domain.automations.rules import (
    ASKED_SUBJECTS,
    CLAUSES,
    LOGIC,
    MAX_ENTRIES,
    MAX_NAME,
    OPERATORS,
    OPTIONS,
    SUBJECTS,
    TIME_OPERATORS,
    VERBS,
    WITH_PEOPLE,
    Action,
    ActionType,
    AskedSubject,
    Condition,
    FieldSubject,
    Launch,
    Logic,
    Operator,
    Rule,
    Shift,
    Subject,
    Verb,
)
from procession.domain.automations.statements import MAX_STATEMENT, read_statement
from procession.domain.calendar import CALENDAR_UNITS
from procession.domain.deadlines import MAX_OFFSET
from procession.domain.errors import Invalid
from procession.domain.fields import MAX_TEXT, Field
from procession.domain.loose import as_int, as_list, as_object, clean_text
from procession.domain.names import clean_name
from procession.domain.processes import Owners
from procession.domain.templates import Template
from procession.domain.times import Millis

W = TypeVar("W", bound=str)
Sent = Mapping[str, object]
Purpose = Literal["people", "deadline"]


def read_rule(
    raw: object,
    template: Template,
    *,
    new_id: Callable[[], str],
    now: Millis,
    existing: Rule | None = None,
    is_exported: bool = False,
) -> Rule:
    """A whole rule as clients send it; raises Invalid with every wrong path.

    Conditions and actions that come with their id keep it, the others are new. People are checked by who knows them;
    one that `is_exported` may have lost its own, and may hold what no longer fits its step or field (A-2.26).
    """
    sent = as_object(raw)
    if sent is None:
        raise Invalid({"automated_action": ["A rule must be an object."]})
    reader = _Reader(template, new_id, existing, is_exported=is_exported)
    conditions = [reader.condition(path, each) for path, each in reader.entries(sent, "conditions")]
    actions = {path: reader.action(path, each) for path, each in reader.entries(sent, "then_actions")}
    rule = Rule(
        id=existing.id if existing else new_id(),
        name=reader.name(sent),
        conditions=tuple(conditions),
        actions=tuple(actions.values()),
        created_at=existing.created_at if existing else now,
        updated_at=now,
        archived_at=existing.archived_at if existing else None,
    )
    reader.check_together(conditions, actions)
    if reader.errors:
        raise Invalid(reader.errors)
    return rule


def in_order(entries: Sequence[object]) -> list[int]:
    """The places of sent conditions or actions in the order of their positions; without one, where they stand."""

    def position(place: int) -> int:
        sent = as_int((as_object(entries[place]) or {}).get("position"))
        return place if sent is None else sent

    return sorted(range(len(entries)), key=position)


class _Reader:
    """One pass over a sent rule; `errors` gathers what is wrong, by path."""

    def __init__(
        self, template: Template, new_id: Callable[[], str], existing: Rule | None, *, is_exported: bool
    ) -> None:
        self.errors: dict[str, list[Any]] = {}
        self._new_id = new_id
        self._is_exported = is_exported
        self._steps = {step.id: step for step in template.steps}
        self._captures = {field.id: field for field in template.fields()}
        self._preruns = {field.id: field for field in template.kickoff}
        kept = (*existing.conditions, *existing.actions) if existing else ()
        self._kept = {each.id for each in kept}

    def complain(self, path: str, message: str) -> None:
        self.errors.setdefault(path, []).append(message)

    def _require(self, path: str, sent: Sent, key: str) -> bool:
        """Whether the key was sent with a value; complains when it was not."""
        if sent.get(key) in (None, ""):
            self.complain(f"{path}{key}", f"The {key.replace('_', ' ')} field is required.")
            return False
        return True

    def name(self, sent: Sent) -> str:
        """Spec: A-1.2."""
        if not self._require("", sent, "automated_alias"):
            return ""
        alias = sent["automated_alias"]
        name = clean_name(alias) if isinstance(alias, str) else ""
        if not name:
            wrong = "field is required" if isinstance(alias, str) else "must be a text"
            self.complain("automated_alias", f"The automated alias {wrong}.")
        elif len(name) > MAX_NAME:
            self.complain("automated_alias", f"The automated alias may not be greater than {MAX_NAME} characters.")
        return name

    def entries(self, sent: Sent, key: str) -> list[tuple[str, Sent]]:
        """Conditions or actions with their paths, in the order of their positions. Spec: A-1.4, A-4.6."""
        entries = as_list(sent.get(key))
        if not entries:
            self.complain(key, f"The {key.replace('_', ' ')} field must be a list of at least 1 entry.")
            return []
        if len(entries) > MAX_ENTRIES:
            self.complain(key, f"The {key.replace('_', ' ')} may not be more than {MAX_ENTRIES}.")
            return []
        read: list[tuple[str, Sent]] = []
        for index in in_order(entries):
            entry, path = as_object(entries[index]), f"{key}.{index}"
            if entry is None:
                self.complain(path, f"The {path} must be an object.")
                continue
            if as_int(entry.get("position")) is None and entry.get("position") not in (None, ""):
                self.complain(f"{path}.position", "The position must be an integer.")
            read.append((f"{path}.", entry))
        return read

    def _id(self, path: str, sent: Sent) -> str:
        """The id of a kept entry, each once; a fresh one for a new entry. Spec: A-1.7."""
        given = sent.get("id")
        if given in (None, "") or not self._kept:
            return self._new_id()
        if not isinstance(given, str) or given.lower() not in self._kept:
            self.complain(f"{path}id", "There is no such entry in this rule.")
            return ""
        self._kept.discard(given.lower())
        return given.lower()

    def _word(self, path: str, sent: Sent, key: str, known: Sequence[W]) -> W | None:
        if not self._require(path, sent, key):
            return None
        found = next((word for word in known if word == sent[key]), None)
        # Nothing is known where what decides it is wrong itself, which is said there.
        if found is None and known:
            self.complain(f"{path}{key}", f"The {key.replace('_', ' ')} must be one of {', '.join(known)}.")
        return found

    def condition(self, path: str, sent: Sent) -> Condition:
        subject: AskedSubject = self._word(path, sent, "conditionable_type", ASKED_SUBJECTS) or "Step"
        operator: Operator | None = self._word(path, sent, "operation", OPERATORS[subject])
        subject_id = "" if subject == "Run" else self._existing(path, sent, "conditionable_id", subject)
        logic: Logic | None = self._word(path, sent, "logic", LOGIC)
        if "statement" not in sent:
            self.complain(f"{path}statement", "The statement field must be present.")
        statement = None
        if operator is not None and "statement" in sent:
            statement = self._stated(f"{path}statement", sent["statement"], subject, operator)
        if operator is not None and subject_id in self._steps and not self._is_exported:
            fault = senseless(operator, self._steps[subject_id])
            if fault is not None:
                self.complain(f"{path}operation", fault)
        column = sent.get("column_contains_name")
        if column is not None and not (isinstance(column, str) and len(column) <= MAX_TEXT):
            self.complain(f"{path}column_contains_name", "The column contains name must be the label of a column.")
        return Condition(
            id=self._id(path, sent),
            subject=subject,
            subject_id=subject_id,
            operator=operator or "completed",
            statement=statement,
            logic=logic or "and",
            column=clean_text(column) or None if isinstance(column, str) else None,
        )

    def _stated(self, path: str, raw: object, subject: AskedSubject, operator: Operator) -> object:
        if operator in TIME_OPERATORS:
            return read_interval(path, raw, operator, self.complain)
        return self._clause(path, raw) if subject == "Step" else self._statement(path, raw, operator)

    def _existing(self, path: str, sent: Sent, key: str, kind: Subject) -> str:
        """The id of a step or field of this template. Spec: A-2.2."""
        if not self._require(path, sent, key):
            return ""
        given = sent[key]
        found = given.lower() if isinstance(given, str) else ""
        known = {"Step": self._steps, "Capture": self._captures, "Prerun": self._preruns}[kind]
        if found not in known:
            what = {"Step": "step", "Capture": "form field", "Prerun": "kick-off field"}[kind]
            self.complain(f"{path}{key}", f"There is no such {what} in this template.")
        return found

    def _clause(self, path: str, raw: object) -> str:
        """Spec: A-2.10, A-2.12."""
        if raw in (None, ""):
            return "any_time"
        clause = CLAUSES.get(raw) if isinstance(raw, str) else None
        if clause is None:
            self.complain(path, "The statement of a step must be any_time, on-time, early_24 or late_24.")
        return clause or "any_time"

    def _statement(self, path: str, raw: object, operator: Operator) -> object:
        return read_statement(path, raw, operator, self.complain)

    def action(self, path: str, sent: Sent) -> Action:
        kind: ActionType | None = self._word(path, sent, "action_type", tuple(VERBS))
        verb: Verb | None = self._word(path, sent, "action_verb", VERBS[kind] if kind else ())
        target = self._existing(path, sent, "target_step_id", "Step")
        source, source_id = self._source(path, sent, kind, verb)
        assignees = Owners()
        if verb in WITH_PEOPLE:
            assignees = self._assignees(path, sent, has_source=source_id is not None)
        url, alias = (self._webhook(path, sent, key) if kind == "webhook" else None for key in WEBHOOK_KEYS)
        return Action(
            id=self._id(path, sent),
            verb=verb or "show",
            target=target,
            source=source,
            source_id=source_id,
            shift=self._shift(f"{path}deadline", sent.get("deadline")) if kind == "deadline" else None,
            assignees=assignees,
            webhook_url=url,
            alias_name=alias,
            launch=self._launch(f"{path}launch", sent) if kind == "launch" else None,
        )

    def _launch(self, path: str, sent: Sent) -> Launch | None:
        """Spec: A-4.70."""
        known: Mapping[FieldSubject, Mapping[str, Field]] = {"Capture": self._captures, "Prerun": self._preruns}
        return read_launch(path, sent.get("launch"), known, self.complain)

    def _source(
        self, path: str, sent: Sent, kind: ActionType | None, verb: Verb | None
    ) -> tuple[Subject | None, str | None]:
        """Where people or the deadline's anchor come from: both keys or neither. Spec: A-4.4, A-4.40."""
        given = [key for key in ("actionable_id", "actionable_type") if sent.get(key) not in (None, "")]
        if not given or (kind != "deadline" and verb not in WITH_PEOPLE):
            return None, None
        if len(given) == 1:
            missing = "actionable_type" if given == ["actionable_id"] else "actionable_id"
            self._require(path, sent, missing)
            return None, None
        kinds: tuple[Subject, ...] = SUBJECTS if kind == "deadline" else ("Prerun", "Capture")
        source: Subject | None = self._word(path, sent, "actionable_type", kinds)
        if source is None:
            return None, None
        source_id = self._existing(path, sent, "actionable_id", source)
        field = {**self._preruns, **self._captures}.get(source_id) if source != "Step" else None
        fault = None if field is None else _unfit(field, "deadline" if kind == "deadline" else "people")
        if fault is not None and not self._is_exported:
            self.complain(f"{path}actionable_id", fault)
        return source, source_id

    def _assignees(self, path: str, sent: Sent, *, has_source: bool) -> Owners:
        """Spec: A-4.4."""
        owners = Owners()
        if sent.get("assignees") not in (None, ""):
            try:
                owners = read_owners(sent["assignees"], f"{path}assignees")
            except Invalid as invalid:
                self.errors |= invalid.errors
                return owners
        if owners.is_empty and not has_source and not self._is_exported:
            self.complain(f"{path}assignees", "Name at least one member, guest or group, or a field to take them from.")
        return owners

    def _shift(self, path: str, raw: object) -> Shift | None:
        """All three keys, in these words only. Spec: A-4.5 (DEC-07)."""
        sent = as_object(raw)
        if sent is None:
            self.complain(path, "The deadline must be an object with value, unit and option.")
            return None
        value = as_int(sent.get("value"))
        if value is None or not 0 <= value <= MAX_OFFSET:
            self.complain(f"{path}.value", f"The value must be a whole number from 0 to {MAX_OFFSET}.")
        unit = self._word(f"{path}.", sent, "unit", CALENDAR_UNITS)
        option = self._word(f"{path}.", sent, "option", OPTIONS)
        return None if value is None or unit is None or option is None else Shift(value, unit, option)

    def _webhook(self, path: str, sent: Sent, key: str) -> str | None:
        if not self._require(path, sent, key):
            return None
        text = sent[key]
        if not isinstance(text, str) or len(text) > MAX_STATEMENT:
            self.complain(f"{path}{key}", f"The {key} must be a text of at most {MAX_STATEMENT} characters.")
            return None
        return clean_text(text)

    def check_together(self, conditions: Sequence[Condition], actions: Mapping[str, Action]) -> None:
        """What no condition or action (by its path) shows alone. Spec: A-4.2, A-4.3."""
        asked = {condition.subject_id for condition in conditions if condition.subject == "Step"}
        seen: set[tuple[str, str]] = set()
        for at, action in actions.items():
            path = f"{at}target_step_id"
            if action.verb == "reopen" and action.target in asked:
                self.complain(path, "A rule cannot re-open a step that its own conditions name.")
            if action.type in ("visibility", "deadline"):
                if (action.type, action.target) in seen:
                    self.complain(path, f"A step may be the target of one {action.type} action of a rule.")
                seen.add((action.type, action.target))


WEBHOOK_KEYS = ("webhook_url", "alias_name")


def _unfit(field: Field, purpose: Purpose) -> str | None:
    """Why the field cannot be a source. Spec: A-4.4, A-4.40."""
    if purpose == "deadline":
        return None if field.answer_type == "date" else "A deadline counts from a date field."
    is_address = field.field_type == "text" and "email" in field.field_validation
    if is_address or field.field_type == "assignees_form":
        return None
    return "People come from an assignee picker, or from a short text that must be an e-mail address."
