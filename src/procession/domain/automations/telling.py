"""What rules did, as events of the log: "why" is answered from these. Spec: behaviour-automations 12.1."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from procession.domain.automations.reacting import (
    Acted,
    Entry,
    Evaluation,
    Followed,
    FollowUpDue,
    Injected,
)
from procession.domain.automations.rules import Condition
from procession.domain.automations.state import Occurrence
from procession.domain.automations.undoing import TakenBack
from procession.domain.events import Event, happened
from procession.domain.processes import Process, Task
from procession.domain.task_deadlines import counts
from procession.domain.times import Millis, wire_or_none


def told(process: Process, log: Iterable[Entry]) -> Iterator[Event]:
    """One event for each rule that was looked at, and one for each thing that changed, in the order it happened.

    The cause of an evaluation is what led to it, the cause of a change is the rule (`rule:<id>`).
    """
    for entry in log:
        if isinstance(entry, FollowUpDue):
            continue
        if isinstance(entry, Injected):
            yield _injected(process, entry)
            continue
        if isinstance(entry, TakenBack):
            yield from _taken_back(process, entry)
            continue
        yield _evaluated(process, entry)
        for acted in entry.acted:
            # A launch is told when it has happened.
            if acted.done.outcome == "done" and acted.action.type != "launch":
                yield replace(_changed(process, entry, acted), cause=f"rule:{entry.rule.id}")
                yield from acted.done.moved


def _evaluated(process: Process, entry: Evaluation | Followed) -> Event:
    """The row of A-12.1: what was asked and whether it was met, without the answers. Spec: A-5.33."""
    conditions = [
        {**_asked(condition), "met": met} for condition, met in zip(entry.rule.conditions, entry.met, strict=True)
    ]
    actions = [
        {
            "verb": acted.action.verb,
            "step": acted.action.target,
            "task": acted.done.before.id if acted.done.before is not None else None,
            "outcome": acted.done.outcome,
        }
        for acted in entry.acted
    ]
    event = happened(
        _kind(entry),
        entry.rule.id,
        process=process.seq,
        name=entry.rule.name,
        conditions=conditions,
        actions=actions,
    )
    return replace(event, cause=_cause(process, entry.occurrence))


def _kind(entry: Evaluation | Followed) -> str:
    if isinstance(entry, Followed):
        return "rule.holds_again" if entry.holds else "rule.holds_no_more"
    return "rule.executed" if entry.fired else "rule.execution_failed"


def _asked(condition: Condition) -> dict[str, Any]:
    return {
        "id": condition.id,
        "type": condition.subject,
        "subject": condition.subject_id or None,
        "operation": condition.operator,
        "statement": condition.statement,
        "logic": condition.logic,
    }


def _cause(process: Process, occurrence: Occurrence) -> str:
    """What happened to the process ("process.launched" ...), or "task.completed:<id>", "task.reopened:<id>"."""
    if occurrence.step is None:
        return f"process.{occurrence.kind}"
    task = next((task for task in process.tasks if task.step_id == occurrence.step), None)
    return f"task.{occurrence.kind}:{task.id if task is not None else occurrence.step}"


def _changed(process: Process, entry: Evaluation | Followed, acted: Acted) -> Event:
    before, after, verb = acted.done.before, acted.done.after, acted.action.verb
    if before is None or after is None:
        task = acted.action.target if before is None else before.id
        # Whoever delivers webhooks finds address and name in the rule of the version the process runs. Spec.
        return happened("task.webhook_due", task, process=process.seq, rule=entry.rule.id, action=acted.action.id)
    match verb:
        case "show" | "hide":
            return _turned(process, after)
        case "reopen":
            return happened("task.reopened", after.id, process=process.seq)
        case "deadline":
            return _moved(process, after, before.deadline, after.deadline)
        case _:
            return _assigned(process, before, after)


def _turned(process: Process, after: Task) -> Event:
    return happened("task.hidden" if after.is_hidden else "task.shown", after.id, process=process.seq)


def _moved(process: Process, task: Task, before: Millis | None, after: Millis | None) -> Event:
    dates = {"before": wire_or_none(before), "after": wire_or_none(after)}
    return happened("task.updated", task.id, process=process.seq, fields=["deadline"], deadline=dates)


def _assigned(process: Process, before: Task, after: Task) -> Event:
    old, new = before.owners.principals, after.owners.principals
    return happened("task.assigned", after.id, process=process.seq, added=sorted(new - old), removed=sorted(old - new))


def _injected(process: Process, entry: Injected) -> Event:
    """Spec: L-10.8."""
    if entry.injection is None:
        event = happened("task.injection_refused", entry.due.task.id, process=process.seq, reason=entry.reason)
    else:
        event = happened(
            "task.injected",
            entry.due.task.id,
            process=process.seq,
            injected=entry.injection.template_id,
            version=entry.injection.version,
            called=entry.injection.title,
            tasks=[task.id for task in entry.tasks],
        )
    return replace(event, cause=f"task.completed:{entry.due.task.id}")


def _taken_back(process: Process, entry: TakenBack) -> Iterator[Event]:
    """That it was, and what it came to. Spec: A-9.4."""
    effect, before, after = entry.effect, entry.before, entry.after
    event = happened(
        "task.rule_effect_reversed",
        after.id,
        process=process.seq,
        rule=effect.rule,
        attribute=effect.attribute,
    )
    yield replace(event, cause=_cause(process, Occurrence("reopened", entry.step)))
    match effect.attribute:
        case "visibility":
            came = _turned(process, after)
        case "assignment":
            came = _assigned(process, before, after)
        case "deadline":
            came = _moved(process, after, counts(before), counts(after))
    yield replace(came, cause=f"{event.kind}:{after.id}")
    yield from entry.moved
