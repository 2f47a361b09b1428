"""What a row and the page around it look like. Spec: the seed, api-processes 2, api-conventions 7, 8, 12."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.builders import Organization
from tests.harness import Api
from tests.lists.making import complete, follow, ids, launch, listed, one, pages, tasks_of

SEED = Path(__file__).resolve().parents[2] / "docs" / "spec" / "seed-list-processes.txt"
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")
# Null in the seed's example, or stated to be nullable beside it.
NULLABLE = {
    "archived_at": str,
    "completed_at": str,
    "parent_id": str,
    "due_date": str,
    "prerun_status": str,
    "prerun_completed_at": str,
    "prerun_completed_by": int,
    "max_task_deadline": str,
    "custom_fields": dict,
}
# What `api-processes` 2 adds to the seed's keys.
FURTHER: dict[str, type] = {
    "assign_someone_else": bool,
    "prerun_length": int,
    "publicly_hidden_fields": list,
    "has_open_issue": bool,
    **{name: kind for name, kind in NULLABLE.items() if name in ("prerun_completed_at", "prerun_completed_by")},
    "max_task_deadline": str,
    "custom_fields": dict,
}
INSTANTS = (
    "created_at",
    "started_at",
    "last_updated",
    "archived_at",
    "completed_at",
    "due_date",
    "max_task_deadline",
    "prerun_completed_at",
)


def example() -> dict[str, Any]:
    """The seed's answer; where it writes `{ ... }` stands an empty object."""
    text = SEED.read_text(encoding="utf-8")
    answer, _ = json.JSONDecoder().raw_decode(text[text.index('{ "data": [ {') :].replace("{ ... }", "{}"))
    return answer


@pytest.fixture
def row(org: Organization) -> dict[str, Any]:
    """A process of which as much as possible is set."""
    field = {"label": "Farm"}
    template = org.template("Customer Onboarding", steps=["First", "Second"], kickoff=[field])
    parent = launch(org, template)
    group = org.group(members=[org.person()])
    answers = {template["prerun"][0]["id"]: "Alto"}
    run = launch(
        org, template, name="Onboarding - ACME Corp", prerun=answers, parent_id=parent["id"], users=[org.person().id],
        groups=[group["id"]], publicly_hidden_fields=["comments"],
    )  # fmt: skip
    complete(org, run, tasks_of(org, run)[0])
    return one(org.api, run)


def test_pr21_every_key_of_the_seeds_example_is_there_with_its_type(row: dict[str, Any]) -> None:
    [expected] = example()["data"]

    assert len(expected) == 30
    for name, value in expected.items():
        kind = NULLABLE.get(name, type(value)) if value is None else type(value)
        assert name in row
        assert type(row[name]) is kind or (row[name] is None and name in NULLABLE), (name, row[name])


def test_the_further_keys_are_there_and_no_others(row: dict[str, Any]) -> None:
    """Spec: api-processes 2."""
    [seeds] = example()["data"]

    assert set(row) == {*seeds, *FURTHER}
    for name, kind in FURTHER.items():
        assert type(row[name]) is kind, name


def test_what_the_row_says(org: Organization, row: dict[str, Any]) -> None:
    assert row["name"] == "Onboarding - ACME Corp" and row["checklist_title"] == "Customer Onboarding"
    assert row["progress"] == {"complete": 1, "total": 2, "percent": 50} == row["whole_progress"]
    assert row["started_by"] == row["owner_id"] == row["prerun_completed_by"] == org.admin.id
    assert list(row["prerun"].values()) == ["Alto"] and row["prerun_length"] == 1
    assert row["prerun_status"] == "complete" and row["type"] == "procedure" and row["status"] == "active"
    assert row["collaborators"] == sorted([org.admin.id, *row["users"]]) and len(row["users"]) == 1
    assert len(row["groups"]) == 1 and row["publicly_hidden_fields"] == ["comments"]
    assert re.fullmatch("[0-9a-f]{32}", row["id"]) and re.fullmatch("[0-9a-f]{32}", row["parent_id"])
    assert (row["can_add_oot"], row["is_public"], row["starred"], row["has_open_issue"]) == (True, False, False, False)
    assert row["custom_fields"] == {}


