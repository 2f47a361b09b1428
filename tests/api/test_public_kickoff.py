"""Public kick-off forms. Spec: behaviour-launching 7.3 (LT-11), behaviour-templates 9, api-templates 10.1."""

from typing import Any

import pytest

from tests.api.field_answers import GOOD_ANSWERS, TYPES
from tests.api.task_runs import NOW
from tests.builders import Organization, text_field
from tests.harness import Api

PICKER = {"label": "Contact", "field_type": "assignees_form", "settings": {"default_to_guest": True}}


def shared(org: Organization, **more: Any) -> tuple[dict[str, Any], str]:
    """A template with a public form, and the path of that."""
    kickoff = more.pop("kickoff", [{"label": "Farm", "required": True}])
    template = org.template("Visit", steps=["Call back"], kickoff=kickoff, is_public_kickoff=True)
    if more:
        org.api.put(f"/checklists/{template['id']}", {"title": "Visit", **more}).raise_for_status()
    return template, form_of(org, template)


def form_of(org: Organization, template: dict[str, Any]) -> str:
    link = org.api.data("GET", f"/checklists/{template['id']}/public-kickoff")
    assert link["url"].endswith(f"/{org.id}/public/kickoff/{link['code']}") and len(link["code"]) >= 43
    return f"//public/kickoff/{link['code']}"


@pytest.fixture
def anyone(org: Organization) -> Api:
    return Api(org.server, None)


def test_a_visitor_launches_in_the_sharing_members_name(org: Organization, anyone: Api) -> None:
    """LT-11, L-7.22, L-7.24, L-7.25, L-7.37, T-11.7, T-11.24: the visitor is a guest, and gets no task by being picked."""
    mia = org.person("standard")
    template, form = shared(org, kickoff=[{"label": "Farm", "required": True}, PICKER], kickoff_sharing_user_id=mia.id)
    farm, contact = (field["id"] for field in template["prerun"])
    shown = anyone.data("GET", form)
    assert [field["label"] for field in shown["prerun"]] == ["Farm", "Contact"]
    assert not [each for each in (org.id, template["id"], mia.email, "Fernwood") if each in str(shown)]
    refused = anyone.post(form, {"email": "n@x.test", "prerun": {farm: " "}})
    assert refused.json()["errors"]["prerun"] == [{farm: ["Farm is required"]}], refused.text
    assert org.api.data("GET", "/runs") == [] and org.api.get("/guests/n@x.test").status_code == 404

    chosen = {"users": [mia.id], "guests": ["o@x.test"]}
    made = anyone.data("POST", form, {"email": "N@x.test", "prerun": {farm: "Alto", contact: chosen}})

    run = org.api.data("GET", f"/runs/{made['id']}?with=tasks,form_fields")
    assert (run["started_by"], run["owner_id"], run["name"]) == (mia.id, mia.id, made["name"])
    assert run["prerun"] == {farm: "Alto", contact: {"users": [], "guests": ["n@x.test"], "groups": []}}
    owners = run["tasks"]["data"][0]["owners"]
    assert (owners["users"], owners["guests"]) == ([mia.id], [])
    assert org.api.data("GET", "/guests/n@x.test")["email"] == "n@x.test"
    [entry] = org.api.data("GET", f"/activity-feeds?process_id={made['id']}&per_page=1")
    assert "n@x.test" in str(entry)


def test_l_7_27_answers_of_every_kind_get_into_the_process(org: Organization, other_org: Organization) -> None:
    """L-7.21, L-5.8: whoever is a member elsewhere is a guest here; the name is the default one."""
    org.server.clock.freeze(NOW)
    anyone, elsewhere = Api(org.server, None), other_org.admin.email
    kickoff = [text_field(label=each, field_type=each, **TYPES[each]) for each in TYPES]
    template, form = shared(org, kickoff=kickoff)
    good = {row.values[0]: row.values[1:] for row in GOOD_ANSWERS}
    sent = {field["id"]: good[field["field_type"]][0] for field in template["prerun"]}

    made = anyone.data("POST", form, {"email": elsewhere, "prerun": sent})

    run = org.api.data("GET", f"/runs/{made['id']}")
    assert run["prerun"] == {field["id"]: good[field["field_type"]][1] for field in template["prerun"]}
    assert run["name"] == made["name"] == "Visit - 2026-09-21"
    assert org.api.data("GET", f"/guests/{elsewhere}")["email"] == elsewhere


