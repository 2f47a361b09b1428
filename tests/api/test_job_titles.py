"""Job titles and the steps they fill. Spec: api-templates 11, T-8.2, L-8.1 to L-8.5."""

from typing import Any

import pytest

from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api


def test_a_job_title_is_created_changed_deleted(org: Organization) -> None:
    api, ira, jo = org.api, org.person(), org.person()
    made = api.data("POST", "/roles", {"name": "Pilot", "users": [ira.id]})
    assert (made["name"], made["users"]) == ("Pilot", [ira.id])
    assert made["last_holders"] == {"users": [], "guests": [], "groups": []}
    assert api.data("GET", "/roles") == [made]

    assert api.data("PUT", f"/roles/{made['id']}", {"users": [jo.id, ira.id]})["users"] == [jo.id, ira.id]
    assert api.data("PUT", f"/roles/{made['id']}", {"name": "PILOT"})["users"] == [jo.id, ira.id]

    assert api.request("DELETE", f"/roles/{made['id']}").status_code == 204
    assert api.data("GET", "/roles") == []
    assert api.put(f"/roles/{made['id']}", {"name": "x"}).status_code == 404
    assert api.request("DELETE", f"/roles/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "name", id="no name"),
        pytest.param({"name": " "}, "name", id="blank name"),
        pytest.param({"name": "x" * 201}, "name", id="long name"),
        pytest.param({"name": "TAKEN"}, "name", id="taken, whatever the case"),
        pytest.param({"name": "x", "users": [0]}, "users.0", id="nobody"),
        pytest.param({"name": "x", "users": "all"}, "users", id="no list"),
    ],
)
def test_a_bad_job_title_is_refused_naming_the_field(api: Api, body: dict[str, object], field: str) -> None:
    api.data("POST", "/roles", {"name": "Taken"})

    refused = api.post("/roles", body)

    assert refused.status_code == 422 and refused.json()["errors"][field]
    assert len(api.data("GET", "/roles")) == 1


def test_every_member_reads_and_administrators_write(org: Organization) -> None:
    made = org.api.data("POST", "/roles", {"name": "Pilot"})
    for role in ("standard", "light"):
        api = org.person(role).api
        assert api.data("GET", "/roles") == [made]
        assert api.post("/roles", {"name": "x"}).status_code == 403
        assert api.put(f"/roles/{made['id']}", {"name": "x"}).status_code == 403
        assert api.request("DELETE", f"/roles/{made['id']}").status_code == 403


def test_job_titles_are_listed_by_name_searched_and_paged(org: Organization, statements: Statements) -> None:
    api = org.api
    api.data("POST", "/roles", {"name": "b", "users": [org.person().id]})
    few = statements.of(api, "/roles")
    for name in ("Ä", "C"):
        api.data("POST", "/roles", {"name": name, "users": [org.person().id]})

    assert [each["name"] for each in api.data("GET", "/roles")] == ["Ä", "b", "C"]
    assert [each["name"] for each in api.data("GET", "/roles?sort=-created_at")] == ["C", "Ä", "b"]
    assert [each["name"] for each in api.data("GET", "/roles?q=a")] == ["Ä"]
    assert api.get("/roles?per_page=2").json()["meta"]["pagination"]["total"] == 3
    assert statements.of(api, "/roles") == few


def test_people_who_left_hold_no_title(org: Organization) -> None:
    ira = org.person()
    org.api.data("POST", "/roles", {"name": "Pilot", "users": [ira.id]})
    org.api.request("DELETE", f"/users/{ira.id}/disable").raise_for_status()

    assert org.api.data("GET", "/roles")[0]["users"] == []


