"""Personal access tokens. Spec: api-people 1.2, 1.7; behaviour-people 3.4."""

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.harness import Api


def test_the_text_of_a_token_is_in_the_creation_answer_only(org: Organization) -> None:
    mira = org.person()
    made = mira.api.data("POST", "/tokens", {"name": " reports "})

    listed = [each for each in mira.api.data("GET", "/tokens") if each["id"] == made["id"]]

    token = made.pop("token")
    assert listed == [made]
    assert made["name"] == "reports"
    assert token.startswith(made["hint"])
    assert len(made["hint"]) < 10
    assert Api(org.server, token, org.id).get("/me").status_code == 200


def test_a_token_lives_as_long_as_it_was_asked_for(org: Organization) -> None:
    mira = org.person()
    org.server.clock.freeze()
    token = mira.api.data("POST", "/tokens", {"name": "short", "days": 2})["token"]
    api = Api(org.server, token, org.id)

    org.server.clock.advance(days=2, seconds=-1)
    assert api.get("/me").status_code == 200
    org.server.clock.advance(seconds=1)

    assert api.get("/me").status_code == 401


def test_a_revoked_token_ends_at_once(org: Organization) -> None:
    mira = org.person()
    made = mira.api.data("POST", "/tokens", {"name": "a"})

    assert mira.api.delete(f"/tokens/{made['id']}").status_code == 204

    assert Api(org.server, made["token"], org.id).get("/me").status_code == 401
    assert made["id"] not in {each["id"] for each in mira.api.data("GET", "/tokens")}
    assert mira.api.delete(f"/tokens/{made['id']}").status_code == 404


def test_nobody_sees_or_revokes_the_tokens_of_others(org: Organization, other_org: Organization) -> None:
    mira = org.person()
    made = mira.api.data("POST", "/tokens", {"name": "mine"})
    elsewhere = other_org.join(mira)

    assert "mine" not in {each["name"] for each in org.api.data("GET", "/tokens")}
    assert org.api.delete(f"/tokens/{made['id']}").status_code == 404
    assert elsewhere.api.data("GET", "/tokens") == []
    assert elsewhere.api.delete(f"/tokens/{made['id']}").status_code == 404
    assert Api(org.server, made["token"], org.id).get("/me").status_code == 200


def test_last_use_is_noted(org: Organization) -> None:
    mira = org.person()
    made = mira.api.data("POST", "/tokens", {"name": "used"})
    Api(org.server, made["token"], org.id).get("/me")
    org.server.run(org.server.edge.settle())

    [listed] = [each for each in mira.api.data("GET", "/tokens") if each["id"] == made["id"]]

    assert listed["last_used_at"] is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "name", id="no name"),
        pytest.param({"name": " "}, "name", id="blank name"),
        pytest.param({"name": "x" * 101}, "name", id="101 characters"),
        pytest.param({"name": "a", "days": 0}, "days", id="no days"),
        pytest.param({"name": "a", "days": 3651}, "days", id="beyond ten years"),
        pytest.param({"name": "a", "days": "x"}, "days", id="no number"),
    ],
)
def test_a_bad_token_is_refused_naming_the_field(org: Organization, body: dict[str, object], field: str) -> None:
    with unchanged(org):
        refused = org.api.post("/tokens", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


def test_3_4_light_members_make_no_tokens_but_may_end_those_they_have(org: Organization) -> None:
    light = org.person("light").api

    assert light.post("/tokens", {"name": "a"}).status_code == 403
    [known] = light.data("GET", "/tokens")
    assert light.delete(f"/tokens/{known['id']}").status_code == 204
    assert light.get("/me").status_code == 401


def test_tokens_are_paged(org: Organization) -> None:
    for name in "abc":
        org.api.post("/tokens", {"name": name})

    assert [each["name"] for each in org.api.data("GET", "/tokens?per_page=2&page=2")] == ["b", "c"]
    assert "meta" not in org.api.get("/tokens?without_pagination=1").json()
