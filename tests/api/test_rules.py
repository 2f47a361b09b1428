"""Rules of templates: create, replace, delete, copy, protect. Spec: api-templates 8, 12 (8, 9, 12, 14, 16); AT-41, AT-44."""

from typing import Any

import pytest

from tests.api.task_runs import on_one_database
from tests.builders import Organization, text_field
from tests.harness import Api


class Rules:
    """A template with one of everything that rules name, and a rule as clients send it."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        choice = {"field_type": "dropdown", "options": [{"id": 1, "text": "River"}, {"id": 2, "text": "Sea"}]}
        self.template = org.template(
            steps=[
                {"title": "Brief", "captures": [{"label": "Note"}, {"label": "Day", "field_type": "date"}]},
                {"title": "Permit"},
            ],
            kickoff=[
                {"label": "Trip", **choice},
                {"label": "Lead", "field_type": "assignees_form"},
                {"label": "Contact", "field_validation": ["email"]},
            ],
        )
        self.id: str = self.template["id"]
        self.brief, self.permit = (step["id"] for step in self.template["steps"])
        self.note, self.day = (field["id"] for field in self.template["steps"][0]["captures"])
        self.trip, self.lead, self.contact = (field["id"] for field in self.template["prerun"])
        self.path = f"/checklists/{self.id}/automated-actions"
        self.shipping: dict[str, Any] = {}

    def other(self) -> dict[str, Any]:
        """A template that rules can launch, with a required kick-off field and a date."""
        fields = [{"label": "Who", "required": True}, {"label": "When", "field_type": "date"}]
        return self.org.template("Shipping", kickoff=fields)

    def expiring(self) -> str:
        return self.api.data("POST", f"/checklists/{self.id}/steps", {"title": "Alarm", "step_type": "expiring"})["id"]

    def launch(self, other: dict[str, Any], *answers: tuple[int, str, str], **changes: Any) -> dict[str, Any]:
        """`answers`: place of the field there, kind and id of the field here."""
        handed = [
            {"prerun_id": other["prerun"][place]["id"], "actionable_type": kind, "actionable_id": source}
            for place, kind, source in answers
        ]
        wanted = {"checklist_id": other["id"], "name_format": None, "prerun": handed, **changes}
        return self.action(action_type="launch", action_verb="launch_process", launch=wanted)

    def on_time(self, operation: str, statement: Any = None, **changes: Any) -> dict[str, Any]:
        step = {"conditionable_id": self.brief, "conditionable_type": "Step"}
        return self.condition(operation=operation, statement=statement, **{**step, **changes})

    def condition(self, **changes: Any) -> dict[str, Any]:
        asked = {"conditionable_id": self.trip, "conditionable_type": "Prerun", "operation": "equals"}
        return {**asked, "statement": "Sea", "logic": "and", "position": 1, **changes}

    def action(self, **changes: Any) -> dict[str, Any]:
        target = {"action_type": "visibility", "action_verb": "show", "target_step_id": self.permit, "position": 1}
        return {**target, **changes}

    def assignment(self, **changes: Any) -> dict[str, Any]:
        return self.action(**{"action_type": "assignment", "action_verb": "assign", **changes})

    def deadline(self, **changes: Any) -> dict[str, Any]:
        shift = {"value": 3, "unit": "days", "option": "from"}
        return self.action(**{"action_type": "deadline", "action_verb": "deadline", "deadline": shift, **changes})

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "automated_alias": "R1",
            "conditions": [self.condition()],
            "then_actions": [self.action()],
            **changes,
        }

    def add(self, **changes: Any) -> dict[str, Any]:
        return self.api.data("POST", self.path, self.body(**changes))

    def all(self) -> list[dict[str, Any]]:
        return self.api.data("GET", f"/checklists/{self.id}")["automated_actions"]

    def names(self) -> list[str]:
        return [rule["automated_alias"] for rule in self.all()]


def test_a_rule_is_read_with_its_template(org: Organization) -> None:
    """Spec: A-1.1, A-1.7: there is no endpoint for one rule."""
    rules = Rules(org)

    made = rules.add()

    [condition], [action] = made["conditions"], made["then_actions"]
    assert (made["automated_alias"], made["position"], made["archived_at"]) == ("R1", 1, None)
    assert condition == {
        "id": condition["id"], "conditionable_id": rules.trip, "conditionable_type": "Prerun", "operation": "equals",
        "statement": "Sea", "logic": "and", "position": 1, "column_contains_name": None,
    }  # fmt: skip
    assert action == {
        "id": action["id"], "action_type": "visibility", "action_verb": "show", "target_step_id": rules.permit,
        "position": 1, "actionable_id": None, "actionable_type": None, "deadline": None,
        "assignees": {"users": [], "guests": [], "groups": []}, "webhook_url": None, "alias_name": None,
        "launch": None,
    }  # fmt: skip
    assert rules.all() == [made]
    assert rules.api.get(rules.path).status_code == 405
    assert rules.api.get(f"{rules.path}/{made['id']}").status_code == 405


def test_8_replacing_a_rule_deletes_what_is_not_sent(org: Organization) -> None:
    """Spec: A-1.7."""
    rules = Rules(org)
    made = rules.add(conditions=[rules.condition(), rules.condition(statement="River", logic="or", position=2)])
    second = made["conditions"][1]

    kept = {**rules.condition(statement="Lake", position=1), "id": second["id"]}
    new = rules.condition(conditionable_id=rules.note, conditionable_type="Capture", position=2)
    body = rules.body(automated_alias="R2", conditions=[kept, new])
    changed = rules.api.data("PUT", f"{rules.path}/{made['id']}", body)

    assert changed["conditions"][0]["id"] == second["id"]
    assert [each["statement"] for each in changed["conditions"]] == ["Lake", "Sea"]
    assert (changed["id"], changed["automated_alias"], changed["position"]) == (made["id"], "R2", 1)
    assert changed["then_actions"][0]["id"] != made["then_actions"][0]["id"], "it was sent without its id"
    assert rules.all() == [changed]


def test_rules_are_deleted_for_good(org: Organization) -> None:
    rules = Rules(org)
    made = rules.add()

    assert rules.api.delete(f"{rules.path}/{made['id']}").status_code == 204

    assert rules.all() == []
    assert rules.api.delete(f"{rules.path}/{made['id']}").status_code == 404
    assert rules.api.put(f"{rules.path}/{made['id']}", rules.body()).status_code == 404


def test_a_1_1_the_order_of_rules_is_their_position(org: Organization) -> None:
    rules = Rules(org)
    for name in ("A", "B"):
        rules.add(automated_alias=name)

    first = rules.add(automated_alias="C", position=1)
    assert (rules.names(), first["position"]) == (["C", "A", "B"], 1)

    moved = rules.api.data("PUT", f"{rules.path}/{first['id']}", rules.body(automated_alias="C", position=9))
    assert (rules.names(), moved["position"]) == (["A", "B", "C"], 3)


def test_a_4_6_conditions_and_actions_are_put_in_the_order_of_their_positions(org: Organization) -> None:
    rules = Rules(org)
    later, sooner = rules.condition(statement="later", position=7), rules.condition(statement="sooner", position=3)

    made = rules.add(conditions=[later, sooner])

    assert [(each["statement"], each["position"]) for each in made["conditions"]] == [("sooner", 1), ("later", 2)]


@on_one_database
def test_faults_are_named_where_they_were_sent(org: Organization) -> None:
    rules = Rules(org)
    unknown = rules.assignment(assignees={"users": [999999999]}, position=1)

    answer = rules.api.post(rules.path, rules.body(then_actions=[rules.action(position=2), unknown]))

    assert list(answer.json()["errors"]) == ["then_actions.1.assignees.users.0"]


def test_what_is_stored_is_what_will_be_compared(org: Organization) -> None:
    """Spec: A-2.12, A-2.20."""
    rules = Rules(org)
    step = {"conditionable_id": rules.brief, "conditionable_type": "Step", "operation": "completed"}

    made = rules.add(
        conditions=[
            rules.condition(statement={"id": 2, "text": "Sea"}),
            rules.condition(operation="equals_any", statement=["River", {"id": 2, "text": "Sea"}]),
            rules.condition(operation="is_empty", statement="ignored"),
            *(rules.condition(**step, statement=each) for each in (None, "", "on_time", "late-24")),
        ]
    )

    assert [each["statement"] for each in made["conditions"]] == [
        "Sea", ["River", "Sea"], None, "any_time", "any_time", "on-time", "late_24",
    ]  # fmt: skip


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


@on_one_database
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(lambda r: r.action(action_type="assignment", action_verb="clear_assignees"), id="AT-44 clear"),
        pytest.param(lambda r: r.assignment(actionable_id=r.lead, actionable_type="Prerun"), id="A-4.4 picker"),
        pytest.param(lambda r: r.assignment(actionable_id=r.contact, actionable_type="Prerun"), id="A-4.4 address"),
        pytest.param(lambda r: r.assignment(assignees={"guests": ["New@X.test"]}), id="A-4.4 a new guest"),
        pytest.param(lambda r: r.assignment(assignees={"assignees": [r.org.admin.id]}), id="8.2 other word for users"),
        pytest.param(lambda r: r.deadline(actionable_id=r.day, actionable_type="Capture"), id="A-4.40 date field"),
        pytest.param(lambda r: r.deadline(actionable_id=r.brief, actionable_type="Step"), id="A-4.40 other step"),
        pytest.param(lambda r: r.deadline(), id="A-4.40 current deadline"),
        pytest.param(
            lambda r: r.action(
                action_type="webhook", action_verb="emit_webhook", webhook_url="https://x.test/a", alias_name="in"
            ),
            id="4.5 webhook",
        ),
        pytest.param(
            lambda r: r.launch(r.shipping, (0, "Capture", r.note), (1, "Capture", r.day), name_format="For {{note}}"),
            id="A-4.70 launch",
        ),
    ],
)
def test_every_action_comes_back_as_it_was_sent(org: Organization, changes: Any) -> None:
    rules = Rules(org)
    rules.shipping = rules.other()

    made = rules.add(then_actions=[changes(rules)])

    sent, [got] = changes(rules), made["then_actions"]
    for key in ("action_type", "action_verb", "deadline", "actionable_id", "actionable_type", "webhook_url", "launch"):
        assert got[key] == sent.get(key)
    again = rules.api.data("PUT", f"{rules.path}/{made['id']}", made)
    assert {**again, "last_updated": ""} == {**made, "last_updated": ""}, (
        "a rule that is sent back whole stays as it is"
    )


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


def test_at_41_what_a_rule_uses_cannot_be_deleted(org: Organization) -> None:
    """Spec: A-11.1, T-5.3, T-11.30, api-templates 12.9."""
    rules = Rules(org)
    made = rules.add(
        automated_alias="Sea needs a permit",
        conditions=[
            rules.condition(),
            rules.condition(conditionable_id=rules.note, conditionable_type="Capture", operation="is_empty"),
        ],
    )
    places = [
        f"/checklists/{rules.id}/preruns/{rules.trip}",
        f"/checklists/{rules.id}/steps/{rules.permit}",
        f"/checklists/{rules.id}/steps/{rules.brief}/captures/{rules.note}",
        f"/checklists/{rules.id}/steps/{rules.brief}",
    ]

    for place in places:
        answer = rules.api.delete(place)
        assert answer.status_code == 403 and "Sea needs a permit" in answer.json()["message"]
    assert len(rules.api.data("GET", f"/checklists/{rules.id}/steps?without_pagination=1")) == 2

    rules.api.delete(f"{rules.path}/{made['id']}")
    assert [rules.api.delete(place).status_code for place in places] == [200] * 4


def test_12_a_copy_has_rules_of_its_own(org: Organization) -> None:
    """Spec: A-11.5, T-15.2: new ids everywhere, references point inside the copy."""
    rules = Rules(org)
    made = rules.add(
        conditions=[rules.condition(), rules.condition(conditionable_id=rules.note, conditionable_type="Capture")],
        then_actions=[rules.deadline(actionable_id=rules.day, actionable_type="Capture")],
    )

    copy_id = rules.api.data("POST", f"/checklists/{rules.id}/clone", {})["id"]

    copy = rules.api.data("GET", f"/checklists/{copy_id}?with=steps")
    [rule], steps = copy["automated_actions"], copy["steps"]["data"]
    assert rule["automated_alias"] == "R1" and rule["id"] != made["id"]
    assert [each["conditionable_id"] for each in rule["conditions"]] == [
        copy["prerun"][0]["id"], steps[0]["captures"][0]["id"],
    ]  # fmt: skip
    [action] = rule["then_actions"]
    assert (action["target_step_id"], action["actionable_id"]) == (steps[1]["id"], steps[0]["captures"][1]["id"])
    old = {made["id"], *(each["id"] for each in (*made["conditions"], *made["then_actions"]))}
    assert old.isdisjoint({rule["id"], action["id"], *(each["id"] for each in rule["conditions"])})


def test_a_copy_in_another_organization_leaves_people_behind(org: Organization, other_org: Organization) -> None:
    """Spec: T-15.4, A-4.30."""
    rules = Rules(org)
    rules.add(then_actions=[rules.assignment(assignees={"users": [org.admin.id], "guests": ["g@x.test"]})])
    there = other_org.join(org.admin, "admin")

    copy_id = there.api.data("POST", f"/checklists/{rules.id}/clone", {"tenant": org.id})["id"]

    [rule] = there.api.data("GET", f"/checklists/{copy_id}")["automated_actions"]
    assert rule["then_actions"][0]["assignees"] == {"users": [], "guests": [], "groups": []}


def test_14_an_import_brings_the_rules(org: Organization) -> None:
    """Spec: DEC-56, T-15.5; without the flag they are ignored."""
    rules = Rules(org)
    guest = org.guest()["email"]
    rules.add(
        then_actions=[
            rules.assignment(assignees={"users": [org.admin.id], "guests": [guest]}),
            rules.action(position=2),
        ]
    )
    exported = rules.api.data("GET", f"/checklists/{rules.id}?with=steps")
    exported["automated_actions"][0]["then_actions"][0]["assignees"]["users"].append(999999)

    plain = rules.api.data("POST", "/checklists", {**exported, "title": "Plain"})
    made = rules.api.data("POST", "/checklists?import=1", {**exported, "title": "Whole"})

    assert plain["automated_actions"] == []
    whole = rules.api.data("GET", f"/checklists/{made['id']}?with=steps")
    [rule] = whole["automated_actions"]
    assert rule["conditions"][0]["conditionable_id"] == whole["prerun"][0]["id"] != rules.trip
    assert [each["target_step_id"] for each in rule["then_actions"]] == [whole["steps"]["data"][1]["id"]] * 2
    assert rule["then_actions"][0]["assignees"] == {"users": [org.admin.id], "guests": [guest], "groups": []}


@on_one_database
def test_an_import_with_a_broken_rule_makes_nothing(org: Organization) -> None:
    rules = Rules(org)
    rules.add()
    exported = rules.api.data("GET", f"/checklists/{rules.id}?with=steps")
    exported["automated_actions"][0]["then_actions"][0]["target_step_id"] = "f" * 32
    before = rules.api.get("/checklists").json()["meta"]["pagination"]["total"]

    answer = rules.api.post("/checklists?import=1", {**exported, "title": "Broken"})

    assert answer.status_code == 422
    assert "automated_actions.0.then_actions.0.target_step_id" in answer.json()["errors"]
    assert rules.api.get("/checklists").json()["meta"]["pagination"]["total"] == before


def test_t_5_5_a_copied_step_has_no_rules(org: Organization) -> None:
    rules = Rules(org)
    rules.add()

    copied = rules.api.data("POST", f"/checklists/{rules.id}/steps/{rules.permit}/clone", {})

    [rule] = rules.all()
    assert [each["target_step_id"] for each in rule["then_actions"]] == [rules.permit] and copied["id"] != rules.permit


def test_a_1_3_rules_are_for_editors(org: Organization) -> None:
    rules = Rules(org)
    made = rules.add()
    reader, light = org.person(), org.person("light")
    org.allow(rules.template, "READ", reader.id, light.id)

    for who in (reader, light):
        assert who.api.post(rules.path, rules.body()).status_code == 403
        assert who.api.put(f"{rules.path}/{made['id']}", rules.body()).status_code == 403
        assert who.api.delete(f"{rules.path}/{made['id']}").status_code == 403
    assert reader.api.data("GET", f"/checklists/{rules.id}")["automated_actions"] == [made]


def test_a_field_that_changes_its_type_keeps_its_rules(org: Organization) -> None:
    """Spec: A-11.2, A-2.26: what no longer fits is false, launches go on."""
    rules = Rules(org)
    rules.add(
        conditions=[rules.condition(operation="greater_than", statement="3")],
        then_actions=[rules.deadline(actionable_id=rules.day, actionable_type="Capture"), rules.action(position=2)],
    )
    day = text_field(label="Day")
    rules.api.data("PUT", f"/checklists/{rules.id}/steps/{rules.brief}/captures/{rules.day}", day)

    run = org.process(rules.template)

    tasks = {task["title"]: task["status"] for task in rules.api.data("GET", f"/runs/{run['id']}/tasks")}
    assert tasks == {"Brief": "not-started", "Permit": "auto-skipped"}


def test_a_step_may_be_hidden_at_the_start_without_a_rule(org: Organization) -> None:
    """Spec: A-6.1 (D6); behaviour-automations D6."""
    template = org.template(steps=["Brief", {"title": "Spare", "hide_by_default": True}])
    assert [step["hide_by_default"] for step in template["steps"]] == [False, True]

    run = org.process(template)

    assert run["progress"] == {"complete": 0, "total": 1, "percent": 0}


def test_conditions_on_time_come_back_as_they_were_sent(org: Organization) -> None:
    """Spec: A-2.41, api-templates 8.3."""
    rules = Rules(org)
    conditions = [
        rules.on_time("overdue", "any_time"),
        rules.on_time("overdue_by", {"value": 2, "unit": "days"}, position=2),
        rules.on_time(
            "due_in", {"value": 90, "unit": "minutes"}, conditionable_type="Run", conditionable_id=None, position=3
        ),
    ]

    made = rules.add(conditions=conditions)

    got = [(each["conditionable_type"], each["operation"], each["statement"]) for each in made["conditions"]]
    assert got == [
        ("Step", "overdue", None),
        ("Step", "overdue_by", {"value": 2, "unit": "days"}),
        ("Run", "due_in", {"value": 90, "unit": "minutes"}),
    ]
    assert made["conditions"][2]["conditionable_id"] is None
    again = rules.api.data("PUT", f"{rules.path}/{made['id']}", made)
    assert again["conditions"] == made["conditions"]


def test_a_launch_is_copied_exported_and_left_behind(org: Organization, other_org: Organization) -> None:
    """Spec: A-4.75: a copy launches the same template, also where it launches itself; strangers do not. A-5.33."""
    rules = Rules(org)
    other = rules.other()
    away = rules.launch(other, (0, "Capture", rules.note))
    itself = rules.launch(rules.template, (2, "Prerun", rules.contact), name_format="Of {{contact}}")
    rules.add(then_actions=[away, {**itself, "position": 2}], conditions=[rules.on_time("overdue")])
    rules.api.data("PUT", f"/checklists/{rules.id}", {"title": "T", "two_way_visibility": True})
    original = rules.api.data("GET", f"/checklists/{rules.id}?with=steps")

    copy = rules.api.data("POST", f"/checklists/{rules.id}/clone")
    imported = rules.api.data("POST", "/checklists?import=1", original)
    abroad = other_org.api.data("POST", "/checklists?import=1", {**original, "owner_id": None})

    for made in (copy, imported):
        made = rules.api.data("GET", f"/checklists/{made['id']}?with=steps")
        [rule] = made["automated_actions"]
        first, second = (each["launch"] for each in rule["then_actions"])
        note = made["steps"]["data"][0]["captures"][0]["id"]
        assert (first["checklist_id"], first["prerun"][0]["actionable_id"]) == (other["id"], note)
        assert first["prerun"][0]["prerun_id"] == other["prerun"][0]["id"]
        assert (second["checklist_id"], second["prerun"][0]["prerun_id"]) == (rules.id, rules.contact)
        assert second["prerun"][0]["actionable_id"] == made["prerun"][2]["id"]
        assert rule["conditions"][0]["operation"] == "overdue" and made["two_way_visibility"] is True
    assert [each["then_actions"] for each in abroad["automated_actions"]] == [[]]


def test_what_is_wrong_with_a_rule_is_said_once_and_in_words(org: Organization) -> None:
    """A blank name is no name; of an unknown action type nobody knows the verbs. Spec: A-1.2, A-4.1."""
    rules = Rules(org)
    wrong = rules.body(automated_alias="  ", then_actions=[rules.action(action_type="email", action_verb="send")])

    refused = org.api.post(rules.path, wrong)

    assert refused.status_code == 422
    errors = refused.json()["errors"]
    assert errors["automated_alias"] == ["The automated alias field is required."]
    assert [path for path in errors if path.startswith("then_actions")] == ["then_actions.0.action_type"]
