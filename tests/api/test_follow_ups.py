"""Processes under others: by hand, by steps and rules. Spec: behaviour-launching 10, behaviour-work K-A2."""

from typing import Any

import pytest

from procession.usecases.follow_ups import MOST_LEVELS, TOO_DEEP
from tests.api.task_runs import Run
from tests.builders import Organization


def following(org: Organization, target: dict[str, Any] | None = None) -> dict[str, Any]:
    """Completing its step launches the other template, itself when none is named."""
    template = org.template("Round", steps=["Go"], kickoff=[{"label": "Why"}])
    follow_up = {"id": (target or template)["id"], "tasks_within_process": False}
    path = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}"
    org.api.data("PUT", path, {"title": "Go", "bp_to_launch": follow_up})
    return template


def test_l_10_10_a_launch_may_name_any_process_the_caller_can_read_as_its_parent(org: Organization) -> None:
    """Nothing is handed on, and nothing of the parent changes."""
    template = org.template(steps=["Go"], kickoff=[{"label": "Why"}])
    ann = org.person()
    org.allow(template, "LAUNCH", ann.id)
    parent = org.process(template, prerun={template["prerun"][0]["id"]: "so"})
    theirs = ann.api.data("POST", "/runs", {"checklist_id": template["id"]})["id"]

    child = org.process(template, parent_id=parent["id"])

    assert (child["parent_id"], child["prerun"]) == (parent["id"], {})
    assert org.api.data("GET", f"/runs/{parent['id']}")["last_updated"] == parent["last_updated"]
    assert ann.api.data("POST", "/runs", {"checklist_id": template["id"], "parent_id": theirs})["parent_id"] == theirs
    for unseen in (parent["id"], "0" * 32):
        refused = ann.api.post("/runs", {"checklist_id": template["id"], "parent_id": unseen})
        assert refused.status_code == 422 and list(refused.json()["errors"]) == ["parent_id"]


def test_l_10_11_automatic_launches_end_fifty_levels_down(org: Organization) -> None:
    """Chains are possible, A launches A; people may go deeper."""
    template = following(org)
    top = Run(org, template)
    parent = top.id
    for _ in range(MOST_LEVELS - 2):
        parent = org.process(template, parent_id=parent)["id"]
    last_but_one = Run(org, template, parent_id=parent)
    last_but_one.complete("Go").raise_for_status()
    [deepest] = [each for each in org.api.data("GET", "/runs?per_page=100") if each["parent_id"] == last_but_one.id]
    [task] = org.api.data("GET", f"/runs/{deepest['id']}/tasks")

    org.api.post(f"/runs/{deepest['id']}/completed-tasks", {"task_id": task["id"]}).raise_for_status()

    assert not [each for each in org.api.data("GET", "/runs?per_page=100") if each["parent_id"] == deepest["id"]]
    [said] = org.api.data("GET", f"/runs/{deepest['id']}/tasks/{task['id']}?with=threads")["threads"]["data"]
    assert said["content"].endswith(TOO_DEEP)
    assert org.process(template, parent_id=deepest["id"])["parent_id"] == deepest["id"]


def test_the_activity_says_what_launched_a_process(org: Organization) -> None:
    """K-A2"""
    template = following(org, org.template("Target", steps=["Then"]))
    run = Run(org, template)
    run.complete("Go").raise_for_status()
    ids = {"checklist": template["id"], "run": run.id, "step": template["steps"][0]["id"], "task": run.task_id("Go")}

    def rows(query: str) -> list[Any]:
        found = org.api.data("GET", f"/activity-feeds?{query}")
        return [(each["auditable_id"], each["origin"]) for each in found]

    [child] = [each["id"] for each in org.api.data("GET", "/runs") if each["parent_id"] == run.id]
    expected = [(child, {"data": {f"{kind}_id": each for kind, each in ids.items()}})]
    for kind, key in ids.items():
        assert rows(f"origin_type={kind}&origin_id={key}") == rows(f"origin_type={kind}") == expected
        assert rows(f"origin_type={kind}&origin_id={'0' * 32}") == []
    assert rows("origin_type=run&verb=completed") == []
    assert (run.id, None) in rows("type=Process")


def test_q4_the_name_of_a_launched_process_is_told_to_those_who_see_it(org: Organization) -> None:
    """In the activity and in explanations. Spec: behaviour-people Q4, Q5."""
    member = org.person()
    run = Run(org, following(org, org.template("Secret", steps=["X"])), users=[member.id])
    run.complete("Go").raise_for_status()
    [launched] = [each for each in org.api.data("GET", "/runs") if each["id"] != run.id]

    def told() -> list[str]:
        feed = member.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}&verb=linked")
        explained = member.api.data("GET", f"/runs/{run.id}/tasks/{run.task_id('Go')}/explain")
        return [feed[0]["description"][0], str(explained["history"][-1]["details"].get("called"))]

    assert told() == ['Task "Go" was followed by a process.', "None"]
    org.api.data("PUT", f"/runs/{launched['id']}", {"name": launched["name"], "users": [member.id]})
    assert told() == [f'Task "Go" was followed by a process: "{launched["name"]}".', launched["name"]]


