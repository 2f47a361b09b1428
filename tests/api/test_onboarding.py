"""A template is launched for each new member. Spec: behaviour-launching 11."""

from typing import Any

import pytest

from procession.adapters.identity import hash_password
from procession.usecases.setup import set_password
from tests.api.task_runs import NOW, on_one_database
from tests.api.thread_places import how_often
from tests.builders import Organization
from tests.harness import Api
from tests.worker.test_timers import World

PASSWORD = "a long enough password"


def arrive(world: World, nobody: Api, email: str) -> None:
    """Accept the invitation by signing in."""
    database = world.server.database
    world.server.run(set_password(database, email=email, password_hash=hash_password(PASSWORD), now=NOW))
    assert nobody.post("//auth/login", {"email": email, "password": PASSWORD}).status_code == 200


def test_a_new_member_is_the_launcher_once(org: Organization, nobody: Api) -> None:
    """L-11.2 to L-11.4, L-5.4: whether they may launch the template or not; unassigned tasks fall to them."""
    world = World(org)
    world.at(NOW)
    template = org.template("First week", steps=[{"title": "Sign", "assign_run_starter": True}])
    settings = {"name": "Fernwood", "enable_onboarding_template": True, "onboarding_template_id": template["id"]}
    org.api.data("PUT", "", {**settings, "timezone": "Europe/Berlin"})
    email = f"ada@{org.id}.test"
    invitation = {"email": email, "first_name": "Ada", "last_name": "Lind", "role": "light", "message": "Hi"}
    ada = org.api.data("POST", "/users/invite", invitation, status=200)["id"]
    world.fire()
    assert org.api.data("GET", "/runs") == []

    for _ in range(2):
        arrive(world, nobody, email)
        world.fire(servers=2)

    [run] = org.api.data("GET", "/runs?with=tags")
    assert (run["name"], run["started_by"], run["owner_id"]) == ("Sep 21, 4:13pm - First week", ada, ada)
    assert [tag["title"] for tag in run["tags"]["data"]] == ["onboarding"]
    [task] = org.api.data("GET", f"/runs/{run['id']}/tasks")
    assert task["owners"]["users"] == [ada]


def test_what_cannot_be_launched_hinders_nobody(org: Organization, nobody: Api) -> None:
    """L-11.4: it is noted and not tried again."""
    world = World(org)
    world.at(NOW)
    template = org.template(steps=["Sign"])
    settings = {"name": "Fernwood", "enable_onboarding_template": True, "onboarding_template_id": template["id"]}
    org.api.data("PUT", "", settings)
    org.api.delete(f"/checklists/{template['id']}").raise_for_status()
    email = f"ada@{org.id}.test"
    invitation = {"email": email, "first_name": "Ada", "last_name": "Lind", "role": "standard", "message": "Hi"}
    ada = org.api.data("POST", "/users/invite", invitation, status=200)["id"]
    arrive(world, nobody, email)
    world.fire()
    org.api.put(f"/checklists/{template['id']}/restore").raise_for_status()
    world.fire()

    assert org.api.data("GET", "/runs") == []
    assert how_often(org, "onboarding.refused", str(ada)) == 1


@on_one_database
@pytest.mark.parametrize(
    "template",
    [
        pytest.param({"type": "procedure"}, id="no step"),
        pytest.param({"type": "form"}, id="a form"),
        pytest.param({"steps": ["a"], "kickoff": [{"label": "Why", "required": True}]}, id="a required answer"),
    ],
)
def test_a_template_that_does_not_fit_is_refused(org: Organization, template: dict[str, Any]) -> None:
    """L-11.1. T-11.41"""
    made = org.template(**template)
    refused = org.api.put("", {"name": "Fernwood", "onboarding_template_id": made["id"]})

    assert refused.status_code == 422 and refused.json()["errors"]["onboarding_template_id"]
