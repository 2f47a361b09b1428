"""Templates as lists: filters, order, pages, includes. Spec: api-templates 2."""

import pytest

from procession.api.present.template_includes import OFFERED, present_listed
from procession.domain.actors import Actor
from procession.storage import template_lists
from procession.storage.template_lists import TemplateFilter
from procession.storage.tx import reading
from tests.builders import Organization
from tests.harness import Api


def titles(api: Api, query: str = "") -> list[str]:
    return [each["title"] for each in api.data("GET", f"/checklists{query}")]


def test_11_unknown_includes_are_ignored_and_named(org: Organization) -> None:
    template = org.template(steps=["Call"])

    answer = org.api.get(f"/checklists/{template['id']}?with=prerun,automated_actions,nonsense,steps")

    assert answer.status_code == 200 and answer.headers["X-Ignored-Params"] == "with:nonsense"
    assert [step["title"] for step in answer.json()["data"]["steps"]["data"]] == ["Call"]


def test_includes_are_wrapped(org: Organization) -> None:
    folder = org.api.data("POST", "/folders", {"name": "Outer"})
    inner = org.api.data("POST", "/folders", {"name": "Inner", "parent_id": folder["id"]})
    template = org.template(folder_id=inner["id"])
    path = f"/checklists/{template['id']}?with=tags,folder,permissions,stages"

    shown = org.api.data("GET", path + "&entire_folder_tree=1")

    assert shown["tags"] == {"data": []} and shown["stages"] == {"data": []}
    assert shown["folder"]["data"]["parent"]["id"] == folder["id"]
    assert shown["folder"]["data"]["total"] == 1
    assert [each["permission"] for each in shown["permissions"]["data"]] == [
        "CHECKLIST_READ", "CHECKLIST_EDIT", "PROCESS_LAUNCH", "CHECKLIST_DUPLICATE", "PROCESS_READ",
    ]  # fmt: skip
    assert org.api.data("GET", f"/checklists/{org.template()['id']}?with=folder")["folder"] == {"data": None}


def test_13_pinned_templates_come_first_and_pages_are_capped(org: Organization) -> None:
    made = [org.template(title) for title in ("b", "A", "c")]
    org.api.put(f"/checklists/{made[2]['id']}", {"title": "c", "is_pinned": True})

    assert titles(org.api, "?sort=title") == ["c", "A", "b"]
    assert titles(org.api) == ["c", "A", "b"]
    assert titles(org.api, "?sort_by=-name&per_page=2") == ["c", "b"]
    answer = org.api.get("/checklists?per_page=1000").json()
    assert answer["meta"]["pagination"]["per_page"] == 100 and answer["meta"]["pagination"]["total"] == 3
    assert "meta" not in org.api.get("/checklists?without_pagination=true").json()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("?q=BOAT", ["Boat A", "boat b"], id="q, whatever the case"),
        pytest.param("?q=%25", [], id="q is no pattern"),
        pytest.param("?type=document", ["Doc"], id="type"),
        pytest.param("?type=nonsense", ["Boat A", "boat b", "Doc"], id="an unknown type adds no condition"),
        pytest.param("?status=Finishing", ["boat b"], id="status exactly"),
        pytest.param("?starred=true", ["Boat A"], id="starred"),
        pytest.param("?starred=false", ["boat b", "Doc"], id="not starred"),
        pytest.param("?folder={folder}", ["boat b"], id="folder"),
        pytest.param("?folder_id={folder},ffff", ["boat b"], id="folder_id, any of them"),
        pytest.param("?owner_id={owner}", ["Doc"], id="owner"),
        pytest.param("?tag={tag}", ["Boat A"], id="tag"),
    ],
)
def test_the_list_is_filtered(org: Organization, query: str, expected: list[str]) -> None:
    folder, tag = org.api.data("POST", "/folders", {"name": "F"}), org.tag()
    other = org.person()
    first = org.template("Boat A", starred=True)
    second = org.template("boat b", folder_id=folder["id"])
    org.api.put(f"/checklists/{second['id']}", {"title": "boat b", "status": "Finishing"})
    org.template("Doc", type="document", owner_id=other.id)
    link = {"subject_id": first["id"], "subject_type": "Checklist", "tag_id": tag["id"], "tag_type": "private"}
    org.api.data("POST", "/checklists/tags", link)

    found = titles(org.api, query.format(folder=folder["id"], owner=other.id, tag=tag["id"]))

    assert sorted(found) == sorted(expected)
    assert titles(org.api, "?sort=-starred")[0] == "Boat A"


def test_the_list_costs_the_same_at_any_length(org: Organization) -> None:
    member = org.person("standard")
    actor = Actor(kind="member", id=member.id, role="standard")

    async def cost() -> int:
        async with reading(org.server.database, org.number, org.id, actor, 0) as tx:
            before = tx.connection.statements
            rows, _ = await template_lists.list_page(
                tx, TemplateFilter(), sort="title", descending=False, with_steps=True, limit=100
            )
            await present_listed(tx, rows, OFFERED)
            return tx.connection.statements - before

    org.allow(org.template(steps=["a"]), "READ", everyone=True)
    once = org.server.run(cost())
    for _ in range(12):
        org.allow(org.template(steps=["a", "b"]), "READ", everyone=True)

    assert org.server.run(cost()) == once <= 13


def test_an_unchanged_list_answers_304(org: Organization) -> None:
    template = org.template()
    tag = org.api.get("/checklists").headers["etag"]
    assert org.api.get("/checklists", headers={"If-None-Match": tag}).status_code == 304
    org.api.put(f"/checklists/{template['id']}", {"title": template["title"], "starred": True})
    assert org.api.get("/checklists", headers={"If-None-Match": tag}).status_code == 200