def test_q4_what_the_system_says_of_a_launch_names_it_to_those_who_see_it(org: Organization) -> None:
    """In the comment, its row of the activity and the export, as it is called now. Spec: L-10.5, behaviour-people Q4."""
    member = org.person()
    run = Run(org, following(org, org.template("Secret", steps=["X"])), users=[member.id])
    run.complete("Go").raise_for_status()
    [launched] = [each for each in org.api.data("GET", "/runs") if each["id"] != run.id]

    def told() -> set[str]:
        [comment] = member.api.data("GET", f"/runs/{run.id}/tasks/{run.task_id('Go')}?with=threads")["threads"]["data"]
        feed = member.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}&verb=commented")
        exported = [each["comment"] for each in member.api.data("POST", f"/runs/{run.id}/export") if each["comment"]]
        return {comment["content"], *feed[0]["text"], *exported}

    assert told() == {"Completing this task launched another process."}
    org.api.data("PUT", f"/runs/{launched['id']}", {"name": "Onboard @[1] & co", "users": [member.id]})
    assert {each.replace("&amp;", "&") for each in told()} == {
        f"Completing this task launched the process Onboard @[1] & co ({launched['id']})."
    }


class Dual:
    """A template whose draft has, or whose published version has (`published`), a required kick-off field."""

    def __init__(self, org: Organization, *, published: bool) -> None:
        self.org = org
        made = org.template("Ship", steps=["Send"], kickoff=[{"label": "Who", "required": published}])
        self.id, [field] = made["id"], made["prerun"]
        path = f"/checklists/{self.id}"
        org.api.data("PUT", path, {"title": "Ship", "dual_version_enabled": True})
        org.api.data("PUT", f"{path}/publish")
        org.api.data("PUT", path, {"title": "Ship", "prerun": [{**field, "required": not published}]})

    def chosen(self) -> dict[str, int]:
        """What comes of choosing it: for a step, for a rule, for new members."""
        api, template = self.org.api, self.org.template(steps=["Go"])
        path, [step] = f"/checklists/{template['id']}", template["steps"]
        condition = {"conditionable_id": step["id"], "conditionable_type": "Step", "operation": "completed"}
        action = {"action_type": "launch", "action_verb": "launch_process", "target_step_id": step["id"]}
        rule = {
            "automated_alias": "On",
            "conditions": [{**condition, "statement": None, "logic": "and"}],
            "then_actions": [{**action, "launch": {"checklist_id": self.id}}],
        }
        settings = {"name": "Fernwood", "enable_onboarding_template": True, "onboarding_template_id": self.id}
        follow_up = {"title": "Go", "bp_to_launch": {"id": self.id, "tasks_within_process": False}}
        return {
            "step": api.put(f"{path}/steps/{step['id']}", follow_up).status_code,
            "rule": api.post(f"{path}/automated-actions", rule).status_code,
            "members": api.put("", settings).status_code,
        }


def test_t_10_7_what_launches_a_template_goes_by_what_is_published(org: Organization) -> None:
    draft_asks, published_asks = Dual(org, published=False), Dual(org, published=True)

    assert draft_asks.chosen() == {"step": 200, "rule": 201, "members": 200}
    assert published_asks.chosen() == {"step": 422, "rule": 422, "members": 422}


def test_t_10_7_the_check_goes_by_what_is_published_of_what_is_launched(org: Organization) -> None:
    dual = Dual(org, published=False)
    template = following(org, {"id": dual.id})

    def unfit() -> list[str]:
        findings = org.api.data("GET", f"/checklists/{template['id']}/check")["findings"]
        return [each["place"]["name"] for each in findings if each["code"] == "follow_up_unfit"]

    assert unfit() == []
    org.api.data("PUT", f"/checklists/{dual.id}/publish")
    assert unfit() == ["Go"]


@pytest.mark.parametrize("within", [False, True], ids=["launched", "injected"])
def test_t_2_3_an_import_launches_nothing_that_its_maker_does_not_know_of(org: Organization, within: bool) -> None:
    """As when a step is written: else whoever has the id of a template reads it by launching it."""
    hidden, known, ines = org.template("Hidden", steps=["Secret"]), org.template("Known", steps=["Go"]), org.person()
    org.allow(known, "READ", ines.id)
    steps = [
        {"title": each["title"], "bp_to_launch": {"id": each["id"], "tasks_within_process": within}}
        for each in (hidden, known)
    ]

    made = ines.api.data("POST", "/checklists?import=1", {"title": "Mine", "type": "procedure", "steps": steps})

    [of_hidden, of_known] = ines.api.data("GET", f"/checklists/{made['id']}/steps")
    assert of_hidden["bp_to_launch"] is None
    assert of_known["bp_to_launch"]["id"] == known["id"]
