"""Rules that are refused, and what is said of them. Spec: api-templates 8, 12; AT-44."""

from typing import Any

import pytest

from tests.api.task_runs import on_one_database
from tests.api.template_rules import Rules
from tests.builders import Organization
from tests.harness import Api


@on_one_database
def test_faults_are_named_where_they_were_sent(org: Organization) -> None:
    rules = Rules(org)
    unknown = rules.assignment(assignees={"users": [999999999]}, position=1)

    answer = rules.api.post(rules.path, rules.body(then_actions=[rules.action(position=2), unknown]))

    assert list(answer.json()["errors"]) == ["then_actions.1.assignees.users.0"]


SENT: list[Any] = [
    pytest.param(lambda r: {"automated_alias": ""}, "automated_alias", id="A-1.2 no name"),
    pytest.param(lambda r: {"automated_alias": "x" * 301}, "automated_alias", id="AT-44 name of 301 characters"),
    pytest.param(lambda r: {"automated_alias": 7}, "automated_alias", id="A-1.2 a number is no name"),
    pytest.param(lambda r: {"conditions": []}, "conditions", id="A-1.4 no condition"),
    pytest.param(lambda r: {"then_actions": []}, "then_actions", id="A-1.4 no action"),
    pytest.param(lambda r: {"conditions": "x"}, "conditions", id="conditions are no list"),
    pytest.param(lambda r: {"conditions": [7]}, "conditions.0", id="a condition is no object"),
    pytest.param(lambda r: {"position": 0}, "position", id="position 0"),
    *(
        pytest.param(lambda r, c=changes: {"conditions": [r.condition(**c)]}, f"conditions.0.{field}", id=name)
        for name, changes, field in (
            ("A-2.1 unknown subject", {"conditionable_type": "step"}, "conditionable_type"),
            ("T-5.23 a milestone", {"conditionable_type": "Stage"}, "conditionable_type"),
            ("A-2.1 no such field", {"conditionable_id": "f" * 32}, "conditionable_id"),
            ("A-2.1 id is a number", {"conditionable_id": 7}, "conditionable_id"),
            ("AT-44 completed on a form field", {"operation": "completed"}, "operation"),
            ("A-2.4 greater or equal", {"operation": "greater_or_equal"}, "operation"),
            ("A-1.4 no operation", {"operation": None}, "operation"),
            ("A-1.4 no value", {"statement": None}, "statement"),
            ("A-1.4 blank value", {"statement": ""}, "statement"),
            ("A-1.4 empty any-of", {"operation": "equals_any", "statement": []}, "statement"),
            ("a list for equals", {"statement": ["Sea"]}, "statement"),
            ("a statement too long", {"statement": "x" * 1001}, "statement"),
            ("A-2.3 no logic", {"logic": None}, "logic"),
            ("A-3.1 unknown logic", {"logic": "xor"}, "logic"),
            ("position is a word", {"position": "first"}, "position"),
            ("column is a number", {"column_contains_name": 4}, "column_contains_name"),
        )
    ),
    pytest.param(
        lambda r: {"conditions": [{k: v for k, v in r.condition().items() if k != "statement"}]},
        "conditions.0.statement",
        id="AT-44 condition without statement key",
    ),
    pytest.param(
        lambda r: {
            "conditions": [
                r.condition(
                    conditionable_id=r.brief, conditionable_type="Step", operation="completed", statement="soon"
                )
            ]
        },
        "conditions.0.statement",
        id="A-2.12 unknown time clause",
    ),
    pytest.param(
        lambda r: {"conditions": [r.condition(conditionable_id=r.brief, conditionable_type="Step")]},
        "conditions.0.operation",
        id="A-2.1 equals on a step",
    ),
    *(
        pytest.param(
            lambda r, m=make, c=changes: {"then_actions": [getattr(r, m)(**(c(r) if callable(c) else c))]},
            f"then_actions.0.{field}",
            id=name,
        )
        for name, make, changes, field in (
            ("AT-44 visibility and reopen", "action", {"action_verb": "reopen"}, "action_verb"),
            ("AT-44 status, verb omitted", "action", {"action_type": "status", "action_verb": None}, "action_verb"),
            ("A-4.1 unknown type", "action", {"action_type": "email"}, "action_type"),
            ("A-4.1 no target", "action", {"target_step_id": None}, "target_step_id"),
            ("AT-44 step of another template", "action", {"target_step_id": "a" * 32}, "target_step_id"),
            (
                "AT-44 deadline 3 day",
                "deadline",
                {"deadline": {"value": 3, "unit": "day", "option": "from"}},
                "deadline.unit",
            ),
            (
                "AT-44 16 deadline prior_to",
                "deadline",
                {"deadline": {"value": 3, "unit": "days", "option": "prior_to"}},
                "deadline.option",
            ),
            (
                "AT-44 deadline without option",
                "deadline",
                {"deadline": {"value": 3, "unit": "days"}},
                "deadline.option",
            ),
            (
                "A-4.5 deadline of words",
                "deadline",
                {"deadline": {"value": "three", "unit": "days", "option": "from"}},
                "deadline.value",
            ),
            (
                "A-4.5 deadline of ever",
                "deadline",
                {"deadline": {"value": 10**12, "unit": "days", "option": "from"}},
                "deadline.value",
            ),
            ("A-4.5 no deadline", "deadline", {"deadline": None}, "deadline"),
            (
                "A-4.47 the launch is no anchor",
                "deadline",
                {"actionable_id": "start_run", "actionable_type": "Step"},
                "actionable_id",
            ),
            (
                "A-4.40 anchor is no date",
                "deadline",
                lambda r: {"actionable_id": r.note, "actionable_type": "Capture"},
                "actionable_id",
            ),
            ("AT-44 nobody", "assignment", {"assignees": {"users": [], "guests": [], "groups": []}}, "assignees"),
            ("A-4.4 neither people nor field", "assignment", {}, "assignees"),
            ("A-4.4 unknown member", "assignment", {"assignees": {"users": [999999999]}}, "assignees.users.0"),
            ("A-4.4 unknown group", "assignment", {"assignees": {"groups": ["f" * 32]}}, "assignees.groups.0"),
            ("A-4.4 no address", "assignment", {"assignees": {"guests": ["nobody"]}}, "assignees.guests.0"),
            (
                "A-4.4 a member's address",
                "assignment",
                lambda r: {"assignees": {"guests": [r.org.admin.email]}},
                "assignees.guests.0",
            ),
            ("assignees are a text", "assignment", {"assignees": "Ana"}, "assignees"),
            (
                "AT-44 actionable_id without type",
                "assignment",
                lambda r: {"actionable_id": r.lead},
                "actionable_type",
            ),
            ("A-4.4 type without id", "assignment", {"actionable_type": "Prerun"}, "actionable_id"),
            (
                "AT-44 people from a dropdown",
                "assignment",
                lambda r: {"actionable_id": r.trip, "actionable_type": "Prerun"},
                "actionable_id",
            ),
            (
                "AT-44 people from a plain text",
                "assignment",
                lambda r: {"actionable_id": r.note, "actionable_type": "Capture"},
                "actionable_id",
            ),
            (
                "AT-44 people from a step",
                "assignment",
                lambda r: {"actionable_id": r.brief, "actionable_type": "Step"},
                "actionable_type",
            ),
            (
                "AT-44 webhook without alias",
                "action",
                {"action_type": "webhook", "action_verb": "emit_webhook", "webhook_url": "https://x.test/"},
                "alias_name",
            ),
            (
                "A-4.1 webhook to no address",
                "action",
                {"action_type": "webhook", "action_verb": "emit_webhook", "webhook_url": "x", "alias_name": "x"},
                "webhook_url",
            ),
        )
    ),
    pytest.param(
        lambda r: {
            "conditions": [
                r.condition(conditionable_id=r.permit, conditionable_type="Step", operation="completed", statement=None)
            ],
            "then_actions": [r.action(action_type="status", action_verb="reopen")],
        },
        "then_actions.0.target_step_id",
        id="AT-16 A-4.3 re-opens a step of its own conditions",
    ),
    *(
        pytest.param(lambda r, c=changes: {"conditions": [r.on_time(*c)]}, f"conditions.0.{field}", id=name)
        for name, changes, field in (
            ("A-2.41 overdue by nothing", ("overdue_by", None), "statement"),
            ("A-2.41 due in no time", ("due_in", {"value": 0, "unit": "days"}), "statement.value"),
            ("A-2.41 an unknown unit", ("due_in", {"value": 1, "unit": "day"}), "statement.unit"),
            ("A-2.41 overdue by so much is another operation", ("overdue", {"value": 1, "unit": "days"}), "statement"),
        )
    ),
    pytest.param(
        lambda r: {"conditions": [r.on_time("completed", conditionable_type="Run")]},
        "conditions.0.operation",
        id="A-2.42 a process is not completed in its own conditions",
    ),
    pytest.param(
        lambda r: {"conditions": [r.on_time("overdue", conditionable_id=r.trip, conditionable_type="Prerun")]},
        "conditions.0.operation",
        id="A-2.42 a field is never overdue",
    ),
    pytest.param(
        lambda r: {"conditions": [r.on_time("overdue", conditionable_id=r.expiring())]},
        "conditions.0.operation",
        id="A-2.42 what closes by itself is never overdue",
    ),
    *(
        pytest.param(
            lambda r, m=make: {"then_actions": [m(r, r.other())]}, f"then_actions.0.launch{field}", id=f"A-4.72 {name}"
        )
        for name, make, field in (
            ("no launch", lambda r, o: {**r.launch(o), "launch": None}, ""),
            ("no such template", lambda r, o: r.launch(o, checklist_id="f" * 32), ".checklist_id"),
            ("no id", lambda r, o: r.launch(o, checklist_id="x\x00"), ".checklist_id"),
            ("a required field without an answer", lambda r, o: r.launch(o), ".prerun"),
            ("no such field here", lambda r, o: r.launch(o, (0, "Prerun", "f" * 32)), ".prerun.0.actionable_id"),
            (
                "a step's answer as one of the form",
                lambda r, o: r.launch(o, (0, "Prerun", r.note)),
                ".prerun.0.actionable_id",
            ),
            ("a step as the source", lambda r, o: r.launch(o, (0, "Step", r.brief)), ".prerun.0.actionable_type"),
            ("people as a text", lambda r, o: r.launch(o, (0, "Prerun", r.lead)), ".prerun.0.prerun_id"),
            (
                "a text as a date",
                lambda r, o: r.launch(o, (0, "Prerun", r.contact), (1, "Capture", r.note)),
                ".prerun.1.prerun_id",
            ),
            (
                "two answers for one field",
                lambda r, o: r.launch(o, *[(0, "Prerun", r.contact)] * 2),
                ".prerun.1.prerun_id",
            ),
            (
                "no such field there",
                lambda r, o: r.launch(
                    o, prerun=[{"prerun_id": "f" * 32, "actionable_type": "Prerun", "actionable_id": r.contact}]
                ),
                ".prerun.0.prerun_id",
            ),
            ("answers in a text", lambda r, o: r.launch(o, prerun="all"), ".prerun"),
            (
                "a name that is too long",
                lambda r, o: r.launch(o, (0, "Prerun", r.contact), name_format="x" * 551),
                ".name_format",
            ),
        )
    ),
    pytest.param(
        lambda r: {"then_actions": [r.action(), r.action(action_verb="hide")]},
        "then_actions.1.target_step_id",
        id="A-4.2 two visibility actions on one step",
    ),
    pytest.param(
        lambda r: {"then_actions": [r.deadline(), r.deadline()]},
        "then_actions.1.target_step_id",
        id="A-4.2 two deadlines on one step",
    ),
]


