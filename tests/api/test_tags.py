"""Tags. Spec: api-content 1, 14."""

import pytest

from tests.builders import Organization
from tests.harness import Api


def test_a_tag_is_created_read_changed(api: Api) -> None:
    made = api.data("POST", "/tags", {"title": "Onboarding", "color": "#1f7a8c"})

    assert api.data("GET", f"/tags/{made['id']}") == made
    assert api.data("PUT", f"/tags/{made['id']}", {"color": "#000000"})["title"] == "Onboarding"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "title", id="A3 no title"),
        pytest.param({"title": "x" * 31}, "title", id="A3 31 characters"),
        pytest.param({"title": 12}, "title", id="not a string"),
        pytest.param({"title": "fine", "color": "red"}, "color", id="A3 colour red"),
        pytest.param({"title": "TAKEN"}, "title", id="A3 taken, whatever the case"),
    ],
)
def test_a_bad_tag_is_refused_naming_the_field(api: Api, body: dict[str, object], field: str) -> None:
    api.post("/tags", {"title": "taken"})

    refused = api.post("/tags", body)

    assert refused.status_code == 422
    assert refused.json()["error"] is True and refused.json()["errors"][field]
    assert len(api.data("GET", "/tags")) == 1


def test_only_administrators_create_tags(org: Organization) -> None:
    assert org.person("standard").api.post("/tags", {"title": "x"}).status_code == 403
    assert org.api.post("/tags", {"title": "x"}).status_code == 201


def test_tags_are_listed_by_title_and_paged(api: Api) -> None:
    for title in ("b", "C", "a"):
        api.post("/tags", {"title": title})

    first = api.get("/tags?per_page=2").json()

    assert [tag["title"] for tag in first["data"]] == ["a", "b"]
    assert first["meta"]["pagination"]["total"] == 3
    assert first["meta"]["pagination"]["links"]["next"].endswith("/tags?per_page=2&page=2")


def test_an_unchanged_list_answers_304(api: Api) -> None:
    tag = api.get("/tags").headers["etag"]
    assert api.get("/tags", headers={"If-None-Match": tag}).status_code == 304
    api.post("/tags", {"title": "new"})
    assert api.get("/tags", headers={"If-None-Match": tag}).status_code == 200


def test_another_organizations_tag_is_not_found(org: Organization, other_org: Organization) -> None:
    theirs = other_org.tag()
    assert org.api.get(f"/tags/{theirs['id']}").status_code == 404
    assert org.api.get(f"//organizations/{other_org.id}/tags").status_code == 403
