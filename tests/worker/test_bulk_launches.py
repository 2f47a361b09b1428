"""Bulk launches from CSV. Spec: behaviour-launching 13 (LT-14), api-processes 21.1."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from procession.domain.times import HOUR, MINUTE
from procession.storage import bulk_launches
from tests.adapters.test_workbooks import workbook_of
from tests.api.task_runs import NOW
from tests.builders import Organization, Person
from tests.worker.test_timers import World

KIND = {"label": "Kind", "field_type": "dropdown", "options": [{"id": 1, "text": "Soil"}, {"id": 2, "text": "Water"}]}


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.differences() == []


def lab(org: Organization) -> dict[str, Any]:
    return org.template("Lab", steps=["Look"], kickoff=[{"label": "Farm", "required": True}, KIND])


def sent(
    who: Person, template: dict[str, Any], text: str | bytes, *, query: str = "", **headers: str
) -> httpx.Response:
    path = f"/checklists/{template['id']}/bulk-launches{query}"
    return who.api.request("POST", path, content=text, headers={"Content-Type": "text/csv", **headers})


def planned(who: Person, template: dict[str, Any], text: str | bytes, **how: Any) -> str:
    """The path of the bulk launch."""
    answer = sent(who, template, text, **how)
    assert answer.status_code == 201, answer.text
    return f"/bulk-launches/{answer.json()['data']['id']}"


def counts(org: Organization, path: str) -> tuple[str, int, int, int]:
    found = org.api.data("GET", path)
    return found["status"], found["done"], found["failed"], found["waiting"]


def rows(org: Organization, path: str) -> list[tuple[int, str, str | None, dict[str, Any]]]:
    found = org.api.data("GET", f"{path}/rows?without_pagination=1")
    return [(row["row"], row["status"], row["name"], row["errors"]) for row in found]


def names(org: Organization) -> list[str]:
    return sorted(run["name"] for run in org.api.data("GET", "/runs?without_pagination=1"))


def test_rows_are_launched_one_by_one_and_a_bad_one_stops_no_other(world: World) -> None:
    """LT-14, L-13.8: a dry run first; a deadline, an owner, tags and a folder besides."""
    org = world.org
    mia, template = org.person("standard"), lab(org)
    org.allow(template, "LAUNCH", org.person("standard").id)
    field, tag, folder = org.tag("Urgent"), org.tag("North"), org.folder("Samples", kind="run")
    unknown = sent(org.admin, template, "Name,Farm,Kindd\nA,Alto,Soil\n")
    assert unknown.status_code == 422 and "Kind (" in str(unknown.json()["errors"]["header"]), unknown.text
    text = (
        "\ufeffName;Farm;Kind;;Owner;Tags;Folder;Deadline: Look\r\n"
        f"S-1;Alto;Water;x;{mia.email};Urgent, North;Samples;2027-01-04\r\n"
        ";;;;;;;\r\n"
        "S-2;Bora;Wine;;nobody@x.test;;;\r\n"
        'S-3;"Ce;dro";;;;;;\r\n'
    )
    dry = planned(org.admin, template, text, query="?dry_run=true")
    path = planned(org.admin, template, text)
    assert counts(org, path) == ("running", 0, 0, 3) and names(org) == []

    world.fire(servers=3)

    refused = {"Kind": ["Kind has no option Wine."], "Owner": ["There is no member nobody@x.test."]}
    assert counts(org, path) == counts(org, dry) == ("finished", 2, 1, 0)
    assert rows(org, path) == [(2, "launched", "S-1", {}), (4, "failed", None, refused), (5, "launched", "S-3", {})]
    assert [row[:3] for row in rows(org, dry)] == [(2, "valid", "S-1"), (4, "failed", None), (5, "valid", "S-3")]
    assert names(org) == ["S-1", "S-3"]
    [found] = org.api.data("GET", "/runs?q=S-1&with=tags,folders,tasks")
    farm, kind = (each["id"] for each in template["prerun"])
    assert found["prerun"] == {farm: "Alto", kind: {"id": 2, "text": "Water"}}
    assert (found["owner_id"], found["started_by"]) == (mia.id, org.admin.id)
    assert {each["tag_id"] for each in found["tags"]["data"]} == {field["id"], tag["id"]}
    assert folder["id"] in str(found["folders"])
    assert found["tasks"]["data"][0]["deadline"] == "2027-01-04T00:00:00.000Z"


def test_a_workbook_is_launched_as_the_csv_file_of_it(world: World) -> None:
    """L-13.10: the sheet that is named, with days and numbers; a bad file plans nothing."""
    org, template = world.org, lab(world.org)
    header = ["Name", "Farm", "Kind", "Deadline: Look"]
    day = datetime(2027, 1, 4)  # noqa: DTZ001  # cells have no zone
    raw = workbook_of(Notes=[["x"]], Samples=[header, ["S-1", 7.0, "Water", day], ["S-2", "Bora", "Wine", None]])
    kind = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    refused = sent(org.admin, template, raw, query="?sheet=Farms", **kind)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["sheet"])
    assert list(sent(org.admin, template, raw, **kind).json()["errors"]) == ["body"], "the first sheet has no rows"
    path = planned(org.admin, template, raw, query="?sheet=samples", **kind)

    world.fire()

    assert rows(org, path)[0] == (2, "launched", "S-1", {})
    assert rows(org, path)[1][3] == {"Kind": ["Kind has no option Wine."]}
    [found] = org.api.data("GET", "/runs?with=tasks")
    assert found["prerun"][template["prerun"][0]["id"]] == "7"
    assert found["tasks"]["data"][0]["deadline"] == "2027-01-04T00:00:00.000Z"
    assert len(org.api.data("GET", "/bulk-launches")) == 1


@pytest.mark.parametrize("is_workbook", [True, False], ids=["xlsx", "csv"])
def test_l_13_11_times_in_cells_are_of_the_organizations_clocks(world: World, is_workbook: bool) -> None:
    org = world.org
    org.api.data("PUT", "", {"name": "Fernwood", "timezone": "Europe/London"})
    day = {"label": "Day", "field_type": "date"}
    at = {**day, "label": "At", "collect_time": True}
    template = org.template("Lab", steps=["Look", "Tidy"], kickoff=[at, day])
    header = ["At", "Day", "deadline: Look", "deadline: Tidy"]
    cells = [datetime(2027, 7, 1, 9), datetime(2027, 7, 1), datetime(2027, 7, 1, 9), datetime(2027, 7, 2)]  # noqa: DTZ001  # cells have no zone
    text = f"{','.join(header)}\n2027-07-01 09:00,2027-07-01,2027-07-01 09:00,2027-07-02\n"
    planned(org.admin, template, workbook_of(header, cells) if is_workbook else text)

    world.fire()

    [found] = org.api.data("GET", "/runs?with=tasks")
    assert list(found["prerun"].values()) == ["2027-07-01T08:00:00.000Z", "2027-07-01T00:00:00.000Z"]
    deadlines = [task["deadline"] for task in found["tasks"]["data"]]
    assert deadlines == ["2027-07-01T08:00:00.000Z", "2027-07-01T23:00:00.000Z"]


def test_a_bulk_launch_that_was_cut_off_goes_on_and_launches_no_row_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L-13.7: killed between the launch and what is written about it, and before the next row."""
    org, template = world.org, lab(world.org)
    path = planned(org.admin, template, "Name,Farm\n" + "".join(f"S-{n},Alto\n" for n in range(1, 6)))
    save, calls = bulk_launches.save_row, 0

    async def cut_off(*given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise asyncio.CancelledError
        await save(*given)

    monkeypatch.setattr(bulk_launches, "save_row", cut_off)
    with pytest.raises(BaseException):  # noqa: B017, PT011  # a server that is stopped
        world.fire()
    monkeypatch.setattr(bulk_launches, "save_row", save)
    assert counts(org, path) == ("running", 2, 0, 3) and names(org) == ["S-1", "S-2"]
    world.fire()
    assert counts(org, path)[1] == 2
    world.at(NOW + 2 * MINUTE)
    world.fire(servers=3)
    assert counts(org, path) == ("finished", 5, 0, 0) and names(org) == [f"S-{n}" for n in range(1, 6)]


def test_who_may_launch_see_and_cancel(world: World) -> None:
    """L-13.9"""
    org, template = world.org, lab(world.org)
    mia, otto = org.person("standard"), org.person("standard")
    assert sent(mia, template, "Farm\nAlto\n").status_code == 404
    org.allow(template, "LAUNCH", mia.id)
    key = {"Idempotency-Key": "once"}
    path = planned(mia, template, "Farm\nAlto\n", **key)
    assert planned(mia, template, "Farm\nAlto\n", **key) == path
    assert otto.api.get(path).status_code == otto.api.get(path + "/rows").status_code == 404
    assert otto.api.delete(path).status_code == 404 and otto.api.data("GET", "/bulk-launches") == []

    assert org.api.data("DELETE", path)["status"] == "cancelled"
    assert mia.api.delete(path).status_code == 422
    left = planned(mia, template, "Farm\nBora\n")
    world.at(NOW + HOUR)
    org.api.delete(f"/users/{mia.id}/disable").raise_for_status()
    world.fire()
    assert (counts(org, path)[0], counts(org, left)[0], names(org)) == ("cancelled", "stopped", [])
    assert [row[1] for path in (path, left) for row in rows(org, path)] == ["cancelled", "cancelled"]
    assert [each["id"] for each in org.api.data("GET", "/bulk-launches?status=stopped")] == [int(left.split("/")[-1])]


def test_a_template_that_cannot_be_launched_any_more_fails_its_rows(world: World) -> None:
    org, template = world.org, lab(world.org)
    path = planned(org.admin, template, "Farm\nAlto\n")
    org.api.delete(f"/checklists/{template['id']}").raise_for_status()
    assert sent(org.admin, template, "Farm\nAlto\n").status_code == 422
    world.fire()
    assert counts(org, path) == ("finished", 0, 1, 0) and "archived" in str(rows(org, path)[0][3]["row"])


def test_l_13_8_everything_that_is_wrong_with_a_row_is_told_at_once(org: Organization, world: World) -> None:
    """A cell that cannot be read hides nothing of the others, and is not called missing."""
    template = org.template(
        "Lab",
        steps=["Look"],
        kickoff=[
            {"label": "Farm", "required": True, "field_validation": ["max:3"]},
            {**KIND, "required": True},
            {"label": "Day", "field_type": "date"},
        ],
    )
    text = "Farm,Kind,Day,tags,deadline: Look\nAltos,Wine,2026-02-30,nope,soon\n"
    path = planned(org.admin, template, text, query="?dry_run=1")

    world.fire()

    [(_, status, _, errors)] = rows(org, path)
    assert status == "failed"
    assert set(errors) == {"Farm", "Kind", "Day", "tags", "deadline: Look"}
    assert errors["Kind"] == ["Kind has no option Wine."]


def test_the_file_is_read_only_for_who_may_launch(org: Organization) -> None:
    """404 and 403 come before what is wrong with the file. Spec: api-processes 21.1, api-conventions 14.4."""
    member, template = org.person(), lab(org)

    assert sent(member, template, "no table").status_code == 404
    lists = f"/checklists/{template['id']}/permissions"
    org.api.data("PUT", lists, [{"permission": "CHECKLIST_READ", "all": True}], status=200)
    assert sent(member, template, "no table").status_code == 403
    assert sent(org.admin, template, "no table").status_code == 422
    assert sent(org.admin, {"id": "0" * 32}, "no table").status_code == 404
