"""Tags. Spec: api-content 1, 14."""

from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api


def test_a_tag_is_created_read_changed(api: Api) -> None:
    made = api.data("POST", "/tags", {"title": "Onboarding", "color": "#1f7a8c"})

    assert api.data("GET", f"/tags/{made['id']}") == made
    assert api.data("PUT", f"/tags/{made['id']}", {"color": "#000000"})["title"] == "Onboarding"
    assert api.data("PUT", f"/tags/{made['id']}", {"title": "Start"})["color"] == "#000000"
    assert api.data("PUT", f"/tags/{made['id']}", {"color": None})["color"] is None, "null clears, api-conventions 13"


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
def test_a_bad_tag_is_refused_naming_the_field(org: Organization, body: dict[str, object], field: str) -> None:
    org.api.post("/tags", {"title": "taken"})

    with unchanged(org):
        refused = org.api.post("/tags", body)

    assert_refused(refused, 422)
    assert refused.json()["error"] is True and refused.json()["errors"][field]


def test_only_administrators_create_tags(org: Organization) -> None:
    assert org.person("standard").api.post("/tags", {"title": "x"}).status_code == 403
    assert org.api.post("/tags", {"title": "x"}).status_code == 201


def test_t_3_6_editors_attach_tags_and_several_are_looked_for_together(org: Organization) -> None:
    editor, both, one = org.person("standard"), org.template("Both"), org.template("One")
    wet, cold = org.tag("Wet"), org.tag("Cold")
    org.allow(both, "EDIT", editor.id)
    org.allow(one, "READ", editor.id)
    run = org.process(one, tags=[wet["id"], cold["id"]])
    org.process(one, tags=[wet["id"]])

    def attached(api: Api, template: dict[str, Any], tag: dict[str, Any]) -> int:
        link = {"subject_id": template["id"], "subject_type": "Checklist", "tag_id": tag["id"], "tag_type": "private"}
        return api.post("/checklists/tags", link).status_code

    def found(*tags: dict[str, Any]) -> list[str]:
        query = ",".join(tag["id"] for tag in tags)
        return [each["title"] for each in org.api.data("GET", f"/checklists?sort=title&tag={query}")]

    assert [attached(editor.api, both, tag) for tag in (wet, cold)] == [201, 201]
    assert (attached(editor.api, one, wet), attached(org.api, one, wet)) == (403, 201)
    for tag in (wet, cold):
        assert editor.api.put(f"/tags/{tag['id']}", {"title": "Mine"}).status_code == 403
        assert editor.api.delete(f"/tags/{tag['id']}").status_code == 403
    assert (found(wet), found(cold), found(wet, cold), found(wet, wet)) == (
        ["Both", "One"], ["Both"], ["Both"], ["Both", "One"]
    )  # fmt: skip
    assert [each["id"] for each in org.api.data("GET", f"/runs?tag_ids={wet['id']},{cold['id']}")] == [run["id"]]

    assert org.api.delete(f"/tags/{cold['id']}").status_code in (200, 204)

    shown = (
        org.api.data("GET", f"/checklists/{both['id']}?with=tags"),
        org.api.data("GET", f"/runs/{run['id']}?with=tags"),
    )
    assert [[tag["title"] for tag in each["tags"]["data"]] for each in shown] == [["Wet"], ["Wet"]]


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


def test_check_3_automatic_tags_are_shown_with_all_only(org: Organization) -> None:
    for title in ("from:x", "Task:y", "fromage"):
        org.tag(title)

    def titles(query: str) -> list[str]:
        return [tag["title"] for tag in org.api.data("GET", f"/tags?{query}")]

    assert titles("") == ["fromage"]
    assert titles("all=true") == titles("all=True") == ["from:x", "fromage", "Task:y"]
    assert titles("all=true&auto_generated=true") == ["from:x", "Task:y"]
    assert titles("all=true&auto_generated=false") == ["fromage"]
    assert titles("q=MAG") == ["fromage"]
    assert titles("sort=-title&status=archived") == ["fromage"]


def test_statistics_count_what_the_caller_sees(org: Organization, statements: Statements) -> None:
    mira, tag = org.person("standard"), org.tag("Onboarding")
    live, archived = org.template(), org.template()
    for template in (live, archived):
        attach(org, "Checklist", template["id"], tag)
    org.api.delete(f"/checklists/{archived['id']}")
    for owner in (org.admin.id, org.admin.id, mira.id):
        run = org.api.data("POST", "/runs", {"checklist_id": live["id"], "name": "x", "owner_id": owner})
        attach(org, "Run", run["id"], tag)
    org.api.delete(f"/runs/{run['id']}")

    assert figures(org.api, tag) == (1, 1, 2, 1)
    assert figures(mira.api, tag) == (0, 0, 0, 1)
    org.allow(live, "PROCESS_READ", mira.id)
    assert figures(mira.api, tag) == (1, 0, 0, 1)
    assert "statistics" not in org.api.data("GET", f"/tags/{tag['id']}")

    few = statements.of(org.api, "/tags?with=statistics")
    org.tag()
    org.tag()
    assert statements.of(org.api, "/tags?with=statistics") == few


def attach(org: Organization, subject_type: str, subject_id: str, tag: dict[str, object]) -> None:
    body = {"subject_type": subject_type, "subject_id": subject_id, "tag_id": tag["id"], "tag_type": "public"}
    assert org.api.post("/checklists/tags", body).status_code == 201


def figures(api: Api, tag: dict[str, object]) -> tuple[int, int, int, int]:
    """Active and archived templates, active and archived processes; the list and the single tag agree."""
    single = api.data("GET", f"/tags/{tag['id']}?with=statistics")["statistics"]["data"]
    [listed] = [each for each in api.data("GET", "/tags?with=statistics") if each["id"] == tag["id"]]
    assert listed["statistics"]["data"] == single
    return (
        single["active_template"],
        single["archived_template"],
        single["active_process"],
        single["archived_process"],
    )
