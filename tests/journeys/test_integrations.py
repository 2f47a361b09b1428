"""Programs at the other end: one that polls the newest processes, one that exports them all."""

import csv
import io
from typing import Any

from tests.builders import Organization
from tests.journeys.callers import Caller, Town
from tests.live import Live


def test_an_integrator_polls_with_a_tag_and_hears_of_news_only(town: Town, live: Live) -> None:
    organization = town.organization
    colleague = town.caller(organization.person("admin"))
    watched, other = organization.template("Orders", steps=["Pack"]), organization.template("Leave", steps=["Decide"])
    newest = organization.process(watched, name="Order 1")
    poll = f"/runs?sort=-created_at&per_page=5&checklist_id={watched['id']}"

    answer = town.admin.request("GET", poll)
    tag = answer.headers["etag"]
    assert [run["id"] for run in answer.json()["data"]] == [newest["id"]]
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("private, no-cache", "Authorization")
    for _ in range(3):
        assert not_modified(town.admin, poll, tag)

    neighbour = Organization(live.server)
    neighbour.process(neighbour.template(steps=["Elsewhere"]))
    assert not_modified(town.admin, poll, tag), "what happens in another organization is no news"

    for number in range(2, 9):
        newest = organization.process(watched, name=f"Order {number}")
    answer = town.admin.request("GET", poll, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert [run["name"] for run in answer.json()["data"]] == [f"Order {number}" for number in (8, 7, 6, 5, 4)]
    assert answer.json()["meta"]["pagination"]["total"] == 8
    tag = answer.headers["etag"]
    assert not_modified(town.admin, poll, tag)

    organization.process(other, name="Two weeks")
    town.admin.put(f"/runs/{newest['id']}", {"starred": True})
    answer = town.admin.request("GET", poll, headers={"If-None-Match": tag})
    assert [run["starred"] for run in answer.json()["data"]] == [True, False, False, False, False]

    assert not not_modified(colleague, poll, answer.headers["etag"]), "a tag is of one caller"
    assert not_modified(town.admin, poll, f'"something else", {answer.headers["etag"]}')


def not_modified(caller: Caller, path: str, tag: str) -> bool:
    answer = caller.request("GET", path, headers={"If-None-Match": tag})
    assert answer.status_code in (200, 304)
    assert answer.status_code == 200 or (answer.content == b"" and answer.headers["etag"] in tag)
    return answer.status_code == 304


def test_an_exporter_following_links_meets_every_process_once_while_others_launch(town: Town) -> None:
    organization = town.organization
    template = organization.template("Orders", steps=["Pack"], kickoff=[{"label": "Customer"}])
    customer = template["prerun"][0]["id"]
    made = [
        organization.process(template, name=f"Order {number}", prerun={customer: f"Customer {number}"})["id"]
        for number in range(37)
    ]

    page = town.admin.get("/runs?status=active&per_page=10&with=tags,ko_form_fields")
    rows: list[dict[str, Any]] = []
    totals: list[int] = []
    for number in range(20):
        rows += page["data"]
        pagination = page["meta"]["pagination"]
        totals.append(pagination["total"])
        assert pagination["current_page"] == number + 1
        link = pagination["links"].get("next")
        assert pagination["has_more_pages"] is (link is not None)
        if link is None:
            break
        assert link.startswith(f"{town.base}/organizations/{organization.id}/runs?status=active&per_page=10&with=")
        organization.process(template, name=f"Launched meanwhile {number}")
        page = town.admin.get(path_of(town, link))

    assert [row["id"] for row in rows] == made[::-1]
    assert totals == [37, 38, 39, 40]
    answers = [row["ko_form_fields"]["data"][0]["field_value"] for row in rows]
    assert answers == [f"Customer {number}" for number in reversed(range(37))]
    back = town.admin.get(path_of(town, page["meta"]["pagination"]["links"]["previous"]))
    assert [row["id"] for row in back["data"]] == made[::-1][20:30]

    whole = town.admin.get("/runs?status=active&without_pagination=true")
    assert whole.keys() == {"data"}
    assert {row["id"] for row in rows} < {row["id"] for row in whole["data"]}
    assert len(whole["data"]) == 40


def path_of(town: Town, link: str) -> str:
    return link.removeprefix(f"{town.base}/organizations/{town.organization.id}")


def test_an_exporter_gets_tables_too(town: Town) -> None:
    organization = town.organization
    template = organization.template("Orders", steps=[{"title": "Pack", "captures": [{"label": "Boxes"}]}])
    runs = [organization.process(template, name=f"Order, {number}") for number in range(3)]

    one = town.admin.request("POST", f"/runs/{runs[0]['id']}/export", headers={"Accept": "text/csv"})
    assert one.headers["content-type"].startswith("text/csv")
    assert one.headers["content-disposition"].startswith("attachment; filename=")
    [header, *rows] = csv.reader(io.StringIO(one.text))
    assert len(header) == 49 and {len(row) for row in rows} == {49}
    assert town.admin.post(f"/runs/{runs[0]['id']}/export", expect=200)["data"][0].keys() == set(header)

    every = town.admin.request("GET", "/runs/export.csv?sort=created_at")
    [same_header, *lines] = csv.reader(io.StringIO(every.text))
    assert same_header == header
    names = [dict(zip(header, line, strict=True))["process_name"] for line in lines]
    assert list(dict.fromkeys(names)) == ["Order, 0", "Order, 1", "Order, 2"]