def test_addresses_and_people_that_a_visitor_cannot_use(org: Organization, anyone: Api) -> None:
    """L-7.21, L-7.36, L-7.37: a disabled guest's address is refused, and a picker names guests only."""
    template, form = shared(org, kickoff=[{"label": "Who", "field_type": "assignees_form"}])
    who, guest = template["prerun"][0]["id"], org.guest()["email"]
    org.api.request("DELETE", f"/guests/{guest}/disable").raise_for_status()

    for email in ("nobody", org.admin.email, guest):
        assert list(anyone.post(form, {"email": email}).json()["errors"]) == ["email"]
    picked = anyone.post(form, {"email": "n@x.test", "prerun": {who: {"users": [org.admin.id]}}})
    assert list(picked.json()["errors"]) == ["prerun"]
    assert org.api.data("GET", "/runs") == []


def test_the_link_ends_when_it_is_renewed_switched_off_or_nobody_is_left(org: Organization, anyone: Api) -> None:
    """L-7.35, T-9.5 to T-9.7: who switched it on shares it, then the owner, then nobody. Spec: behaviour-work L8."""
    mia, otto = org.person("standard"), org.person("standard")
    template, first = shared(org, kickoff=[], owner_id=otto.id)
    path = f"/checklists/{template['id']}"
    assert (template["kickoff_sharing_user_id"], template["is_public"]) == (org.admin.id, False)
    org.api.put(path, {"title": "Visit", "kickoff_sharing_user_id": mia.id}).raise_for_status()
    org.allow(template, "READ", mia.id)
    assert mia.api.get(path + "/public-kickoff").status_code == 403
    renewed = org.api.data("POST", path + "/public-kickoff/renew", status=200)
    second = f"//public/kickoff/{renewed['code']}"
    assert (anyone.get(first).status_code, anyone.get(second).status_code) == (404, 200)

    org.api.request("DELETE", f"/users/{mia.id}/disable").raise_for_status()
    run = anyone.data("POST", second, {"email": "n@x.test"})
    assert org.api.data("GET", f"/runs/{run['id']}")["started_by"] == otto.id
    org.api.request("DELETE", f"/users/{otto.id}/disable").raise_for_status()
    assert anyone.post(second, {"email": "n@x.test"}).status_code == 404
    org.api.request("PUT", f"/users/{otto.id}/enable").raise_for_status()

    org.api.put(path, {"title": "Visit", "is_public_kickoff": False}).raise_for_status()
    off = anyone.get(second)
    assert (off.status_code, off.json()["message"]) == (404, "This form is not publicly accessible.")
    assert org.api.data("GET", path + "/public-kickoff")["url"] is None
    assert org.api.post(path + "/public-kickoff/renew").status_code == 422
    org.api.put(path, {"title": "Visit", "is_public_kickoff": True}).raise_for_status()
    assert (anyone.get(second).status_code, anyone.get(form_of(org, template)).status_code) == (404, 200)


def test_an_archived_template_closes_its_form(org: Organization, anyone: Api) -> None:
    """L-7.35: and restoring opens it again under the same link."""
    template, form = shared(org, kickoff=[])
    org.api.request("DELETE", f"/checklists/{template['id']}").raise_for_status()

    for answer in (anyone.get(form), anyone.post(form, {"email": "n@x.test"})):
        assert (answer.status_code, answer.json()["message"]) == (422, "This form is closed at the moment.")
    org.api.put(f"/checklists/{template['id']}/restore").raise_for_status()
    assert anyone.get(form).status_code == 200
    org.api.request("DELETE", f"/checklists/{template['id']}").raise_for_status()
    org.api.request("DELETE", f"/checklists/{template['id']}/delete").raise_for_status()
    assert anyone.get(form).status_code == 404
