"""Rules of templates: create, replace, delete, copy, protect. Spec: api-templates 8, 12 (8, 9, 12, 14, 16); AT-41."""

from typing import Any

import pytest

from tests.api.task_runs import on_one_database
from tests.api.template_rules import Rules
from tests.builders import Organization, text_field


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


def test_a_11_2_an_import_takes_rules_as_they_have_become(org: Organization) -> None:
    """Fields and steps of another type since, a rule whose only action is gone: the template has them, so has its export.

    Spec: T-15.5.
    """
    rules, other = Rules(org), org.template("Other")
    rules.add(
        conditions=[rules.on_time("overdue")],
        then_actions=[
            rules.assignment(assignees={}, actionable_id=rules.lead, actionable_type="Prerun"),
            rules.deadline(position=2, actionable_id=rules.day, actionable_type="Capture"),
        ],
    )
    rules.add(then_actions=[rules.launch(other)])
    step = f"/checklists/{rules.id}/steps/{rules.brief}"
    text = {"field_type": "text", "required": False}
    lead = {"id": rules.lead, "label": "Lead", **text}
    org.api.data("PUT", f"/checklists/{rules.id}", {"title": "Boat hire", "prerun": [lead]})
    org.api.data("PUT", f"{step}/captures/{rules.day}", {"label": "Day", **text})
    org.api.data("PUT", step, {"title": "Brief", "step_type": "expiring"})
    org.api.delete(f"/checklists/{other['id']}").raise_for_status()

    def imported(template_id: str) -> dict[str, Any]:
        exported = rules.api.data("GET", f"/checklists/{template_id}?with=steps")
        return rules.api.data("POST", "/checklists?import=1", exported)

    once = imported(rules.id)
    twice = imported(once["id"])

    for made in (once, twice):
        became, emptied = made["automated_actions"]
        assert became["conditions"][0]["operation"] == "overdue"
        assert [each["actionable_type"] for each in became["then_actions"]] == ["Prerun", "Capture"]
        assert emptied["then_actions"] == []


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
