"""Templates that guests may read. Spec: behaviour-templates T-2.11, behaviour-people T2, api-templates 9.1."""

from typing import Any

import httpx
import pytest

from tests.api.refusals import unchanged
from tests.api.task_runs import on_one_database
from tests.builders import GuestApi, Organization


def share(org: Organization, template: dict[str, Any], *guests: str, **more: Any) -> httpx.Response:
    entry = {"permission": "CHECKLIST_READ", "guests": list(guests), **more}
    return org.api.put(f"/checklists/{template['id']}/permissions", [entry])


def shared_with(org: Organization, template: dict[str, Any]) -> list[str]:
    lists = org.api.data("GET", f"/checklists/{template['id']}/permissions")
    assert all(not each["guests"] for each in lists if each["permission"] != "CHECKLIST_READ")
    return next(each["guests"] for each in lists if each["permission"] == "CHECKLIST_READ")


def titles(guest: GuestApi, query: str = "") -> list[str]:
    answer = guest.get(f"/checklists{query}")
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json()["data"]]


def test_a_guest_reads_what_is_shared_with_them_and_what_is_public(org: Organization, other_org: Organization) -> None:
    """T-2.11: nothing else of the organization, and no other organization's public templates."""
    guest, other = (org.guest_api(org.guest()["email"]) for _ in range(2))
    shared, public, hidden = (org.template(title) for title in ("Weigh in", "Annual audit", "Payroll"))
    org.api.data("PUT", f"/checklists/{public['id']}", {"title": "Annual audit", "is_public": True})
    other_org.template("Theirs", is_public=True)

    assert share(org, shared, guest.email.upper()).status_code == 200

    assert shared_with(org, shared) == [guest.email]
    assert (titles(guest), titles(other)) == (["Annual audit", "Weigh in"], ["Annual audit"])
    assert titles(guest, "?q=WEIGH") == ["Weigh in"] and titles(guest, "?per_page=1&page=2") == ["Weigh in"]
    found = {each["id"]: guest.get(f"/checklists/{each['id']}").status_code for each in (shared, public, hidden)}
    assert list(found.values()) == [200, 200, 404]
    assert other.get(f"/checklists/{shared['id']}").status_code == 404
    assert guest.get(f"/checklists/{'f' * 32}").status_code == 404


def test_they_read_structure_and_nobody(org: Organization) -> None:
    """T-2.11, T-13.5: steps, descriptions and fields; no people, dates, rules, webhooks and custom fields."""
    guest = org.guest_api(org.guest()["email"])
    ann = org.person(first_name="Ann")
    snippets = [
        org.api.data("POST", "/text-templates", {"title": text, "content": text, "visible_to_guests": seen})
        for text, seen in (("said", True), ("unsaid", False))
    ]
    quoted = "".join(f'<span class="insert-snippet-tag" data-snippet-id="{each["id"]}"></span>' for each in snippets)
    picker = {"label": "Who", "field_type": "assignees_form"}
    step = {
        "title": "Weigh", "summary": f"<p>Mind {quoted}</p>", "assignees": [ann.id], "guests": ["other@partner.test"],
        "webhook": "https://hooks.fernwood.test/x", "captures": [{"label": "Grams"}],
    }  # fmt: skip
    template = org.template("Lab", steps=[step], kickoff=[picker], webhook="https://hooks.fernwood.test/y")
    share(org, template, guest.email).raise_for_status()

    answer = guest.get(f"/checklists/{template['id']}")

    shown = answer.json()["data"]
    [weigh] = shown["steps"]["data"]
    assert (shown["title"], shown["steps_count"], weigh["title"]) == ("Lab", 1, "Weigh")
    assert [each["label"] for each in (*shown["prerun"], *weigh["captures"])] == ["Who", "Grams"]
    assert "said" in weigh["summary"] and "unsaid" not in weigh["summary"]
    for secret in ("other@partner.test", "hooks.", str(ann.email), "deadline", 'assignees"', "owner_id"):
        assert secret not in answer.text, secret


def test_guests_read_and_nothing_else(org: Organization) -> None:
    """T-2.11, behaviour-people T2: no other list takes guests, and their link opens no other path."""
    guest = org.guest_api(org.guest()["email"])
    template = org.template(steps=["Weigh"])
    path = f"/checklists/{template['id']}"

    for permission in ("CHECKLIST_EDIT", "PROCESS_LAUNCH", "CHECKLIST_DUPLICATE", "PROCESS_READ"):
        with unchanged(org):
            refused = org.api.put(f"{path}/permissions", [{"permission": permission, "guests": [guest.email]}])
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["0.guests"])

    share(org, template, guest.email).raise_for_status()
    with unchanged(org):
        for method in ("PUT", "POST", "DELETE"):
            assert guest.send(method, path, json={"title": "Mine"}).status_code == 405
        assert guest.post("/runs", {"checklist_id": template["id"]}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        pytest.param(["nobody"], "0.guests.0", id="no address"),
        pytest.param("a@b.test", "0.guests", id="no list"),
        pytest.param([3], "0.guests.0", id="a number"),
    ],
)
@on_one_database
def test_addresses_are_checked(org: Organization, sent: Any, field: str) -> None:
    """T-2.11"""
    template = org.template()

    with unchanged(org):
        refused = org.api.put(
            f"/checklists/{template['id']}/permissions", [{"permission": "CHECKLIST_READ", "guests": sent}]
        )

    assert refused.status_code == 422 and field in refused.json()["errors"], refused.text


