"""The signed-in person. Spec: api-people 2, 9."""

from tests.builders import Organization
from tests.harness import Api


def test_check_2_without_a_token_nobody_is_signed_in(nobody: Api) -> None:
    refused = nobody.get("//me")

    assert refused.status_code == 401
    assert refused.json()["code"] == "UNAUTHENTICATED"


def test_me_is_the_member_of_the_organization_the_token_was_made_in(org: Organization, other_org: Organization) -> None:
    mira = org.person("light")
    elsewhere = Api(org.server, other_org.token(other_org.join(mira, "admin").id), other_org.id)

    assert mira.api.data("GET", "//me")["role"] == "light"
    assert elsewhere.data("GET", "//me")["role"] == "admin"
    assert mira.api.data("GET", "//me")["email"] == mira.email


def test_check_3_me_organizations_tells_the_ids_to_use(org: Organization, other_org: Organization) -> None:
    mira = org.person("light")
    other_org.join(mira, "admin")

    answer = mira.api.get("//me/organizations").json()

    assert [(each["id"], each["user_role"], each["user_status"]) for each in answer["data"]] == [
        (org.id, "light", "active"),
        (other_org.id, "admin", "active"),
    ]
    assert answer["meta"]["pagination"]["per_page"] == 10
    assert [each["id"] for each in mira.api.data("GET", "//me/organizations?per_page=1&page=2")] == [other_org.id]
    assert "meta" not in mira.api.get("//me/organizations?without_pagination=true").json()


def test_check_3_the_organization_of_others_is_refused(org: Organization, other_org: Organization) -> None:
    for path in ("", "/me", "/users", "/tokens"):
        assert org.api.get(f"//organizations/{other_org.id}{path}").status_code == 403
    assert org.api.get(f"//organizations/{'0' * 32}/me").status_code == 403


def test_an_invited_person_is_not_in_yet(org: Organization) -> None:
    invited = org.api.data(
        "POST",
        "/users/invite",
        {"email": "iris@fernwood.test", "first_name": "I", "last_name": "B", "role": "light", "message": "Hi"},
        status=200,
    )

    assert Api(org.server, org.token(invited["id"]), org.id).get("/me").status_code == 401


def test_the_offset_follows_the_clock(org: Organization) -> None:
    org.api.put("/me", {"first_name": "A", "last_name": "B", "timezone": "Europe/Oslo"})
    org.server.clock.freeze(1_774_745_940_000)  # 2026-03-29T00:59:00Z, a minute before summer time
    api = Api(org.server, org.token(org.admin.id), org.id)
    tag = api.get("/me").headers["etag"]
    assert api.data("GET", "/me")["UTC_offset"] == "+01:00"

    org.server.clock.advance(seconds=60)

    changed = api.get("/me", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["data"]["UTC_offset"] == "+02:00"