@on_one_database
@pytest.mark.parametrize(("changes", "field"), SENT)
def test_an_incomplete_rule_is_refused(org: Organization, changes: Any, field: str) -> None:
    """Spec: AT-44; beside a rule that is accepted. T-5.23: a milestone is no subject. Spec: AT-44; beside a rule that
    is accepted; behaviour-automations A-2.3, A-2.4, A-4.1, A-4.5, A-4.47.
    """
    rules = Rules(org)
    made = rules.add()

    created = rules.api.post(rules.path, rules.body(**changes(rules)))
    replaced = rules.api.put(f"{rules.path}/{made['id']}", rules.body(**changes(rules)))

    for answer in (created, replaced):
        assert answer.status_code == 422 and field in answer.json()["errors"], answer.text
    assert rules.all() == [made]


def test_a_rule_of_unknown_entries_is_refused(org: Organization) -> None:
    """Spec: A-1.7: ids name conditions of this rule."""
    rules = Rules(org)
    one, other = rules.add(), rules.add(automated_alias="R2")

    stolen = rules.body(conditions=[{**rules.condition(), "id": other["conditions"][0]["id"]}])
    answer = rules.api.put(f"{rules.path}/{one['id']}", stolen)

    assert answer.status_code == 422 and "conditions.0.id" in answer.json()["errors"]


@pytest.mark.parametrize("body", [None, [], 7, "x", {}])
def test_a_body_that_is_no_rule_is_refused(api: Api, org: Organization, body: Any) -> None:
    rules = Rules(org)

    assert rules.api.request("POST", rules.path, json=body).status_code == 422


def test_what_is_wrong_with_a_rule_is_said_once_and_in_words(org: Organization) -> None:
    """A blank name is no name; of an unknown action type nobody knows the verbs. Spec: A-1.2, A-4.1."""
    rules = Rules(org)
    wrong = rules.body(automated_alias="  ", then_actions=[rules.action(action_type="email", action_verb="send")])

    refused = org.api.post(rules.path, wrong)

    assert refused.status_code == 422
    errors = refused.json()["errors"]
    assert errors["automated_alias"] == ["The automated alias field is required."]
    assert [path for path in errors if path.startswith("then_actions")] == ["then_actions.0.action_type"]