def test_pr21_timestamps_end_in_thousandths_of_zero(row: dict[str, Any]) -> None:
    for name in INSTANTS:
        assert row[name] is None or TIMESTAMP.fullmatch(row[name]), (name, row[name])


def test_pr21_a_process_without_anything_has_empty_values_not_missing_ones(org: Organization) -> None:
    run = one(org.api, launch(org, org.template()))

    assert run["summary"] == ""
    assert run["prerun"] == {} and run["prerun_status"] is None
    assert run["users"] == [] and run["groups"] == [] and run["collaborators"] == [org.admin.id]
    assert run["progress"] == {"complete": 0, "total": 0, "percent": 0}
    assert [run[name] for name in ("due_date", "archived_at", "completed_at", "parent_id")] == [None] * 4
    assert (run["late_tasks"], run["due_soon"], run["due_date_passed"]) == (0, False, False)


@pytest.mark.parametrize(
    ("done", "total", "percent"),
    [
        pytest.param(1, 3, 33, id="a third"),
        pytest.param(2, 3, 67, id="two thirds"),
        pytest.param(1, 8, 13, id="an eighth"),
    ],
)
def test_percent_is_rounded_half_up(org: Organization, done: int, total: int, percent: int) -> None:
    """Spec: api-conventions 18.2; behaviour-work G1."""
    run = launch(org, org.template(steps=[f"step {n}" for n in range(total)]))
    for task in tasks_of(org, run)[:done]:
        complete(org, run, task)

    assert one(org.api, run)["progress"] == {"complete": done, "total": total, "percent": percent}


def test_meta_has_the_keys_of_the_seed_and_has_more_pages(org: Organization) -> None:
    template = org.template()
    for _ in range(3):
        launch(org, template)

    pagination = listed(org.api, "per_page=2")["meta"]["pagination"]

    assert set(example()["meta"]["pagination"]) == set(pagination) - {"has_more_pages"}
    counted = {name: pagination[name] for name in ("total", "count", "per_page", "current_page", "total_pages")}
    assert counted == {"total": 3, "count": 2, "per_page": 2, "current_page": 1, "total_pages": 2}
    assert all(type(value) is int for value in counted.values())
    assert list(pagination["links"]) == ["next"] and pagination["has_more_pages"] is True


def test_an_empty_list_has_one_page_and_no_links(org: Organization) -> None:
    answer = listed(org.api)

    assert answer["data"] == []
    assert answer["meta"]["pagination"] == {
        "total": 0, "count": 0, "per_page": 10, "current_page": 1, "total_pages": 1, "links": {}, "has_more_pages": False,
    }  # fmt: skip


def test_a_page_past_the_end_is_empty_with_the_total_unchanged(org: Organization) -> None:
    launch(org, org.template())

    answer = listed(org.api, "page=7")

    pagination = answer["meta"]["pagination"]
    assert answer["data"] == [] and pagination["total"] == 1 and pagination["count"] == 0
    assert pagination["current_page"] == 7 and "next" not in pagination["links"]
    assert ids(org.api) == [run["id"] for run in follow(org.api, pagination["links"]["previous"]).json()["data"]]


@pytest.mark.parametrize("prefix", [pytest.param("/api", id="api prefix"), pytest.param("", id="bare")])
def test_links_are_absolute_and_repeat_every_parameter_in_order(org: Organization, prefix: str) -> None:
    """Filters, `with`, `per_page`, `sort` as they came; then the cursor; `page` last. Spec: api-conventions 8."""
    template = org.template()
    for _ in range(4):
        launch(org, template, name="a b&c")
    query = "with=tags&status=active&page=2&q=a%20b%26c&per_page=1&sort=-created_at&nonsense=1&starred=false"

    response = org.api.get(f"/{prefix}/organizations/{org.id}/runs?{query}")

    links = response.json()["meta"]["pagination"]["links"]
    for name, page in (("previous", "1"), ("next", "3")):
        link = urlsplit(links[name])
        assert f"{link.scheme}://{link.netloc}{link.path}" == f"http://flow.example{prefix}/organizations/{org.id}/runs"
        kept = query.replace("page=2&", "", 1)
        assert re.fullmatch(rf"{re.escape(kept)}&cursor=[\w-]+&page={page}", link.query), link.query
        assert follow(org.api, links[name]).json()["meta"]["pagination"]["current_page"] == int(page)


