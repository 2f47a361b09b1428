"""Milestones of running processes. Spec: api-processes 15, behaviour-work 4."""

from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.harness import Api


class Launched:
    """A process of three tasks, two of them in the template's only milestone."""

    def __init__(self, org: Organization, **launch: Any) -> None:
        self.org, self.api = org, org.api
        template = org.template(steps=["Call", "Visit", "Sign"])
        self.template: str = template["id"]
        steps = [each["id"] for each in template["steps"]]
        made = org.api.data("POST", f"/checklists/{self.template}/stages", {"name": "Talk"})
        body = {"steps": steps[:2]}
        org.api.data("PUT", f"/checklists/{self.template}/stages/{made['id']}", body, status=200)
        self.talk: str = made["id"]
        self.run: str = org.process(template, **launch)["id"]
        self.path = f"/runs/{self.run}/stages"
        self.tasks = [each["id"] for each in org.api.data("GET", f"/runs/{self.run}/tasks")]

    def stages(self, api: Api | None = None) -> list[tuple[str, list[str]]]:
        names = dict(zip(self.tasks, ("Call", "Visit", "Sign"), strict=True))
        found = (api or self.api).data("GET", self.path)
        assert [each["position"] for each in found] == list(range(1, len(found) + 1))
        return [(each["name"], [names[task] for task in each["tasks"]]) for each in found]


def test_s2_milestones_belong_to_the_process_and_its_template_stays_as_it_is(org: Organization) -> None:
    launched = Launched(org)
    before = org.api.data("GET", f"/checklists/{launched.template}?with=stages,steps")
    call, visit, sign = launched.tasks
    assert launched.stages() == [("Talk", ["Call", "Visit"])]

    last = org.api.data("POST", launched.path, {"name": "Close"})
    first = org.api.data("POST", launched.path, {"name": "Prepare", "position": 1})
    org.api.data("PUT", f"{launched.path}/{last['id']}", {"tasks": [sign, visit]})
    org.api.data("PATCH", f"{launched.path}/{launched.talk}", {"name": "Speak", "position": 1})

    assert launched.stages() == [("Speak", ["Call"]), ("Prepare", []), ("Close", ["Visit", "Sign"])]
    shown = org.api.data("GET", f"/runs/{launched.run}?with=stages,tasks")
    assert [each["name"] for each in shown["stages"]["data"]] == ["Speak", "Prepare", "Close"]
    assert [each["task_count"] for each in shown["stages"]["data"]] == [1, 0, 2]
    assert {each["id"]: each["stage_id"] for each in shown["tasks"]["data"]} == {
        call: launched.talk, visit: last["id"], sign: last["id"],
    }  # fmt: skip
    listed = {each["id"]: each for each in org.api.data("GET", "/runs?with=stages")}
    assert listed[launched.run]["stages"] == shown["stages"]
    rows = org.api.data("POST", f"/runs/{launched.run}/export", status=200)
    assert [(row["milestone_name"], row["milestone_position"]) for row in rows] == [
        ("Speak", 1), ("Close", 3), ("Close", 3),
    ]  # fmt: skip
    assert org.api.data("GET", f"/checklists/{launched.template}?with=stages,steps") == before
    assert org.api.data("GET", f"/runs/{org.process({'id': launched.template})['id']}/stages")[0]["name"] == "Talk"
    org.api.delete(f"{launched.path}/{first['id']}").raise_for_status()
    feed = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={launched.run}&type=Process&per_page=2")
    assert feed[0]["description"][0].endswith('was freed of a milestone: "Prepare".')
    assert org.differences() == []


def test_s3_deleting_a_milestone_ungroups_its_tasks_and_deletes_nothing_else(org: Organization) -> None:
    launched = Launched(org)

    assert org.api.delete(f"{launched.path}/{launched.talk}").status_code == 204

    assert launched.stages() == []
    tasks = org.api.data("GET", f"/runs/{launched.run}/tasks")
    assert [(each["id"], each["stage_id"]) for each in tasks] == [(each, None) for each in launched.tasks]
    assert_refused(org.api.delete(f"{launched.path}/{launched.talk}"), 404)


def test_run_editors_change_milestones_of_what_is_under_way(org: Organization) -> None:
    member, light, stranger = org.person(), org.person("light"), org.person()
    launched = Launched(org, users=[member.id, light.id])
    secret = launched.tasks[1]
    org.api.data("PUT", f"/runs/{launched.run}/tasks/{secret}", {"top_secret": True})
    named = {"name": "Later"}

    assert launched.stages(light.api) == [("Talk", ["Call"])]
    with unchanged(org):
        for each in (member, light):
            assert_refused(each.api.post(launched.path, named), 403)
        assert_refused(stranger.api.post(launched.path, named), 404)
        for wrong, at in (({}, "name"), ({"name": "x" * 251}, "name"), ({"name": "x", "position": 0}, "position")):
            refused = org.api.post(launched.path, wrong)
            assert_refused(refused, 422)
            assert list(refused.json()["errors"]) == [at]
        stage = f"{launched.path}/{launched.talk}"
        refused = org.api.put(stage, {"tasks": [launched.tasks[0], "0" * 32]})
        assert list(refused.json()["errors"]) == ["tasks.1"]
        stale = {"If-Match": '"0"'}
        assert org.api.request("PUT", stage, json=named, headers=stale).status_code == 412

    org.allow({"id": launched.template}, "CHECKLIST_EDIT", member.id)
    member.api.data("PUT", stage, {"tasks": [launched.tasks[2]]})
    assert launched.stages() == [("Talk", ["Visit", "Sign"])], "who does not see a task leaves it where it is"
    org.api.data("POST", f"/runs/{launched.run}/problem", {"content": "stop"})
    assert_refused(org.api.post(launched.path, named), 423)
    other = Launched(org)
    org.api.delete(f"/runs/{other.run}").raise_for_status()
    assert_refused(org.api.delete(f"{other.path}/{other.talk}"), 422)


def test_milestones_survive_the_bin_and_are_followed_by_copies(org: Organization) -> None:
    """Spec: BI4, api-conventions 8.1."""
    launched = Launched(org)
    since = org.api.get("/runs?updated_since=now").json()["sync"]["next"]
    org.api.data("PUT", f"{launched.path}/{launched.talk}", {"name": "Speak"})
    assert [each["id"] for each in org.api.data("GET", f"/runs?updated_since={since}")] == [launched.run]

    org.api.delete(f"/runs/{launched.run}").raise_for_status()
    org.api.delete(f"/runs/{launched.run}/delete").raise_for_status()
    [item] = org.api.data("GET", "/bin")
    org.api.data("POST", f"/bin/{item['id']}/restore", status=200)

    assert launched.stages() == [("Speak", ["Call", "Visit"])]
