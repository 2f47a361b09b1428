"""What a rule asked and did, as the row of the activity feed that tells of it. Spec: A-12.1, api-processes 12."""

from collections.abc import Mapping
from typing import Any

import msgspec

from procession.domain.loose import as_list, as_object


class Subjects(msgspec.Struct, frozen=True):
    """What rules of a process ask about: titles of steps' tasks and labels of fields by id, as far as they have any.

    `withheld` is what belongs to tasks that the reader may not see: whether a test of it is met amounts to its answer.
    Spec: T-8.11.
    """

    names: Mapping[str, str | None] = {}
    withheld: frozenset[str] = frozenset()


def asked_about(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The type and the id of everything that the conditions of this evaluation ask about."""
    conditions = [as_object(each) or {} for each in as_list(payload.get("conditions")) or ()]
    return [(str(each.get("type")), str(each["subject"])) for each in conditions if each.get("subject")]


def acted_on(payload: Mapping[str, Any]) -> list[str]:
    """The tasks that its actions are about."""
    actions = [as_object(each) or {} for each in as_list(payload.get("actions")) or ()]
    return [str(each["task"]) for each in actions if each.get("task")]


def audit_state(
    rule_id: str, payload: Mapping[str, Any], subjects: Subjects, titles: Mapping[str, str]
) -> dict[str, Any]:
    """`titles` are those of tasks, by id.

    What nobody can name any more, or not for this reader, has null. `then_actions`, and ids of conditions, are ours.
    """
    actions = [as_object(each) or {} for each in as_list(payload.get("actions")) or ()]
    by_task: dict[str, dict[str, Any]] = {}
    for each in actions:
        task, verb = each.get("task"), each.get("verb")
        if isinstance(task, str) and each.get("outcome") == "done":
            by_task.setdefault(task, {"title": titles.get(task), "actions": []})["actions"].append(verb)
    return {
        "automation_id": rule_id,
        "alias": payload.get("name"),
        "rules": [_rule(as_object(each) or {}, subjects) for each in as_list(payload.get("conditions")) or ()],
        "actions": by_task,
        "then_actions": actions,
    }


def _rule(condition: Mapping[str, Any], subjects: Subjects) -> dict[str, Any]:
    subject = str(condition.get("subject"))
    name, is_told = subjects.names.get(subject), subject not in subjects.withheld
    called = {
        "Step": {"task_title": name},
        "Prerun": {"field_label": name},
        "Capture": {"field_label": name},
    }
    return {
        "id": condition.get("id"),
        "type": condition.get("type"),
        "subject": condition.get("subject"),
        "operation": condition.get("operation"),
        "statement": condition.get("statement") if is_told else None,
        "logic": condition.get("logic"),
        "isMet": condition.get("met") is True if is_told else None,
        **called.get(str(condition.get("type")), {}),
    }
