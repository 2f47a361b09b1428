"""Guests. Spec: api-people 5, 9; behaviour-people 5."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from procession.domain.actors import Role
from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.harness import Api


def path(email: str) -> str:
    return f"/guests/{quote(email, safe='')}"


def test_check_7_a_guest_through_their_whole_life(api: Api) -> None:
    made = api.data("POST", "/guests", {"email": "Ana@Partner.test", "first_name": "Ana"})
    assert made["email"] == "ana@partner.test"

    assert api.data("GET", path("ana@partner.test")) == made
    changed = api.put(path("ana@partner.test"), {"last_name": "Ruiz", "company_name": "Ruiz Ltd"})
    assert changed.status_code == 200
    assert changed.json()["data"]["last_name"] == changed.json()["data"]["details"]["last_name"] == "Ruiz"
    assert changed.json()["data"]["details"]["company_name"] == "Ruiz Ltd"
    assert api.data("DELETE", path("ana@partner.test") + "/disable")["details"]["disabled_at"] is not None
    assert api.data("PUT", path("ana@partner.test") + "/enable")["details"]["disabled_at"] is None
    assert api.data("DELETE", path("ana@partner.test"))["deleted_at"] is not None
    assert api.get(path("ana@partner.test")).status_code == 404
    assert api.delete(path("ana@partner.test")).status_code == 422


@pytest.mark.parametrize("how", ["email", "EMAIL", "id", "code"])
def test_a_guest_is_found_by_address_id_and_code(org: Organization, how: str) -> None:
    guest = org.guest("lea@partner.test")
    key = {
        "email": "lea@partner.test",
        "EMAIL": "LEA@Partner.test",
        "id": str(guest["id"]),
        "code": guest["link"].rsplit("/", 1)[1],
    }[how]

    assert org.api.data("GET", path(key))["id"] == guest["id"]


@pytest.mark.parametrize("key", ["nobody@partner.test", "999", "0", "no-code", "9" * 40])
def test_an_unknown_guest_is_not_found(api: Api, key: str) -> None:
    assert api.get(path(key)).status_code == 404
    assert api.put(path(key), {}).status_code == 404
    assert api.put(path(key) + "/enable").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "email", id="5.1 no address"),
        pytest.param({"email": "no address"}, "email", id="5.1 no address syntax"),
        pytest.param({"email": None}, "email", id="null"),
        pytest.param({"email": "a@b.test", "first_name": "x" * 201}, "first_name", id="5.1 201 characters"),
        pytest.param({"email": "a@b.test", "phone_1": "1" * 21}, "phone_1", id="5.1 21 characters"),
        pytest.param(
            {"email": "a@b.test", "company_url": "javascript:alert(1)"}, "company_url", id="5.1 no web address"
        ),
        pytest.param({"email": "a@b.test", "timezone": "Mars/Olympus"}, "timezone", id="5.1 no zone"),
        pytest.param({"email": "a@b.test", "external_sync_source": "other"}, "external_sync_source", id="5.1 source"),
        pytest.param({"email": "a@b.test", "external_date_creation": "soon"}, "external_date_creation", id="5.1 date"),
        pytest.param({"email": "a@b.test", "associated_members": [987654321]}, "associated_members.0", id="no member"),
        pytest.param({"email": "a@b.test", "associated_members": ["x"]}, "associated_members.0", id="no number"),
    ],
)
def test_a_bad_guest_is_refused_naming_the_field(org: Organization, body: dict[str, object], field: str) -> None:
    with unchanged(org):
        refused = org.api.post("/guests", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


def test_a_members_address_is_no_guests(org: Organization) -> None:
    refused = org.api.post("/guests", {"email": org.admin.email.upper()})

    assert refused.status_code == 422
    assert refused.json()["errors"]["email"]


def test_who_is_a_guest_already_is_answered_as_they_are(org: Organization) -> None:
    known = org.guest("ana@partner.test", first_name="Ana")

    again = org.api.post("/guests", {"email": "ANA@partner.test", "first_name": "Other"})

    assert again.status_code == 200
    assert again.json()["data"] == known


def test_two_who_create_the_same_guest_at_once_get_the_same_one(org: Organization) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: org.api.post("/guests", {"email": "one@partner.test"}), range(6)))

    assert sorted(each.status_code for each in answers) == [200] * 5 + [201]
    assert len({each.json()["data"]["id"] for each in answers}) == 1


def test_a_guests_record_keeps_what_is_not_mentioned_and_blanks_what_is_empty(org: Organization) -> None:
    org.guest("ana@partner.test", phone_1="123", company_name="Ruiz", associated_members=[org.admin.id])

    changed = org.api.data("PUT", path("ana@partner.test"), {"phone_1": "", "phone": "999", "email": "b@b.test"})

    assert changed["email"] == "ana@partner.test"
    assert changed["details"]["phone_1"] is None
    assert changed["details"]["company_name"] == "Ruiz"
    assert changed["details"]["associated_members"] == [org.admin.id]


def test_guests_are_listed_oldest_first_and_found_by_address(org: Organization) -> None:
    for name in ("zoe", "ana", "lea"):
        org.guest(f"{name}@partner.test")

    assert [each["email"][:3] for each in org.api.data("GET", "/guests")] == ["zoe", "ana", "lea"]
    assert [each["email"][:3] for each in org.api.data("GET", "/guests?sort_by=-created_at")] == ["lea", "ana", "zoe"]
    assert [each["email"][:3] for each in org.api.data("GET", "/guests?q=AN")] == ["ana"]
    assert org.api.get("/guests?per_page=2").json()["meta"]["pagination"]["total_pages"] == 2
    assert "meta" not in org.api.get("/guests-list").json()
    assert "meta" not in org.api.get("/guests?without_pagination=true").json()
    assert org.api.get("/guests").json()["meta"]["pagination"]["per_page"] == 999


def test_a_guest_without_work_has_figures_of_nothing(org: Organization) -> None:
    org.guest("ana@partner.test")

    [guest] = org.api.data("GET", "/guests?with=stats")

    assert guest["stats"]["data"] == {
        "assigned_tasks": 0,
        "tasks_completed": 0,
        "last_task_completed_at": None,
        "one_off_tasks_completed": 0,
        "last_one_off_task_completed_at": None,
    }


def test_q5_figures_count_what_the_reader_may_see(org: Organization) -> None:
    """Spec: behaviour-people Q5, api-people 5.2: neither secret tasks of others nor those of processes out of sight."""
    member, address = org.person(), "ana@partner.test"
    org.one_off(owners={"guests": [address]})
    org.one_off(owners={"guests": [address]}, top_secret=True)
    org.one_off(member, owners={"users": [member.id], "guests": [address]}, top_secret=True)
    run = org.process(org.template(steps=["Call"]))["id"]
    task = org.api.data("GET", f"/runs/{run}/tasks")[0]["id"]
    org.api.data("PUT", f"/runs/{run}/tasks/{task}", {"owners": {"guests": [address]}})

    def assigned(api: Api) -> set[int]:
        [listed] = api.data("GET", "/guests?with=stats")
        read = api.data("GET", f"{path(address)}?with=stats")
        return {each["stats"]["data"]["assigned_tasks"] for each in (listed, read)}

    assert (assigned(org.api), assigned(member.api)) == ({4}, {2})


@pytest.mark.parametrize(
    ("role", "create", "change", "admins"),
    [("admin", 201, 200, 200), ("standard", 201, 200, 403), ("light", 403, 403, 403)],
)
def test_3_4_who_may_do_what_with_guests(org: Organization, role: Role, create: int, change: int, admins: int) -> None:
    api = org.person(role).api
    guest = path(org.guest("ana@partner.test")["email"])

    assert api.post("/guests", {"email": "new@partner.test"}).status_code == create
    assert api.put(guest, {"first_name": "A"}).status_code == change
    assert api.delete(f"{guest}/disable").status_code == admins
    assert api.put(f"{guest}/enable").status_code == admins
    assert api.post(f"{guest}/to/member", {}).status_code == admins
    org.guest("other@partner.test")
    assert api.delete(path("other@partner.test")).status_code == admins


def test_a_light_member_sees_guests_of_their_groups_without_links(org: Organization) -> None:
    light = org.person("light")
    org.guest("far@partner.test")
    org.group(members=[light], guests=["near@partner.test"])

    [seen] = light.api.data("GET", "/guests")

    assert (seen["email"], seen["link"]) == ("near@partner.test", None)
    assert light.api.data("GET", path("near@partner.test"))["link"] is None
    assert light.api.get(path("far@partner.test")).status_code == 404
    assert [each["email"] for each in light.api.data("GET", "/guests-list")] == ["near@partner.test"]


def test_a_guest_becomes_an_invited_member_of_the_same_groups(org: Organization) -> None:
    guest = org.guest("ana@partner.test", first_name="Ana", last_name="Ruiz")
    group = org.group(guests=["ana@partner.test"])

    member = org.api.data("POST", path("ana@partner.test") + "/to/member", {}, status=200)

    assert (member["role"], member["status"], member["full_name"]) == ("standard", "invited", "Ana Ruiz")
    assert org.api.get(f"/guests/{guest['id']}").status_code == 404
    kept = org.api.data("GET", f"/groups/{group['id']}")
    assert (kept["members"], kept["guests"]) == ([member["id"]], [])


def test_removing_a_guest_takes_them_out_of_groups(org: Organization) -> None:
    group = org.group(guests=["ana@partner.test"])

    org.api.delete(path("ana@partner.test"))

    assert org.api.data("GET", f"/groups/{group['id']}")["guests"] == []


def test_another_organizations_guest_is_not_found(org: Organization, other_org: Organization) -> None:
    theirs = other_org.guest("ana@partner.test")

    assert org.api.get(path("ana@partner.test")).status_code == 404
    assert org.api.get(path(theirs["link"].rsplit("/", 1)[1])).status_code == 404
    assert org.api.get(f"//organizations/{other_org.id}/guests").status_code == 403


def test_each_organization_has_its_own_record_of_an_address(org: Organization, other_org: Organization) -> None:
    ours, theirs = org.guest("ana@partner.test"), other_org.guest("ana@partner.test")

    assert ours["link"] != theirs["link"]
    org.api.delete(path("ana@partner.test"))
    assert other_org.api.get(path("ana@partner.test")).status_code == 200


def test_the_cap_on_guest_invites_answers_429_when_it_is_switched_on(new_server) -> None:
    org = Organization(new_server(guest_invites_per_hour=2))
    org.guest()
    org.guest()

    refused = org.api.post("/guests", {"email": "third@partner.test"})

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert len(org.api.data("GET", "/guests")) == 2
