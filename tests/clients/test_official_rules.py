"""Automation rules through the official Python client."""

from typing import Any

import pytest

from .official import Office, assert_refused


@pytest.fixture
def template(office: Office) -> dict[str, Any]:
    """A template with two steps and a kick-off field: their ids."""
    sdk, org = office.sdk, office.id
    made = sdk.create_template(org, "Vendor intake").id
    first, second = (sdk.add_step_to_template(org, made, {"title": title})["id"] for title in ("Ask", "Check"))
    return {"id": made, "first": first, "second": second}


def shows(template: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A rule: when the first step is complete, show the second."""
    condition = {
        "conditionable_id": template["first"],
        "conditionable_type": "Step",
        "operation": "completed",
        "statement": "",
        "logic": "and",
        "position": 1,
    }
    action = {
        "action_type": "visibility",
        "action_verb": "show",
        "target_step_id": template["second"],
        "position": 1,
    }
    return {"automated_alias": "Check what was asked", "conditions": [condition], "then_actions": [action]} | changes


def test_a_rule_is_created_and_does_what_it_says(office: Office, template: dict[str, Any]) -> None:
    sdk, org = office.sdk, office.id

    made = sdk.create_automation_rule(org, template["id"], shows(template))
    assert made["automated_alias"] == "Check what was asked"
    assert [each["conditionable_id"] for each in made["conditions"]] == [template["first"]]

    run = sdk.launch_process(org, template["id"], "Brightwater")
    open_tasks = sdk.get_tasks_for_process(org, process_id=run.id).data
    [first] = [task for task in open_tasks if task.title == "Ask"]
    sdk.complete_task(org, run.id, first.id)
    shown = {task.title: task.status for task in sdk.get_tasks_for_process(org, process_id=run.id).data}
    assert shown == {"Ask": "completed", "Check": "not-started"}


def test_a_rule_is_changed_by_what_was_sent_alone(office: Office, template: dict[str, Any]) -> None:
    sdk, org = office.sdk, office.id
    made = sdk.create_automation_rule(org, template["id"], shows(template))

    changed = sdk.update_automation_rule(org, template["id"], made["id"], alias="Another name")
    assert changed["automated_alias"] == "Another name"
    kept = ("conditionable_id", "operation", "statement", "logic")
    assert [[each[key] for key in kept] for each in changed["conditions"]] == [
        [each[key] for key in kept] for each in made["conditions"]
    ]
    [action] = changed["then_actions"]
    assert (action["action_verb"], action["target_step_id"]) == ("show", template["second"])

    hides = [{**shows(template)["then_actions"][0], "action_verb": "hide"}]
    again = sdk.templates.update_automation_rule(org, template["id"], made["id"], {"actions": hides})
    assert (again["automated_alias"], again["then_actions"][0]["action_verb"]) == ("Another name", "hide")


def test_a_rule_is_deleted(office: Office, template: dict[str, Any]) -> None:
    sdk, org = office.sdk, office.id
    made = sdk.create_automation_rule(org, template["id"], shows(template))

    sdk.delete_automation_rule(org, template["id"], made["id"])

    assert sdk.get_template(org, template["id"]).automated_actions == []
    assert_refused(404, lambda: sdk.delete_automation_rule(org, template["id"], made["id"]))


def test_what_a_step_hangs_on_is_told(office: Office, template: dict[str, Any]) -> None:
    sdk, org = office.sdk, office.id
    made = sdk.create_automation_rule(org, template["id"], shows(template))

    told = sdk.get_step_visibility_conditions(org, template["id"], template["second"])

    [rule] = told["visibility_rules"]["show_rules"]
    assert (rule["automation_id"], rule["conditions_count"]) == (made["id"], 1)
    assert told["step_info"] == {
        "id": template["second"],
        "title": "Check",
        "default_visibility": "conditionally_visible",
    }
    other = sdk.get_step_visibility_conditions(org, template["id"], template["first"])
    assert other["visibility_rules"]["show_rules"] == []


def test_a_wrong_rule_is_refused(office: Office, template: dict[str, Any]) -> None:
    sdk, org = office.sdk, office.id
    action = {**shows(template)["then_actions"][0], "target_step_id": "f" * 32}

    assert_refused(422, lambda: sdk.create_automation_rule(org, template["id"], shows(template, then_actions=[action])))
    assert_refused(404, lambda: sdk.create_automation_rule(org, "f" * 32, shows(template)))
    assert sdk.get_template(org, template["id"]).automated_actions == []