class Flight:
    """LT-12: the title "Pilot" on steps Check and Fly, "Cook" on Lunch, whose launcher would be assigned else."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        self.ira, self.jo = org.person(), org.person()
        self.pilot, self.cook = (org.api.data("POST", "/roles", {"name": name})["id"] for name in ("Pilot", "Cook"))
        self.template = org.template(
            steps=[
                {"title": "Check", "roles": [self.pilot]},
                {"title": "Fly", "roles": [self.pilot], "assign_run_starter": False},
                {"title": "Lunch", "roles": [self.cook]},
            ]
        )
        self.check, self.fly, self.lunch = (step["id"] for step in self.template["steps"])

    def tasks(self, **body: Any) -> list[dict[str, Any]]:
        process = self.org.process(self.template, **body)
        return self.api.data("GET", f"/runs/{process['id']}/tasks?with=roles")

    def users(self, **body: Any) -> list[list[int]]:
        return [task["owners"]["users"] for task in self.tasks(**body)]


def test_a_launch_fills_job_titles(org: Organization) -> None:
    """LT-12, L-8.3, L-8.5: a title fills every step that has it, an empty one leaves the task to nobody."""
    flight = Flight(org)
    ira = {"users": [flight.ira.id]}
    assert [step["roles"] for step in flight.template["steps"]] == [[flight.pilot], [flight.pilot], [flight.cook]]

    assert flight.users(roles={flight.pilot: ira}) == [[flight.ira.id], [flight.ira.id], []]
    assert flight.users() == [[], [], []]
    assert flight.users(roles={flight.pilot: ira}, tasks={flight.fly: {"owners": {"users": [flight.jo.id]}}}) == [
        [flight.ira.id], [flight.jo.id], []
    ]  # fmt: skip
    assert flight.users(roles=[{flight.pilot: ira}])[0] == [flight.ira.id], "a list of single-key objects is folded"


def test_a_task_names_the_titles_its_people_come_from(org: Organization) -> None:
    """api-tasks 6, and the filter `roles` of the task list."""
    flight = Flight(org)
    given = {flight.fly: {"owners": {"users": [flight.jo.id]}}}

    check, fly, lunch = flight.tasks(roles={flight.pilot: {"users": [flight.ira.id]}}, tasks=given)

    assert [task["roles"]["data"] for task in (check, fly, lunch)] == [[{"id": flight.pilot}], [], []]
    assert [task["id"] for task in org.api.data("GET", f"/tasks?roles={flight.pilot}")] == [check["id"]]
    assert org.api.data("GET", f"/tasks?roles={flight.cook}") == []


def test_titles_are_filled_with_guests_and_groups_too(org: Organization) -> None:
    flight = Flight(org)
    guest, group = "nia@partner.test", org.group(members=[flight.jo])["id"]

    check, *_ = flight.tasks(roles={flight.pilot.upper(): {"guests": [guest], "groups": [group]}})

    assert check["owners"] | {"taskUrls": []} == {"users": [], "guests": [guest], "groups": [group], "taskUrls": []}


@pytest.mark.parametrize(
    ("roles", "field"),
    [
        pytest.param({"6e" * 16: {"users": []}}, f"roles.{'6e' * 16}", id="no such title"),
        pytest.param({"{pilot}": {"users": [0]}}, "roles.{pilot}.users.0", id="nobody"),
        pytest.param({"{pilot}": 7}, "roles.{pilot}", id="no assignees"),
        pytest.param("Pilot", "roles", id="no object"),
    ],
)
def test_a_launch_with_bad_titles_makes_nothing(org: Organization, roles: Any, field: str) -> None:
    flight = Flight(org)
    sent = {key.format(pilot=flight.pilot): each for key, each in roles.items()} if isinstance(roles, dict) else roles

    refused = org.api.post("/runs", {"checklist_id": flight.template["id"], "roles": sent})

    assert refused.status_code == 422
    assert refused.json()["errors"].keys() & {
        field.format(pilot=flight.pilot),
        f"{field.format(pilot=flight.pilot)}.users.0",
    }
    assert org.api.data("GET", "/runs") == []


def test_the_last_holders_are_remembered_unless_asked_anew(org: Organization) -> None:
    """T-8.2"""
    flight = Flight(org)
    for step in (flight.lunch,):
        body = {"title": "Lunch", "role_changes_every_time": True}
        org.api.data("PUT", f"/checklists/{flight.template['id']}/steps/{step}", body)

    flight.tasks(roles={flight.pilot: {"users": [flight.ira.id]}, flight.cook: {"users": [flight.jo.id]}})
    flight.tasks()

    cook, pilot = org.api.data("GET", "/roles")
    assert pilot["last_holders"] == {"users": [flight.ira.id], "guests": [], "groups": []}
    assert cook["last_holders"]["users"] == []


def test_a_step_takes_only_titles_there_are(org: Organization) -> None:
    flight = Flight(org)
    path = f"/checklists/{flight.template['id']}/steps"

    for refused in (
        org.api.post(path, {"title": "x", "roles": ["6e" * 16]}),
        org.api.put(f"{path}/{flight.check}", {"title": "x", "roles": [flight.cook, "6e" * 16]}),
    ):
        assert refused.status_code == 422
        assert list(refused.json()["errors"]) in (["roles.0"], ["roles.1"])
    steps = org.api.data("GET", path)
    assert [step["roles"] for step in steps] == [[flight.pilot], [flight.pilot], [flight.cook]]


def test_a_deleted_title_leaves_its_steps(org: Organization) -> None:
    flight = Flight(org)
    [check, *_] = flight.tasks(roles={flight.pilot: {"users": [flight.ira.id]}})

    org.api.request("DELETE", f"/roles/{flight.pilot}").raise_for_status()

    steps = org.api.data("GET", f"/checklists/{flight.template['id']}/steps")
    assert [step["roles"] for step in steps] == [[], [], [flight.cook]]
    assert org.api.data("GET", f"/runs/{check['run_id']}/tasks/{check['id']}")["owners"]["users"] == [flight.ira.id]
    assert flight.users() == [[org.admin.id], [], []], "without a title the launcher is assigned where the step says so"


def test_an_export_brings_its_titles_when_they_are_here(org: Organization) -> None:
    flight = Flight(org)
    exported = org.api.data("GET", f"/checklists/{flight.template['id']}?with=steps")
    exported["steps"]["data"][2]["roles"] = ["6e" * 16]

    made = org.api.data("POST", "/checklists?import=1", {**exported, "title": "Again"})

    steps = org.api.data("GET", f"/checklists/{made['id']}/steps")
    assert [step["roles"] for step in steps] == [[flight.pilot], [flight.pilot], []]
