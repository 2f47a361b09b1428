"""Parts of templates in words: dates, people, conditions and actions of rules. Spec: A-11.6, A-12.3, api-templates 2.5.

Total: what names something that is gone says so.
"""

from collections.abc import Iterable, Mapping

import msgspec

from procession.domain.automations.comparing import statement_text
from procession.domain.automations.rules import CLAUSES, WITHOUT_VALUE, Action, Condition, Rule
from procession.domain.automations.timing import interval_of
from procession.domain.calendar import Unit
from procession.domain.deadlines import START_RUN, StepDeadline
from procession.domain.fields import FieldRule
from procession.domain.form_rules import as_condition
from procession.domain.loose import as_list
from procession.domain.processes import Owners
from procession.domain.richtext import is_rich, plain_text
from procession.domain.templates import Template
from procession.domain.watchers import DefaultWatcher

LONGEST = 120

_OPERATORS: Mapping[str, str] = {
    "completed": "is completed",
    "reopened": "is re-opened",
    "approved": "is approved",
    "rejected": "is rejected",
    "acknowledged": "is acknowledged",
    "expired": "expires",
    "not_assigned": "has nobody assigned",
    "overdue": "is overdue",
    "overdue_by": "is overdue by",
    "due_in": "is due in",
    "equals": "is",
    "not_equals": "is not",
    "equals_any": "is any of",
    "contains": "contains",
    "not_contains": "does not contain",
    "greater_than": "is greater than",
    "less_than": "is less than",
    "is_empty": "is empty",
    "is_not_empty": "is not empty",
}
_CLAUSES: Mapping[str, str] = {
    "on-time": " on time",
    "early_24": " at least 24 hours early",
    "late_24": " at least 24 hours late",
}


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What people, groups, job titles and templates are called now."""

    members: Mapping[int, str] = {}
    # Only where tasks are reported on that name steps.
    steps: Mapping[str, str] = {}
    groups: Mapping[str, str] = {}
    roles: Mapping[str, str] = {}
    templates: Mapping[str, str] = {}


NAMELESS = Names()
ANOTHER_TEMPLATE = "another template"


def quoted(text: str) -> str:
    """In quotation marks and on one line, cut where it is long."""
    line = " ".join((plain_text(text) if is_rich(text) else text).split())
    return f'"{line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"}"'


def joined(parts: Iterable[str], nothing: str = "nobody") -> str:
    return ", ".join(parts) or nothing


def duration(value: int, unit: Unit) -> str:
    return f"{value} {unit.removesuffix('s') if value == 1 else unit}"


def step_name(step_id: str, template: Template) -> str:
    step = template.step(step_id)
    return "a step that is gone" if step is None else f"step {quoted(step.title)}"


def deadline_text(deadline: StepDeadline, template: Template) -> str:
    length = duration(deadline.value, deadline.unit)
    if deadline.step == START_RUN:
        return f"{length} after the launch"
    anchor = step_name(deadline.step, template)
    return f"{length} after {anchor} is completed" if deadline.option == "from" else f"{length} before {anchor} is due"


def members_text(ids: Iterable[int], names: Names) -> str:
    return joined(names.members.get(each, f"member {each}") for each in ids)


def groups_text(ids: Iterable[str], names: Names) -> str:
    return joined(quoted(names.groups[each]) if each in names.groups else "a group that is gone" for each in ids)


def roles_text(ids: Iterable[str], names: Names) -> str:
    return joined(quoted(names.roles[each]) if each in names.roles else "a job title that is gone" for each in ids)


def watchers_text(entries: Iterable[DefaultWatcher], names: Names) -> str:
    """ "Mira Okoye (email, mindful)" """
    return joined(
        f"{_watcher(each, names)} ({each.notice.webhook or each.notice.notification_type}, {each.notice.frequency})"
        for each in entries
    )


def _watcher(entry: DefaultWatcher, names: Names) -> str:
    return members_text([entry.member], names) if entry.member else f"group {groups_text([entry.group or ''], names)}"


def owners_text(owners: Owners, names: Names) -> str:
    people = [names.members.get(each, f"member {each}") for each in owners.users]
    groups = [f"group {groups_text([each], names)}" for each in owners.groups]
    return joined([*people, *owners.guests, *groups])


def condition_text(condition: Condition, template: Template) -> str:
    """ "Trip" is "Sea"; step "Weigh" is completed on time."""
    test = _OPERATORS[condition.operator]
    if condition.is_on_time:
        subject = step_name(condition.subject_id, template) if condition.subject == "Step" else "the process"
        interval = interval_of(condition)
        return f"{subject} {test}" + ("" if interval is None else f" {duration(interval.value, interval.unit)}")
    if condition.subject == "Step":
        late = _CLAUSES.get(CLAUSES.get(str(condition.statement), ""), "") if condition.operator == "completed" else ""
        return f"{step_name(condition.subject_id, template)} {test}{late}"
    column = f" (column {quoted(condition.column)})" if condition.column else ""
    subject = f"{field_name(condition.subject_id, template)}{column} {test}"
    return subject if condition.operator in WITHOUT_VALUE else f"{subject} {_statement(condition.statement)}"


def field_name(field_id: str, template: Template) -> str:
    fields = (*template.kickoff, *template.fields())
    label = next((field.label for field in fields if field.id == field_id), None)
    return "a field that is gone" if label is None else f"field {quoted(label)}"


def _statement(raw: object) -> str:
    entries = as_list(raw)
    texts = [statement_text(each) or "" for each in ([raw] if entries is None else entries)]
    return joined((quoted(each) for each in texts), "nothing")


def action_text(action: Action, template: Template, names: Names = NAMELESS) -> str:
    target = step_name(action.target, template)
    match action.verb:
        case "show" | "hide":
            return f"{action.verb} {target}"
        case "reopen":
            return f"re-open {target}"
        case "deadline":
            return f"set the deadline of {target} to {_shift(action, template)}"
        case "clear_assignees":
            return f"take everybody off {target}"
        case "emit_webhook":
            return f"call {quoted(action.webhook_url or '')} for {target}"
        case "launch_process":
            return f"launch {_launch(action, template, names)} for {target}"
        case "unassign":
            return f"take {_people(action, template, names)} off {target}"
        case "assign_only":
            return f"assign {target} to nobody but {_people(action, template, names)}"
        case "assign":
            return f"assign {_people(action, template, names)} to {target}"


def _people(action: Action, template: Template, names: Names) -> str:
    fixed = owners_text(action.assignees, names)
    if action.source_id is None:
        return fixed
    source = f"the people in {field_name(action.source_id, template)}"
    return source if action.assignees.is_empty else f"{source} or else {fixed}"


def _launch(action: Action, template: Template, names: Names) -> str:
    """ "Onboarding" with field "Name" handed on."""
    if action.launch is None:
        return "nothing"
    called = names.templates.get(action.launch.template_id)
    launched = ANOTHER_TEMPLATE if called is None else f"template {quoted(called)}"
    handed_on = [field_name(each.source_id, template) for each in action.launch.answers]
    return f"{launched}, handing on {joined(handed_on)}," if handed_on else launched


def _shift(action: Action, template: Template) -> str:
    if action.shift is None:
        return "what it is"
    length = duration(action.shift.value, action.shift.unit)
    word = "after" if action.shift.option == "from" else "before"
    if action.source_id is None:
        return f"{length} {word} its present one"
    if action.source == "Step":
        return f"{length} {word} that of {step_name(action.source_id, template)}"
    return f"{length} {word} the date in {field_name(action.source_id, template)}"


def conditions_text(conditions: Iterable[Condition], template: Template) -> str:
    parts = [
        f"{f' {condition.logic} ' if place else ''}{condition_text(condition, template)}"
        for place, condition in enumerate(conditions)
    ]
    return "".join(parts)


def form_rules_text(rules: Iterable[FieldRule], template: Template) -> str:
    """hide if field "Trip" is "Sea"; require if ..."""
    return (
        "; ".join(f"{rule.effect} if {conditions_text(map(as_condition, rule.conditions), template)}" for rule in rules)
        or "nothing"
    )


def actions_text(rule: Rule, template: Template, names: Names = NAMELESS) -> str:
    return joined((action_text(action, template, names) for action in rule.actions), "nothing")