def test_a_members_address_is_no_guests(org: Organization) -> None:
    """T-2.11: and somebody new is a guest from then on."""
    template = org.template()
    with unchanged(org):
        refused = share(org, template, org.admin.email)
    assert refused.status_code == 422 and "0.guests.0" in refused.json()["errors"]

    share(org, template, "new@partner.test").raise_for_status()

    assert titles(org.guest_api("new@partner.test")) == [template["title"]]


def test_clients_that_know_of_no_guests_take_nothing_from_them(org: Organization) -> None:
    """T-2.11: absent guests stay, an empty list ends the sharing."""
    guest = org.guest()["email"]
    template = org.template()
    share(org, template, guest).raise_for_status()

    org.allow(template, "CHECKLIST_READ", everyone=True)
    org.allow(template, "CHECKLIST_EDIT")
    assert shared_with(org, template) == [guest]

    share(org, template, users=[org.admin.id]).raise_for_status()
    assert shared_with(org, template) == [] and titles(org.guest_api(guest)) == []


def test_drafts_and_archived_templates_are_not_read(org: Organization) -> None:
    """T-2.11, T-10.7: of what has two versions, the published one."""
    guest = org.guest_api(org.guest()["email"])
    template = org.template(
        "Lab", steps=["Weigh"], dual_version_enabled=True, summary='say "dual_version_enabled":true'
    )
    plain = org.template("Plain", summary='say "dual_version_enabled":true')
    path = f"/checklists/{template['id']}"
    for each in (template, plain):
        share(org, each, guest.email).raise_for_status()
    assert titles(guest) == ["Plain"] and guest.get(path).status_code == 404

    org.api.put(f"{path}/publish").raise_for_status()
    org.api.data("POST", f"{path}/steps", {"title": "Draft"})

    assert titles(guest) == ["Lab", "Plain"]
    assert [each["title"] for each in guest.get(path).json()["data"]["steps"]["data"]] == ["Weigh"]
    org.api.delete(path).raise_for_status()
    assert titles(guest) == ["Plain"] and guest.get(path).status_code == 404


def test_who_is_no_guest_any_more_reads_nothing(org: Organization) -> None:
    """T-2.11: disabled, removed; entered again they begin anew."""
    guest = org.guest_api(org.guest()["email"])
    template = org.template()
    share(org, template, guest.email).raise_for_status()

    org.api.delete(f"/guests/{guest.email}/disable").raise_for_status()
    assert guest.get("/checklists").status_code == 404
    org.api.put(f"/guests/{guest.email}/enable").raise_for_status()
    assert titles(guest) == [template["title"]]
    org.api.delete(f"/guests/{guest.email}").raise_for_status()

    assert guest.get("/checklists").status_code == 404 and shared_with(org, template) == []
    org.guest(guest.email)
    assert titles(org.guest_api(guest.email)) == []


def test_a_guest_who_becomes_a_member_may_read_on(org: Organization) -> None:
    """T-2.11, behaviour-people C1"""
    guest = org.guest()["email"]
    template = org.template()
    share(org, template, guest).raise_for_status()

    member = org.api.data("POST", f"/guests/{guest}/to/member", {"role": "light"}, status=200)

    [read] = [
        each
        for each in org.api.data("GET", f"/checklists/{template['id']}/permissions")
        if each["permission"] == "CHECKLIST_READ"
    ]
    assert (read["users"], read["guests"]) == ([member["id"]], [])


def test_copies_are_shared_with_nobody(org: Organization) -> None:
    """T-2.11, T-15.2"""
    guest = org.guest()["email"]
    template = org.template()
    share(org, template, guest).raise_for_status()

    copy = org.api.data("POST", f"/checklists/{template['id']}/clone", {})

    assert shared_with(org, copy) == [] and shared_with(org, template) == [guest]


def test_members_see_as_much_of_it_as_they_may_read(org: Organization) -> None:
    """T-2.11: by the guest's address, with their own token."""
    guest, clerk = org.guest()["email"], org.person()
    mine, hidden = org.template("Mine"), org.template("Hidden")
    for each, users in ((mine, [clerk.id]), (hidden, [])):
        share(org, each, guest, users=users).raise_for_status()
    path = f"/guests/{guest}/checklists"

    assert [each["title"] for each in clerk.api.data("GET", path)] == ["Mine"]
    assert [each["title"] for each in org.api.data("GET", path)] == ["Hidden", "Mine"]
    assert clerk.api.get(f"{path}/{mine['id']}").status_code == 200
    assert clerk.api.get(f"{path}/{hidden['id']}").status_code == 404
