"""Members. Spec: api-people 4, 9; behaviour-people 3.4, 4."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from procession.domain.actors import Role
from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api

INVITATION = {"email": "new@fernwood.test", "first_name": "Iris", "last_name": "Berg", "role": "light", "message": "Hi"}


def bot_of(org: Organization) -> dict[str, Any]:
    [bot] = [each for each in org.api.data("GET", "/users") if each["type"] == "bot"]
    return bot


def test_check_5_everyone_is_on_one_page_by_name_the_bot_included(org: Organization) -> None:
    for first_name in ("Zoe", "adam", "Émile"):
        org.person(first_name=first_name)

    answer = org.api.get("/users").json()

    assert [each["first_name"] for each in answer["data"]] == ["adam", "Émile", "Mira", "Process", "Zoe"]
    assert answer["meta"]["pagination"]["per_page"] == 9999
    assert [each["type"] for each in answer["data"]].count("bot") == 1


def test_members_are_searched_sorted_and_paged(org: Organization) -> None:
    org.person(first_name="Zoé", last_name="Lang")

    assert [each["first_name"] for each in org.api.data("GET", "/users?q=zoe%20l")] == ["Zoé"]
    assert [each["id"] for each in org.api.data("GET", f"/users?q={org.admin.email}")] == [org.admin.id]
    assert org.api.data("GET", "/users?sort=-first_name")[0]["first_name"] == "Zoé"
    assert org.api.get("/users?per_page=1&page=2").json()["meta"]["pagination"]["total_pages"] == 3
    assert "meta" not in org.api.get("/users?without_pagination=true").json()
    assert org.api.get("/users?sort=nonsense&with=stats,groups").headers[
        "x-ignored-params"
    ] == "sort,with:stats".replace(",", ", ")


def test_roles_are_capitalised_on_reads_and_plain_on_writes(org: Organization) -> None:
    mira = org.person("standard")

    assert org.api.data("GET", f"/users/{mira.id}")["role"] == "Standard"
    assert {each["role"] for each in org.api.data("GET", "/users")} == {"Admin", "Standard"}
    assert org.api.data("PUT", f"/users/{mira.id}/role", {"role": "LIGHT"})["role"] == "light"
    assert mira.api.data("GET", "/me")["role"] == "light"


def test_the_short_list_is_for_everybody_and_has_no_meta(org: Organization) -> None:
    light = org.person("light", first_name="Lea")
    gone = org.person(first_name="Gone")
    org.api.delete(f"/users/{gone.id}/disable")

    answer = light.api.get("/users-list").json()

    assert list(answer) == ["data"]
    assert [(each["first_name"], each["status"]) for each in answer["data"]] == [
        ("Gone", "disabled"),
        ("Lea", "active"),
        ("Mira", "active"),
        ("Process", "active"),
    ]


def test_a_light_member_sees_those_they_work_with(org: Organization) -> None:
    light, mate, colleague, in_group, far = (org.person("light"), *(org.person() for _ in range(4)))
    group = org.group(members=[in_group])
    org.group(members=[light, mate])
    assert {each["id"] for each in light.api.data("GET", "/users")} == {light.id, mate.id}

    shared = org.template(steps=["one", "two"])
    steps = [each["id"] for each in shared["steps"]]
    work = {"users": [light.id]}, {"users": [colleague.id], "groups": [group["id"]], "guests": ["near@partner.test"]}
    launch(org, shared, dict(zip(steps, work, strict=True)))
    launch(org, shared, {steps[0]: {"users": [far.id], "guests": ["far@partner.test"]}})

    seen = {light.id, mate.id, colleague.id, in_group.id, org.admin.id}
    assert {each["id"] for each in light.api.data("GET", "/users")} == seen
    assert [each["email"] for each in light.api.data("GET", "/guests")] == ["near@partner.test"]
    assert light.api.get("/guests/far@partner.test").status_code == 404


def launch(org: Organization, template: dict[str, Any], tasks: dict[str, Any]) -> None:
    body = {
        "checklist_id": template["id"],
        "name": "x",
        "tasks": {key: {"owners": each} for key, each in tasks.items()},
    }
    assert org.api.post("/runs", body).status_code == 201


def test_with_groups_shows_the_groups_of_each_member(org: Organization) -> None:
    mira = org.person()
    group = org.group("Legal", members=[mira], guests=["ana@partner.test"])

    shown = org.api.data("GET", f"/users/{mira.id}?with=groups")["groups"]["data"]

    assert shown == [
        {"id": group["id"], "name": "Legal", "logo": None, "members": [mira.id], "guests": ["ana@partner.test"]}
    ]
    assert mira.api.data("GET", "/me?with=groups")["groups"]["data"] == shown


def test_check_4_an_invited_person_is_invited_again_and_a_member_is_not(org: Organization) -> None:
    invited = org.api.data("POST", "/users/invite", INVITATION, status=200)
    assert (invited["status"], invited["role"], invited["active"]) == ("invited", "light", False)
    assert invited["invited_by"] == org.admin.id

    again = org.api.data("POST", "/users/invite", {**INVITATION, "first_name": "Other"}, status=200)
    refused = org.api.post("/users/invite", {**INVITATION, "email": org.admin.email})

    assert again == invited
    assert refused.status_code == 422
    assert refused.json()["errors"]["email"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"message": None}, "message", id="U5 no message"),
        pytest.param({"message": " "}, "message", id="U5 blank message"),
        pytest.param({"email": f"bot@{'0' * 32}.invalid"}, "email", id="a bot's address"),
        pytest.param({"message": "x" * 5001}, "message", id="U5 5001 characters"),
        pytest.param({"email": "nobody"}, "email", id="U5 no address"),
        pytest.param({"first_name": "see http://x.test"}, "first_name", id="U5 a link in the name"),
        pytest.param({"last_name": "www.x.test"}, "last_name", id="U5 a link in the last name"),
        pytest.param({"first_name": "x" * 33}, "first_name", id="U5 33 characters"),
        pytest.param({"last_name": " "}, "last_name", id="U5 blank name"),
        pytest.param({"role": "owner"}, "role", id="U5 unknown role"),
        pytest.param({"timezone": "Nowhere"}, "timezone", id="no zone"),
    ],
)
def test_a_bad_invitation_is_refused_naming_the_field(org: Organization, change: dict[str, object], field: str) -> None:
    with unchanged(org):
        refused = org.api.post("/users/invite", {**INVITATION, **change})

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


def test_an_invitation_without_anything_names_all_that_is_missing(api: Api) -> None:
    errors = api.post("/users/invite", {}).json()["errors"]

    assert set(errors) == {"email", "first_name", "last_name", "role", "message"}


@pytest.mark.parametrize(
    ("role", "switch", "invited_as", "status"),
    [
        pytest.param("admin", False, "admin", 200, id="an administrator always"),
        pytest.param("standard", True, "standard", 200, id="a standard member when it is open"),
        pytest.param("standard", True, "admin", 403, id="I3 but no administrator"),
        pytest.param("standard", False, "light", 403, id="not when it is closed"),
        pytest.param("light", True, "light", 403, id="a light member never"),
    ],
)
def test_who_may_invite_whom(org: Organization, role: Role, switch: bool, invited_as: str, status: int) -> None:
    org.api.data("PATCH", "", {"allow_user_invite": switch})

    answer = org.person(role).api.post("/users/invite", {**INVITATION, "role": invited_as})

    assert answer.status_code == status


def test_i4_a_guest_who_is_invited_becomes_a_member(org: Organization) -> None:
    org.guest(INVITATION["email"])

    org.api.data("POST", "/users/invite", INVITATION, status=200)

    assert org.api.data("GET", "/guests") == []


def test_two_invitations_at_once_make_one_member(org: Organization) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: org.api.post("/users/invite", INVITATION), range(6)))

    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["data"]["id"] for each in answers}) == 1


@pytest.mark.parametrize("role", ["standard", "light"])
def test_3_4_only_administrators_change_members(org: Organization, role: Role) -> None:
    api, mira = org.person(role).api, org.person()
    profile = {"first_name": "A", "last_name": "B", "timezone": "UTC"}

    assert api.get(f"/users/{mira.id}").status_code == 403
    assert api.put(f"/users/{mira.id}", profile).status_code == 403
    assert api.put(f"/users/{mira.id}/role", {"role": "light"}).status_code == 403
    assert api.delete(f"/users/{mira.id}/disable").status_code == 403
    assert api.put(f"/users/{mira.id}/enable").status_code == 403
    assert api.put(f"/users/{mira.id}/approve").status_code == 403
    assert api.delete(f"/users/{mira.id}/delete").status_code == 403
    assert org.api.data("GET", f"/users/{mira.id}")["status"] == "active"


def test_check_9_a_profile_says_name_and_time_zone_every_time(org: Organization) -> None:
    mira = org.person()
    profile = {"first_name": "Mia", "last_name": "Okoro", "timezone": "Europe/Oslo", "phone": "123", "team": "Ops"}

    assert set(org.api.put(f"/users/{mira.id}", {"first_name": "Mia"}).json()["errors"]) == {"last_name", "timezone"}
    changed = org.api.data("PUT", f"/users/{mira.id}", profile)

    assert (changed["full_name"], changed["timezone"], changed["phone"]) == ("Mia Okoro", "Europe/Oslo", "123")
    assert mira.api.data("GET", "/me")["full_name"] == "Mia Okoro"
    kept = mira.api.data(
        "PUT", "/me", {"first_name": "Mia", "last_name": "Okoro", "timezone": "UTC", "phone": None, "role": "admin"}
    )
    assert (kept["phone"], kept["team"], kept["role"]) == (None, "Ops", "standard")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"timezone": "Nowhere"}, "timezone", id="U4 no zone"),
        pytest.param({"first_name": "x" * 33}, "first_name", id="U4 33 characters"),
        pytest.param({"phone": "1" * 21}, "phone", id="U4 phone of 21"),
        pytest.param({"date_format": "yyyy"}, "date_format", id="U4 date format"),
        pytest.param({"country_id": "x"}, "country_id", id="U4 country"),
        pytest.param({"step_preferences": []}, "step_preferences", id="U4 preferences"),
    ],
)
def test_a_bad_profile_is_refused_naming_the_field(org: Organization, change: dict[str, object], field: str) -> None:
    with unchanged(org):
        refused = org.api.put("/me", {"first_name": "A", "last_name": "B", "timezone": "UTC", **change})

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


def test_r1_a_role_changes_at_once(org: Organization) -> None:
    mira = org.person("standard")
    assert mira.api.post("/tags", {"title": "a"}).status_code == 403

    org.api.put(f"/users/{mira.id}/role", {"role": "admin"})

    assert mira.api.post("/tags", {"title": "a"}).status_code == 201
    assert org.api.put(f"/users/{mira.id}/role", {"role": "boss"}).status_code == 422
    assert org.api.put(f"/users/{mira.id}/role", {}).status_code == 422


def test_r2_the_last_administrator_stays_one(org: Organization) -> None:
    me = org.admin.id
    org.api.data("POST", "/users/invite", {**INVITATION, "role": "admin"}, status=200)

    for refused in (org.api.put(f"/users/{me}/role", {"role": "light"}), org.api.delete(f"/users/{me}/disable")):
        assert refused.status_code == 400
        assert "last administrator" in refused.json()["message"]
    assert org.api.data("GET", "/me")["role"] == "admin"


def test_r3_the_mark_of_the_default_administrator_moves_on(org: Organization) -> None:
    second = org.person("admin")
    assert org.api.data("GET", "/me")["is_default_admin"]
    assert not second.api.data("GET", "/me")["is_default_admin"]

    second.api.put(f"/users/{org.admin.id}/role", {"role": "standard"})

    assert second.api.data("GET", "/me")["is_default_admin"]
    assert not second.api.data("GET", f"/users/{org.admin.id}")["is_default_admin"]


def test_administrators_who_disable_each_other_at_once_leave_one(org: Organization) -> None:
    pair = [org.admin, org.person("admin")]

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda n: pair[n].api.delete(f"/users/{pair[1 - n].id}/disable"), range(2)))

    assert sorted(each.api.get("/me").status_code for each in pair) == [200, 401]


def test_r4_the_bot_is_protected(org: Organization) -> None:
    bot = bot_of(org)["id"]
    profile = {"first_name": "A", "last_name": "B", "timezone": "UTC"}

    for refused in (
        org.api.put(f"/users/{bot}", profile),
        org.api.put(f"/users/{bot}/role", {"role": "light"}),
        org.api.delete(f"/users/{bot}/disable"),
        org.api.put(f"/users/{bot}/enable"),
        org.api.put(f"/users/{bot}/approve"),
        org.api.delete(f"/users/{bot}/delete"),
    ):
        assert refused.status_code == 400
        assert "errors" not in refused.json()


def test_check_2_a_disabled_members_tokens_end_at_once_and_for_good(org: Organization) -> None:
    """Spec: behaviour-work L5."""
    mira = org.person()

    disabled = org.api.data("DELETE", f"/users/{mira.id}/disable")
    assert (disabled["status"], disabled["disabled_by"]) == ("disabled", org.admin.id)
    assert mira.api.get("/tags").status_code == 401
    assert mira.api.get("//me").status_code == 401
    enabled = org.api.data("PUT", f"/users/{mira.id}/enable")

    assert (enabled["status"], enabled["disabled_at"], enabled["reactivated_by"]) == ("active", None, org.admin.id)
    assert mira.api.get("/tags").status_code == 401
    assert Api(org.server, org.token(mira.id), org.id).get("/tags").status_code == 200


def test_disabling_and_enabling_may_be_repeated(org: Organization) -> None:
    mira = org.person()

    first = org.api.data("DELETE", f"/users/{mira.id}/disable")

    assert org.api.data("DELETE", f"/users/{mira.id}/disable") == first
    enabled = org.api.data("PUT", f"/users/{mira.id}/enable")
    assert org.api.data("PUT", f"/users/{mira.id}/enable") == enabled
    assert org.api.data("PUT", f"/users/{mira.id}/approve")["approved_at"] == enabled["approved_at"]


def test_an_invited_person_who_was_disabled_is_invited_again_when_enabled(org: Organization) -> None:
    invited = org.api.data("POST", "/users/invite", INVITATION, status=200)["id"]

    org.api.delete(f"/users/{invited}/disable")

    assert org.api.data("PUT", f"/users/{invited}/enable")["status"] == "invited"


def test_d3_only_a_disabled_member_is_deleted_and_the_address_is_free_again(org: Organization) -> None:
    """Spec: behaviour-work L7."""
    mira = org.person(first_name="Mira", last_name="Okoye")
    assert org.api.delete(f"/users/{mira.id}/delete").status_code == 400
    org.api.delete(f"/users/{mira.id}/disable")

    deleted = org.api.data("DELETE", f"/users/{mira.id}/delete")

    assert deleted["email"] == f"{mira.email}.deleted.{mira.id}"
    assert deleted["last_name"] == "Okoye (Deleted)"
    assert org.api.get(f"/users/{mira.id}").status_code == 404
    assert org.api.delete(f"/users/{mira.id}/delete").status_code == 404
    assert mira.id not in {each["id"] for each in org.api.data("GET", "/users")}
    again = org.api.data("POST", "/users/invite", {**INVITATION, "email": mira.email}, status=200)
    assert again["id"] != mira.id


def test_who_is_deleted_here_and_known_elsewhere_can_be_invited_again(
    org: Organization, other_org: Organization
) -> None:
    mira = org.person()
    other_org.join(mira)
    org.api.delete(f"/users/{mira.id}/disable")
    org.api.delete(f"/users/{mira.id}/delete")

    again = org.api.data("POST", "/users/invite", {**INVITATION, "email": mira.email}, status=200)

    assert (again["id"], again["status"], again["email"]) == (mira.id, "invited", mira.email)
    assert other_org.api.data("GET", f"/users/{mira.id}")["email"] == mira.email


def test_u4_only_people_of_several_organizations_edit_themselves_and_the_copies_agree(
    org: Organization, other_org: Organization
) -> None:
    mira = org.person()
    elsewhere = other_org.join(mira, "light")
    profile = {"first_name": "Mia", "last_name": "Okoro", "timezone": "Asia/Tokyo", "job_title": "Clerk"}

    assert org.api.put(f"/users/{mira.id}", profile).status_code == 403
    tag = other_org.api.get("/users").headers["etag"]
    elsewhere_before = other_org.api.data("GET", f"/users/{mira.id}")
    mira.api.data("PUT", "/me", profile)

    assert elsewhere_before["first_name"] == "Mira"
    for api in (org.api, other_org.api):
        shown = api.data("GET", f"/users/{mira.id}")
        assert (shown["full_name"], shown["timezone"], shown["job_title"]) == ("Mia Okoro", "Asia/Tokyo", "Clerk")
    assert other_org.api.get("/users", headers={"If-None-Match": tag}).status_code == 200
    assert elsewhere.api.data("GET", "/me")["role"] == "light"


def test_disabled_in_one_organization_a_person_stays_in_the_other(org: Organization, other_org: Organization) -> None:
    mira = org.person()
    elsewhere = Api(org.server, other_org.token(other_org.join(mira).id), other_org.id)

    org.api.delete(f"/users/{mira.id}/disable")

    assert mira.api.get("/tags").status_code == 401
    assert elsewhere.get("/tags").status_code == 200
    assert [each["user_status"] for each in elsewhere.data("GET", "//me/organizations")] == ["disabled", "active"]


@pytest.mark.parametrize("user", ["999999999", "0", "abc", "9" * 30])
def test_an_unknown_member_is_not_found(api: Api, user: str) -> None:
    assert api.get(f"/users/{user}").status_code == 404
    assert api.put(f"/users/{user}/role", {"role": "light"}).status_code == 404
    assert api.delete(f"/users/{user}/disable").status_code == 404
    assert api.delete(f"/users/{user}/delete").status_code == 404


def test_another_organizations_member_is_not_found(org: Organization, other_org: Organization) -> None:
    stranger = other_org.person()

    assert org.api.get(f"/users/{stranger.id}").status_code == 404
    assert org.api.put(f"/users/{stranger.id}/role", {"role": "light"}).status_code == 404
    assert org.api.delete(f"/users/{stranger.id}/disable").status_code == 404
    assert stranger.api.get(f"//organizations/{org.id}/users").status_code == 403


def test_last_known_address_is_for_administrators(org: Organization) -> None:
    mira = org.person(password="Correct-Horse-1")
    org.api.post("//auth/login", {"email": mira.email, "password": "Correct-Horse-1"})

    assert org.api.data("GET", f"/users/{mira.id}")["last_known_ip"] is not None
    seen = {each["id"]: each["last_known_ip"] for each in org.person("standard").api.data("GET", "/users")}
    assert seen[mira.id] is None


def test_the_member_list_takes_the_same_statements_at_one_and_at_many_members(
    org: Organization, statements: Statements
) -> None:
    org.group(members=[org.person()])
    few = statements.of(org.api, "/users?with=groups")
    for _ in range(12):
        org.group(members=[org.person()])

    assert statements.of(org.api, "/users?with=groups") == few
