"""Why a task is as it is: what changed it, what led to that, and what the rules that aim at it last found.

Answered from the event log and the version the process runs. Spec: A-12.4, api-tasks 22.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.automations.following import hidden_at_start
from procession.domain.automations.rules import Condition, Rule, Verb
from procession.domain.automations.state import RuleState
from procession.domain.events import Logged
from procession.domain.holds import waits_for_step
from procession.domain.order_lock import blockers_of
from procession.domain.processes import Hold, Process, Task
from procession.domain.templates import Template

# What changes who sees a task, who is to do it, and by when.
TELLING = frozenset(
    {
        "task.shown",
        "task.hidden",
        "task.assigned",
        "task.owners_updated",
        "task.updated",
        "task.completed",
        "task.part_completed",
        "task.reopened",
        "task.undone",
        "task.rule_effect_reversed",
        "task.launched_process",
        "task.launch_refused",
        "task.injected",
        "task.injection_refused",
        "process.launched",
        "process.put_on_hold",
        "process.resumed",
        "process.moved",
    }
)
OF_ALL_TASKS = frozenset({"process.launched", "process.put_on_hold", "process.resumed", "process.moved"})
# What a rule does something by.
ACTING = frozenset({"rule.executed", "rule.holds_again", "rule.holds_no_more"})
HOLDING = frozenset({"rule.executed", "rule.holds_again"})
ORIGINS = frozenset({"process.launched", "process.kickoff_submitted", "process.updated"})


class Link(msgspec.Struct, frozen=True):
    """One step back in a chain of causes: a rule, or what somebody did."""

    event: str
    subject_id: str
    title: str | None
    actor_kind: str | None = None
    actor_id: str | None = None


class Change(msgspec.Struct, frozen=True):
    """Something that happened to the task, and why, the nearest cause first."""

    event: Logged
    because: tuple[Link, ...]


class Asked(msgspec.Struct, frozen=True):
    """A condition with what it asks about by name, and whether it was met when its rule was last looked at.

    Without any of that, and without its statement, of tasks that the reader does not see.
    """

    condition: Condition
    title: str
    met: bool | None


class Aiming(msgspec.Struct, frozen=True):
    """A rule that acts on the task. `last` is its last evaluation, if any."""

    rule: Rule
    verbs: tuple[Verb, ...]
    is_spent: bool
    last: Logged | None
    asked: tuple[Asked, ...]
    # What its actions on the task came to when it was last executed: verb and outcome.
    outcomes: tuple[tuple[str, str], ...]

    @property
    def executed(self) -> bool | None:
        """Whether it held when it was last looked at; None when it never was."""
        return None if self.last is None else self.last.kind in HOLDING


class Explanation(msgspec.Struct, frozen=True):
    """`waits_for` are the tasks that must be completed before it, with their titles where the reader may see them; None
    where its step names none.
    """

    task: Task
    title: str
    deadline_waits: bool
    hold: Hold | None
    starts_hidden: bool
    changes: tuple[Change, ...]
    rules: tuple[Aiming, ...]
    waits_for: tuple[tuple[Task, str | None], ...] | None


def explain(
    task: Task,
    process: Process,
    template: Template,
    state: RuleState,
    log: Sequence[Logged],
    *,
    titles: Mapping[str, str],
) -> Explanation:
    """`log` is everything that happened in the process, `titles` how those of the tasks read that this reader sees."""
    of_steps = {each.step_id: titles.get(each.id) for each in process.tasks if each.step_id}
    rules = [rule for rule in template.rules if any(action.target == task.step_id for action in rule.actions)]
    return Explanation(
        task=task,
        title=titles.get(task.id, task.title),
        deadline_waits=waits_for_step(task, process),
        hold=process.hold,
        starts_hidden=task.step_id in hidden_at_start(template),
        changes=tuple(_changes(task, log, titles)),
        waits_for=_waits_for(task, process, titles),
        rules=tuple(_aiming(rule, task, template, state, log, of_steps) for rule in rules if rule.is_live),
    )


def _waits_for(task: Task, process: Process, titles: Mapping[str, str]) -> tuple[tuple[Task, str | None], ...] | None:
    """Spec: behaviour-work OL5."""
    if not task.blocked_by:
        return None
    return tuple((each, titles.get(each.id)) for each in blockers_of(task, process))


def _changes(task: Task, log: Sequence[Logged], titles: Mapping[str, str]) -> Iterable[Change]:
    # What happened before a task was injected was not to it.
    first = next((place for place, event in enumerate(log) if _brought(event, task)), 0)
    for place, event in enumerate(log[first:], start=first):
        of_task = event.subject_kind == "task" and event.subject_id == task.id
        if event.kind in TELLING and (of_task or event.kind in OF_ALL_TASKS or _brought(event, task)):
            yield Change(event, tuple(_causes(event, log[:place], titles)))


def _brought(event: Logged, task: Task) -> bool:
    return event.kind == "task.injected" and task.id in event.payload.get("tasks", ())


def _causes(event: Logged, before: Sequence[Logged], titles: Mapping[str, str]) -> Iterable[Link]:
    """Back from the event to what a person did: the rule, the task whose completion called it, the rule before ..."""
    cause = event.cause
    while cause is not None:
        kind, _, subject = cause.partition(":")
        place, found = _latest(kind, subject, before)
        if kind == "rule":
            name = None if found is None else str(found.payload.get("name", ""))
            yield Link("rule", subject, name)
        else:
            yield Link(
                kind,
                subject,
                titles.get(subject),
                None if found is None else found.actor_kind,
                None if found is None else found.actor_id,
            )
        if found is None:
            return
        before, cause = before[:place], found.cause


def _latest(kind: str, subject: str, before: Sequence[Logged]) -> tuple[int, Logged | None]:
    """The last event of this kind before: of a rule its execution, of a process whatever submitted its form."""
    for place in range(len(before) - 1, -1, -1):
        event = before[place]
        if kind == "rule" and event.kind in ACTING and event.subject_id == subject:
            return place, event
        if event.kind == kind and (not subject or event.subject_id == subject):
            return place, event
        if kind == "process.kickoff_submitted" and event.kind in ORIGINS:
            return place, event
    return 0, None


def _aiming(
    rule: Rule,
    task: Task,
    template: Template,
    state: RuleState,
    log: Sequence[Logged],
    of_steps: Mapping[str, str | None],
) -> Aiming:
    """`of_steps` are the titles of the tasks by their step, None of those that the reader does not see."""
    looks = [event for event in reversed(log) if event.subject_kind == "rule" and event.subject_id == rule.id]
    last = next(iter(looks), None)
    executed = next((event for event in looks if event.kind in HOLDING), None)
    met = _met(last)
    return Aiming(
        rule=rule,
        verbs=tuple(action.verb for action in rule.actions if action.target == task.step_id),
        is_spent=rule.id in state.spent,
        last=last,
        asked=tuple(_asked(each, template, of_steps, met.get(each.id)) for each in rule.conditions),
        outcomes=tuple(_outcomes(executed, task)),
    )


def _met(evaluation: Logged | None) -> dict[str, bool]:
    conditions: list[dict[str, Any]] = [] if evaluation is None else evaluation.payload.get("conditions", [])
    return {str(each.get("id")): each.get("met") is True for each in conditions}


def _outcomes(execution: Logged | None, task: Task) -> Iterable[tuple[str, str]]:
    actions: list[dict[str, Any]] = [] if execution is None else execution.payload.get("actions", [])
    return ((str(each.get("verb")), str(each.get("outcome"))) for each in actions if each.get("step") == task.step_id)


def _asked(condition: Condition, template: Template, of_steps: Mapping[str, str | None], met: bool | None) -> Asked:
    """Of a task that the reader does not see only that something is asked about it: the rest amounts to its answer."""
    is_step = condition.subject == "Step"
    step = template.step(condition.subject_id) if is_step else template.step_with(condition.subject_id)
    if step is not None and of_steps.get(step.id, None if step.top_secret else step.title) is None:
        return Asked(replace(condition, statement=None), "", None)
    return Asked(condition, _title_of(condition, template, of_steps), met)


def _title_of(condition: Condition, template: Template, of_steps: Mapping[str, str | None]) -> str:
    if condition.subject == "Step":
        step = template.step(condition.subject_id)
        return "" if step is None else of_steps.get(step.id) or step.title
    fields = (*template.kickoff, *template.fields())
    return next((field.label for field in fields if field.id == condition.subject_id), "")