def test_c1_both_prefixes_answer_the_same_apart_from_links(org: Organization) -> None:
    template = org.template(steps=["One"])
    for _ in range(3):
        launch(org, template)

    bare, prefixed = (
        org.api.get(f"/{prefix}/organizations/{org.id}/runs?per_page=2&with=next_task,tags").json()
        for prefix in ("", "/api")
    )

    assert bare["data"] == prefixed["data"]
    links = bare["meta"]["pagination"].pop("links"), prefixed["meta"]["pagination"].pop("links")
    assert bare == prefixed
    assert links[0]["next"].replace("/organizations/", "/api/organizations/") == links[1]["next"]


def test_c5_the_first_page_has_no_previous_and_the_last_no_next(org: Organization) -> None:
    template = org.template()
    made = [launch(org, template)["id"] for _ in range(5)]

    answers = list(pages(org.api, "per_page=2&status=active"))

    assert [list(each["meta"]["pagination"]["links"]) for each in answers] == [
        ["next"],
        ["previous", "next"],
        ["previous"],
    ]
    assert [each["meta"]["pagination"]["has_more_pages"] for each in answers] == [True, True, False]
    assert [each["meta"]["pagination"]["count"] for each in answers] == [2, 2, 1]
    assert [run["id"] for each in answers for run in each["data"]] == made[::-1]


def test_c7_without_pagination_there_is_no_pagination(org: Organization) -> None:
    template = org.template()
    made = [launch(org, template)["id"] for _ in range(12)]

    answer = listed(org.api, "without_pagination=true&per_page=3&page=2")

    assert answer.get("meta", {}).get("pagination") is None
    assert [run["id"] for run in answer["data"]] == made[::-1]


@pytest.mark.parametrize(
    ("query", "per_page"),
    [
        pytest.param("", 10, id="default 10"),
        pytest.param("per_page=1000", 100, id="C6 capped at 100"),
        pytest.param("limit=5", 5, id="C6 limit is an alias"),
        pytest.param("limit=5&per_page=7", 7, id="per_page wins over limit"),
        pytest.param("per_page=0", 10, id="nothing is the default"),
    ],
)
def test_per_page_echoes_what_is_used(api: Api, query: str, per_page: int) -> None:
    assert listed(api, query)["meta"]["pagination"]["per_page"] == per_page


def test_c9_sort_and_sort_by_are_the_same_and_sort_wins(org: Organization) -> None:
    template = org.template()
    for name in ("b", "C", "a"):
        launch(org, template, name=name)

    def order(query: str) -> list[str]:
        return [run["name"] for run in listed(org.api, query)["data"]]

    assert (
        order("sort=-created_at")
        == order("sort_by=-created_at")
        == order("sort=newest")
        == order("")
        == ["a", "C", "b"]
    )
    assert order("sort=name") == ["a", "b", "C"] == order("sort=name&sort_by=-name")
    assert order("sort=-name") == ["C", "b", "a"]
    assert order("sort=-updated_at") == order("sort=-last_updated")


def test_the_total_counts_every_match_not_the_page(org: Organization) -> None:
    template, other = org.template(), org.template()
    for _ in range(12):
        launch(org, template)
    launch(org, other)

    for query, total in (
        ("per_page=1", 13),
        (f"checklist_id={template['id']}", 12),
        (f"blueprint_id={other['id']}", 1),
    ):
        assert listed(org.api, query)["meta"]["pagination"]["total"] == total


def test_parse_of_the_links_query_gives_the_parameters_back(org: Organization) -> None:
    template = org.template()
    for _ in range(2):
        launch(org, template, name="50% off, “now”")
    sent = [("q", "50% off, “now”"), ("status", "active,problem"), ("per_page", "1")]

    response = org.api.get("/runs", params=sent)

    link = response.json()["meta"]["pagination"]["links"]["next"]
    assert [pair for pair in parse_qsl(urlsplit(link).query) if pair[0] not in ("cursor", "page")] == sent
