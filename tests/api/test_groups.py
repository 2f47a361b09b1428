"""Groups. Spec: api-people 6, 9; behaviour-people 6."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from procession.domain.actors import Role
from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.harness import Api


def test_check_8_a_group_through_its_whole_life(org: Organization) -> None:
    mira = org.person()
    made = org.api.data("POST", "/groups", {"name": "Legal", "members": [str(mira.id)], "guests": ["Ana@Partner.test"]})
    assert (made["members"], made["guests"], made["description"]) == ([mira.id], ["ana@partner.test"], "")
    assert org.api.data("GET", "/guests/ana@partner.test")["email"] == "ana@partner.test"

    assert org.api.put(f"/groups/{made['id']}", {"description": None}).status_code == 422
    assert org.api.put(f"/groups/{made['id']}", {"name": None}).status_code == 422
    renamed = org.api.data("PUT", f"/groups/{made['id']}", {"name": "Law"})
    assert (renamed["name"], renamed["members"], renamed["guests"]) == ("Law", [mira.id], ["ana@partner.test"])
    emptied = org.api.data("PUT", f"/groups/{made['id']}", {"members": [], "guests": []})
    assert (emptied["members"], emptied["guests"]) == ([], [])
    assert org.api.delete(f"/groups/{made['id']}").status_code == 204
    assert org.api.get(f"/groups/{made['id']}").status_code == 404
    assert org.api.delete(f"/groups/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "name", id="no name"),
        pytest.param({"name": "  "}, "name", id="blank name"),
        pytest.param({"name": "x" * 201}, "name", id="GR1 201 characters"),
        pytest.param({"name": "LÉGAL"}, "name", id="GR1 taken, whatever case and accents"),
        pytest.param({"name": "a", "description": None}, "description", id="null description"),
        pytest.param({"name": "a", "members": [999999]}, "members.0", id="unknown member"),
        pytest.param({"name": "a", "members": "1"}, "members", id="no list"),
        pytest.param({"name": "a", "guests": ["nobody"]}, "guests.0", id="no address"),
    ],
)
def test_a_bad_group_is_refused_naming_the_field(org: Organization, body: dict[str, object], field: str) -> None:
    org.group("Legal")

    with unchanged(org):
        refused = org.api.post("/groups", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]
    assert len(org.api.data("GET", "/groups")) == 1


def test_a_group_takes_neither_the_bot_nor_disabled_members_nor_members_addresses(org: Organization) -> None:
    mira = org.person()
    [bot] = [each for each in org.api.data("GET", "/users") if each["type"] == "bot"]
    org.api.delete(f"/users/{mira.id}/disable")

    assert org.api.post("/groups", {"name": "a", "members": [bot["id"]]}).json()["errors"]["members.0"]
    assert org.api.post("/groups", {"name": "a", "members": [mira.id]}).json()["errors"]["members.0"]
    assert org.api.post("/groups", {"name": "a", "guests": [org.admin.email]}).json()["errors"]["guests.0"]
    assert org.api.data("GET", "/guests") == []


def test_two_who_take_the_same_name_at_once_one_wins(org: Organization) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: org.api.post("/groups", {"name": "Legal"}), range(6)))

    assert sorted(each.status_code for each in answers) == [201] + [422] * 5
    assert len(org.api.data("GET", "/groups")) == 1


@pytest.mark.parametrize("role", ["admin", "standard", "light"])
@pytest.mark.parametrize("switch", [True, False])
def test_3_4_who_may_do_what_with_groups(org: Organization, role: Role, switch: bool) -> None:
    org.api.data("PATCH", "", {"allow_manage_groups": switch})
    api, group = org.person(role).api, org.group("Legal")
    may = role == "admin" or (role == "standard" and switch)

    assert api.get("/groups").status_code == 200
    assert api.get(f"/groups/{group['id']}").status_code == 200
    assert api.post("/groups", {"name": "New"}).status_code == (201 if may else 403)
    assert api.put(f"/groups/{group['id']}", {"name": "Old"}).status_code == (200 if may else 403)
    assert api.delete(f"/groups/{group['id']}").status_code == (204 if may else 403)


def test_groups_are_listed_sorted_searched_and_paged(org: Organization) -> None:
    for name, description in (("b", "Steuern"), ("C", ""), ("a", "taxes")):
        org.api.post("/groups", {"name": name, "description": description})

    def names(query: str) -> list[str]:
        return [each["name"] for each in org.api.data("GET", f"/groups?{query}")]

    assert names("") == ["b", "C", "a"]
    assert names("sort_by=name") == ["a", "b", "C"]
    assert names("sort=-name") == ["C", "b", "a"]
    assert names("q=TAX") == ["a"]
    assert names("per_page=2&page=2") == ["a"]
    assert "meta" not in org.api.get("/groups?without_pagination=true").json()


def test_with_users_and_guests_shows_who_they_are(org: Organization) -> None:
    mira = org.person(first_name="Mira")
    group = org.group(members=[mira], guests=["ana@partner.test"])

    shown = org.api.data("GET", f"/groups/{group['id']}?with=users,guests,assets")

    assert [each["first_name"] for each in shown["users"]["data"]] == ["Mira"]
    assert [each["email"] for each in shown["guests"]["data"]] == ["ana@partner.test"]


def test_gr4_who_is_disabled_leaves_the_groups(org: Organization) -> None:
    """Spec: behaviour-work L5."""
    mira, otto = org.person(), org.person()
    group = org.group(members=[mira, otto])

    org.api.delete(f"/users/{mira.id}/disable")
    org.api.put(f"/users/{mira.id}/enable")

    assert org.api.data("GET", f"/groups/{group['id']}")["members"] == [otto.id]


def test_an_unchanged_list_answers_304_and_a_changed_one_does_not(api: Api) -> None:
    tag = api.get("/groups").headers["etag"]
    assert api.get("/groups", headers={"If-None-Match": tag}).status_code == 304
    api.post("/groups", {"name": "new"})
    assert api.get("/groups", headers={"If-None-Match": tag}).status_code == 200


def test_another_organizations_group_is_not_found(org: Organization, other_org: Organization) -> None:
    theirs, stranger = other_org.group("Legal"), other_org.person()

    assert org.group("Legal")["id"] != theirs["id"]
    assert org.api.get(f"/groups/{theirs['id']}").status_code == 404
    assert org.api.put(f"/groups/{theirs['id']}", {"name": "x"}).status_code == 404
    assert org.api.delete(f"/groups/{theirs['id']}").status_code == 404
    assert org.api.post("/groups", {"name": "a", "members": [stranger.id]}).status_code == 422


@pytest.mark.parametrize("member", [2**63, 2**64, -1, 10**30, 1.5, True, None, "x", {}])
def test_no_number_breaks_the_list_of_members(api: Api, member: object) -> None:
    assert api.post("/groups", {"name": "a", "members": [member]}).status_code in (400, 422)


@pytest.mark.parametrize("name", ["\u200b", "\x00", "\ufeff "])
def test_an_invisible_name_is_no_name(api: Api, name: str) -> None:
    assert api.post("/groups", {"name": name}).status_code == 422
    assert api.post("/folders", {"name": name}).status_code == 422


@pytest.mark.parametrize(
    "query", ["page=9007199254740993", "page=99999999999999999999&per_page=9999", "page=-1", "page=x"]
)
@pytest.mark.parametrize("path", ["/groups", "/users", "/guests", "/folders", "/tags", "/tokens", "//me/organizations"])
def test_any_page_number_is_answered(api: Api, path: str, query: str) -> None:
    assert api.get(f"{path}?{query}").status_code == 200


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", "🦀", "%00", "x" * 10_000])
@pytest.mark.parametrize("path", ["/groups", "/users", "/guests", "/folders", "/tags"])
def test_any_search_is_harmless(org: Organization, path: str, text: str) -> None:
    org.group("Legal")

    found = org.api.get(path, params={"q": text})

    assert found.status_code == 200
    assert found.json()["data"] == [] or text == "%00"
