"""Folders. Spec: api-content 2, 14; behaviour-people 3.1."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api


def names(api: Api, query: str = "") -> list[str]:
    return [each["name"] for each in api.data("GET", f"/folders?{query}")]


def test_check_4_folders_of_the_two_kinds(org: Organization) -> None:
    """T-3.1: what kind a folder is never changes."""
    run, template = org.folder(kind="run"), org.api.data("POST", "/folders", {"name": "Plain"})
    assert (run["folder_type"], template["folder_type"]) == ("run", "checklist")
    assert org.api.data("POST", "/folders", {"name": "x", "folder_type": "Run"})["folder_type"] == "checklist"

    mixed = org.api.post("/folders", {"name": "mixed", "folder_type": "run", "parent_id": template["id"]})
    moved = org.api.put(f"/folders/{run['id']}", {"parent_id": template["id"]})

    assert mixed.status_code == moved.status_code == 422
    assert mixed.json()["errors"]["parent_id"]
    assert org.api.data("PUT", f"/folders/{run['id']}", {"folder_type": "checklist"})["folder_type"] == "run"
    assert names(org.api, "folder_type=run") == [run["name"]]


def test_check_4_a_folder_is_moved_without_being_named(org: Organization) -> None:
    parent, folder = org.folder("Parent"), org.folder("Folder")

    moved = org.api.data("PUT", f"/folders/{folder['id']}", {"parent_id": parent["id"]})
    assert (moved["name"], moved["parent_id"], moved["parent"]) == ("Folder", parent["id"], "Parent")
    renamed = org.api.data("PUT", f"/folders/{folder['id']}", {"name": "Renamed"})
    assert (renamed["name"], renamed["parent_id"]) == ("Renamed", parent["id"])
    rooted = org.api.data("PUT", f"/folders/{folder['id']}", {"parent_id": None})
    assert (rooted["parent_id"], rooted["parent"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "name", id="B3 no name"),
        pytest.param({"name": " "}, "name", id="B3 blank"),
        pytest.param({"name": "x" * 33}, "name", id="T-3.2 B3 33 characters"),
        pytest.param({"name": 3}, "name", id="no text"),
        pytest.param({"name": "a", "parent_id": "0" * 32}, "parent_id", id="unknown parent"),
        pytest.param({"name": "a", "parent_id": "here"}, "parent_id", id="malformed parent"),
    ],
)
def test_a_bad_folder_is_refused_naming_the_field(org: Organization, body: dict[str, object], field: str) -> None:
    with unchanged(org):
        refused = org.api.post("/folders", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


def test_b4_a_folder_never_lies_in_itself(org: Organization) -> None:
    top = org.folder()
    middle = org.folder(parent=top["id"])
    bottom = org.folder(parent=middle["id"])

    for parent in (top, middle, bottom):
        refused = org.api.put(f"/folders/{top['id']}", {"parent_id": parent["id"]})
        assert refused.status_code == 422
        assert refused.json()["errors"]["parent_id"]


def test_two_moves_at_once_make_no_circle(org: Organization) -> None:
    pair = [org.folder()["id"], org.folder()["id"]]

    with ThreadPoolExecutor(2) as threads:
        moves = threads.map(lambda n: org.api.put(f"/folders/{pair[n]}", {"parent_id": pair[1 - n]}), range(2))

    assert sorted(each.status_code for each in moves) == [200, 422]
    assert len(org.api.data("GET", "/folders?with=children")) == 1


def test_folders_nest_fifty_levels_and_no_more(org: Organization) -> None:
    folder: dict[str, Any] = {"id": None}
    for _ in range(50):
        folder = org.folder(parent=folder["id"])

    assert org.api.post("/folders", {"name": "a", "parent_id": folder["id"]}).status_code == 422
    two = org.folder()
    org.folder(parent=two["id"])
    assert org.api.put(f"/folders/{two['id']}", {"parent_id": folder["parent_id"]}).status_code == 422
    assert org.api.get("/folders?with=children").status_code == 200


def test_check_6_the_tree_shows_every_folder_once(org: Organization) -> None:
    top = org.folder("top")
    middle = org.folder("middle", parent=top["id"])
    org.folder("bottom", parent=middle["id"])
    org.folder("other")

    answer = org.api.get("/folders?with=children&pagination=false").json()

    assert list(answer) == ["data"]
    assert tree(answer["data"]) == [("top", [("middle", [("bottom", [])])]), ("other", [])]
    assert tree([org.api.data("GET", f"/folders/{middle['id']}?with=children")]) == [("middle", [("bottom", [])])]
    assert sorted(names(org.api)) == ["bottom", "middle", "other", "top"]


def tree(folders: list[dict[str, Any]]) -> list[tuple[str, list[Any]]]:
    return [(each["name"], tree(each["children"]["data"])) for each in folders]


def test_folders_keep_the_order_they_are_put_in(org: Organization) -> None:
    """T-3.2"""
    first, _, third = org.folder("a"), org.folder("b"), org.folder("c")
    assert names(org.api) == ["a", "b", "c"]

    org.api.put(f"/folders/{third['id']}", {"position": 1})
    assert names(org.api) == ["c", "a", "b"]
    moved = org.api.data("PUT", f"/folders/{first['id']}", {"position": 99})

    assert names(org.api) == ["c", "b", "a"]
    assert moved["position"] == 3
    assert names(org.api, "sort=name") == ["a", "b", "c"]
    assert names(org.api, "sort=-name") == ["c", "b", "a"]


def test_t_3_4_a_deleted_folder_leaves_what_was_in_it(org: Organization) -> None:
    """T-3.3: a template lies in one folder, or in none."""
    top, other = org.folder("top"), org.folder("other")
    middle = org.folder("middle", parent=top["id"])
    bottom = org.folder("bottom", parent=middle["id"])
    template, inner = org.template("Tea", folder_id=other["id"]), org.template(folder_id=bottom["id"])
    path = f"/checklists/{template['id']}"
    moved = org.api.data("PUT", path, {"title": "Tea", "folder_id": middle["id"]})
    totals = {each["name"]: each["total"] for each in org.api.data("GET", "/folders")}
    assert (moved["folder_id"], totals) == (middle["id"], {"top": 0, "other": 0, "middle": 1, "bottom": 1})

    assert org.api.delete(f"/folders/{middle['id']}").status_code == 204

    assert org.api.data("GET", path)["folder_id"] is None
    assert org.api.data("GET", f"/checklists/{inner['id']}")["folder_id"] == bottom["id"]
    assert tree(org.api.data("GET", "/folders?with=children")) == [("top", [("bottom", [])]), ("other", [])]


def test_folders_are_searched_and_paged(org: Organization) -> None:
    for name in ("Verträge", "Leases", "Other"):
        org.folder(name)

    assert names(org.api, "q=VERTRA") == ["Verträge"]
    page = org.api.get("/folders?per_page=2&page=2").json()
    assert [each["name"] for each in page["data"]] == ["Other"]
    assert page["meta"]["pagination"]["total"] == 3
    assert len(org.api.data("GET", "/folders?limit=1")) == 1
    assert "meta" not in org.api.get("/folders?without_pagination=true").json()


def test_t_3_5_light_members_neither_create_nor_change_folders(org: Organization) -> None:
    light, standard, folder = org.person("light").api, org.person("standard").api, org.folder()

    assert light.post("/folders", {"name": "a"}).status_code == 403
    assert light.put(f"/folders/{folder['id']}", {"name": "a"}).status_code == 403
    assert standard.post("/folders", {"name": "a"}).status_code == 201
    assert standard.put(f"/folders/{folder['id']}", {"name": "a"}).status_code == 200


def test_totals_count_what_the_caller_sees(org: Organization) -> None:
    mira, light = org.person("standard"), org.person("light")
    around = org.folder("around", kind="run")
    folder = org.folder("runs", kind="run", parent=around["id"])
    empty = org.folder("empty", kind="run")
    template = org.template()
    for owner in (org.admin.id, mira.id, light.id):
        run = org.api.data("POST", "/runs", {"checklist_id": template["id"], "name": "x", "owner_id": owner})
        filing = {"folder_id": folder["id"], "subject_id": run["id"], "subject_type": "Run"}
        assert org.api.post("/folders/add-object", filing).status_code == 201

    def totals(api: Api) -> dict[str, int]:
        return {each["name"]: each["total"] for each in api.data("GET", "/folders?folder_type=run")}

    assert totals(org.api) == {"around": 0, "runs": 3, "empty": 0}
    assert totals(mira.api) == {"around": 0, "runs": 1, "empty": 0}
    assert totals(light.api) == {"around": 0, "runs": 1}
    assert light.api.get(f"/folders/{folder['id']}").status_code == 200
    assert light.api.get(f"/folders/{empty['id']}").status_code == 404
    for each, status in ((folder, 200), (empty, 404)):
        assert light.api.get(f"/folders/{each['id']}/custom-fields").status_code == status


def test_template_folders_count_live_templates_that_the_caller_sees(org: Organization) -> None:
    folder = org.folder()
    mine, gone = org.template(), org.template()
    for template in (mine, gone):
        org.api.data("PUT", f"/checklists/{template['id']}", {"title": template["title"], "folder_id": folder["id"]})
    assert org.api.data("GET", f"/folders/{folder['id']}")["total"] == 2

    org.api.delete(f"/checklists/{gone['id']}")

    assert org.api.data("GET", f"/folders/{folder['id']}")["total"] == 1
    mira = org.person("standard")
    assert mira.api.data("GET", f"/folders/{folder['id']}")["total"] == 0
    org.allow(mine, "READ", mira.id)
    assert mira.api.data("GET", f"/folders/{folder['id']}")["total"] == 1


def test_the_list_takes_the_same_statements_at_one_and_at_many_folders(
    org: Organization, statements: Statements
) -> None:
    org.folder()
    few = statements.of(org.api, "/folders?with=children")
    for _ in range(12):
        org.folder(parent=org.folder()["id"])

    assert statements.of(org.api, "/folders?with=children") == few


def test_another_organizations_folder_is_not_found(org: Organization, other_org: Organization) -> None:
    theirs = other_org.folder()

    assert org.api.get(f"/folders/{theirs['id']}").status_code == 404
    assert org.api.put(f"/folders/{theirs['id']}", {"name": "x"}).status_code == 404
    assert org.api.post("/folders", {"name": "a", "parent_id": theirs["id"]}).status_code == 422
    assert org.api.get("/folders/no-id").status_code == 404
