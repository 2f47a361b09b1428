"""Processes that anybody with their link may read. Spec: behaviour-work 10."""

from typing import Any

import pytest

from tests.api.task_runs import Run
from tests.builders import Organization, text_field
from tests.harness import Api

STEPS = [
    {"title": "Weigh {{farm}}", "captures": [text_field(label="Grams", required=False)]},
    {"title": "Secret", "top_secret": True},
    {"title": "Skipped"},
]


@pytest.fixture
def anyone(org: Organization) -> Api:
    return Api(org.server, None)


def launched(org: Organization, **more: Any) -> Run:
    template = org.template("Lab", steps=STEPS, kickoff=[text_field(label="Farm", alias="farm", required=False)])
    farm = template["prerun"][0]
    title = f"Weigh {{{{{farm['alias']}}}}}"
    step = template["steps"][0]
    org.api.put(f"/checklists/{template['id']}/steps/{step['id']}", {"title": title}).raise_for_status()
    return Run(org, template, name="S-1", prerun={farm["id"]: "Alto"}, **more)


def page(org: Organization, run: Run, who: Api | None = None) -> str:
    link = (who or org.api).data("GET", f"/runs/{run.id}/public-link")
    assert link["is_public"] and link["url"].endswith(f"/public/organizations/{org.id}/runs/{link['code']}")
    return f"//public/organizations/{org.id}/runs/{link['code']}"


def test_a_public_process_shows_its_work_and_nobodys_address(org: Organization, anyone: Api) -> None:
    """B1, B1a, B4, L-6.5: names instead of ids and addresses, no hidden or secret task, no comment that guests may not see."""
    run = launched(org, is_public=True)
    [weigh, secret, skipped] = [each["title"] for each in run.org.api.data("GET", f"/runs/{run.id}/tasks")]
    run.change(weigh, owners={"users": [org.admin.id], "guests": ["nell@x.test"], "groups": []}).raise_for_status()
    grams = run.tasks()[weigh]["id"]
    for content, state in (("seen", "open"), ("inside", "hide-for-guests")):
        org.api.post(f"/tasks/{grams}/comment", {"content": content, "state": state}).raise_for_status()
    org.api.put(run.path(skipped) + "/hide", {}).raise_for_status()
    run.complete(weigh).raise_for_status()

    shown = anyone.data("GET", page(org, run))

    assert (shown["name"], shown["status"], shown["organization"]) == ("S-1", "active", "Fernwood")
    assert shown["progress"] == {"complete": 1, "total": 1, "percent": 100}
    assert shown["prerun"] == [{"label": "Farm", "field_type": "text", "answer": "Alto"}]
    [task] = shown["tasks"]
    assert (task["title"], task["status"]) == ("Weigh Alto", "completed")
    assert [each["label"] for each in task["form_fields"]] == ["Grams"]
    assert [each["content"] for each in task["comments"]] == ["seen"]
    assert max(task["assignees"]) == "nell"
    for hidden in (run.id, grams, "@x.test", org.admin.email, secret):
        assert hidden not in str(shown)


def test_parts_and_single_fields_are_left_out(org: Organization, anyone: Api) -> None:
    """B1"""
    run = launched(org, is_public=True, publicly_hidden_fields=["comments", "assignees"])
    [task, *_] = org.api.data("GET", f"/runs/{run.id}/tasks")
    org.api.post(f"/tasks/{task['id']}/comment", {"content": "seen", "state": "open"}).raise_for_status()
    where = page(org, run)
    first = anyone.data("GET", where)["tasks"][0]
    assert (first["comments"], first["assignees"]) == ([], None)

    field = org.api.data("GET", f"/runs/{run.id}?with=ko_form_fields")["ko_form_fields"]["data"][0]
    org.api.put(f"/runs/{run.id}", {"publicly_hidden_fields": [field["id"]]}).raise_for_status()
    shown = anyone.data("GET", where)
    assert (shown["prerun"], len(shown["tasks"][0]["comments"])) == ([], 1)
    org.api.put(f"/runs/{run.id}", {"publicly_hidden_fields": ["form_fields"]}).raise_for_status()
    assert anyone.data("GET", where)["tasks"][0]["form_fields"] == []


def test_the_link_ends_with_the_switch_and_another_one_begins(org: Organization, other_org: Organization) -> None:
    """B2: also when it is renewed, and while the process lies in the bin."""
    anyone, run = Api(org.server, None), launched(org)
    link = org.api.data("GET", f"/runs/{run.id}/public-link")
    assert (link["code"], link["url"], link["made_at"]) == (None, None, None)
    assert org.api.post(f"/runs/{run.id}/public-link/renew", {}).status_code == 422
    codes: list[str] = []
    for _ in range(2):
        org.api.put(f"/runs/{run.id}", {"is_public": True}).raise_for_status()
        codes.append(page(org, run))
        org.api.put(f"/runs/{run.id}", {"is_public": False}).raise_for_status()
        assert anyone.get(codes[-1]).status_code == 404
    org.api.put(f"/runs/{run.id}", {"is_public": True}).raise_for_status()
    former = page(org, run)
    org.api.post(f"/runs/{run.id}/public-link/renew", {}).raise_for_status()
    now = page(org, run)
    assert len({*codes, former, now}) == 4
    assert anyone.get(former).status_code == 404 and anyone.get(now).status_code == 200
    assert anyone.get(now.replace(org.id, other_org.id)).status_code == 404
    assert anyone.get(now.replace(org.id, "0" * 32)).status_code == 404

    org.api.delete(f"/runs/{run.id}").raise_for_status()
    assert anyone.data("GET", now)["status"] == "archived"
    org.api.delete(f"/runs/{run.id}/delete").raise_for_status()
    assert anyone.get(now).status_code == 404
    [kept] = org.api.data("GET", "/bin")
    org.api.post(f"/bin/{kept['id']}/restore", {}).raise_for_status()
    assert anyone.get(now).status_code == 200


def test_who_may_publish_and_which_guests_may_read(org: Organization) -> None:
    """B1, B3, B3a: administrators, owner and starter publish; a guest with a task in it sees everybody's."""
    run = launched(org, is_public=True)
    mia = org.person("standard")
    org.api.put(f"/runs/{run.id}", {"users": [mia.id]}).raise_for_status()
    assert mia.api.get(f"/runs/{run.id}/public-link").status_code == 403
    assert mia.api.post(f"/runs/{run.id}/public-link/renew", {}).status_code == 403
    org.api.put(f"/runs/{run.id}", {"owner_id": mia.id}).raise_for_status()
    page(org, run, mia.api)

    [first, *_] = org.api.data("GET", f"/runs/{run.id}/tasks")
    guest, stranger = org.guest(), org.guest()
    owners = {"users": [], "guests": [guest["email"]], "groups": []}
    run.change(first["title"], owners=owners).raise_for_status()
    api = org.guest_api(guest["email"])
    assert api.get(f"/runs/{run.id}").json()["data"]["name"] == "S-1"
    assert org.guest_api(stranger["email"]).get(f"/runs/{run.id}").status_code == 404
    org.api.put(f"/runs/{run.id}", {"is_public": False}).raise_for_status()
    assert api.get(f"/runs/{run.id}").status_code == 404
