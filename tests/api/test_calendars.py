"""The organization's calendar: holidays, closures, working units, previews. Spec: behaviour-launching 9.5, behaviour-work D5."""

from typing import Any

import pytest

from tests.api.task_runs import Run, on_one_database
from tests.builders import Organization

OFFICE = {"working": True, "all_hours": False, "start": "09:00", "end": "17:00"}
WEEK = dict.fromkeys(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"), OFFICE)
SETTINGS: dict[str, Any] = {
    "name": "Fernwood",
    "timezone": "Europe/Berlin",
    "working_days": {**WEEK, "Saturday": {"working": False}, "Sunday": {"working": False}},
    "holiday_calendar": {"country": "de", "subdivision": "BY"},
    "closures": [{"name": "Move", "starts_on": "2026-04-07", "ends_on": "2026-04-07"}],
}
# Maundy Thursday before Easter 2026, 14:00 in Berlin.
THURSDAY = "2026-04-02T12:00:00Z"


def after(value: int, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "option": "from", "step": "start_run"}


def test_holidays_and_closures_are_not_worked_and_a_preview_says_so(org: Organization) -> None:
    """L-9.22. T-7.6: a step keeps its plain duration."""
    changed = org.api.data("PUT", "", SETTINGS)
    assert changed["holiday_calendar"] == {"country": "DE", "subdivision": "BY"}
    assert changed["closures"] == SETTINGS["closures"]
    steps = [
        {"title": "Soon", "deadline": after(1, "days")},
        {"title": "Worked", "deadline": after(2, "working_days")},
        {"title": "Long", "deadline": after(9, "working_hours")},
    ]
    template = org.template(steps=steps)
    assert template["steps"][1]["deadline"] == after(2, "working_days")

    shown = org.api.data("GET", f"/checklists/{template['id']}/deadline-preview?at={THURSDAY}")
    org.server.clock.freeze(1_775_131_200_000)
    org.admin.api.token = org.token(org.admin.id)
    tasks = Run(org, template).tasks()

    assert {each["title"]: each["deadline"] for each in shown} == {
        "Soon": "2026-04-08T07:00:00.000Z",
        "Worked": "2026-04-09T12:00:00.000Z",
        "Long": "2026-04-08T13:00:00.000Z",
    }
    assert {title: task["deadline"] for title, task in tasks.items()} == {
        each["title"]: each["deadline"] for each in shown
    }
    soon = shown[0]
    assert (soon["counted"], soon["deadline_local"]) == ("2026-04-03T12:00:00.000Z", "2026-04-08T09:00:00+02:00")
    assert [(each["kind"], each["starts_on"], each["ends_on"]) for each in soon["shifts"]] == [
        ("holiday", "2026-04-03", "2026-04-03"),
        ("weekend", "2026-04-04", "2026-04-05"),
        ("holiday", "2026-04-06", "2026-04-06"),
        ("closure", "2026-04-07", "2026-04-07"),
    ]
    assert soon["shifts"][0]["name"] and soon["shifts"][3]["name"] == "Move"
    gone = org.api.data("PUT", "", {"name": "Fernwood", "holiday_calendar": None, "closures": []})
    assert (gone["holiday_calendar"], gone["closures"]) == (None, [])


@on_one_database
@pytest.mark.parametrize(
    ("sent", "path"),
    [
        pytest.param({"holiday_calendar": {"country": "Atlantis"}}, "holiday_calendar.country", id="unknown country"),
        pytest.param(
            {"holiday_calendar": {"country": "DE", "subdivision": "ZZ"}},
            "holiday_calendar.subdivision",
            id="unknown part",
        ),
        pytest.param({"holiday_calendar": "DE"}, "holiday_calendar", id="not an object"),
        pytest.param(
            {"closures": [{"name": "x", "starts_on": "2026-02-30", "ends_on": "2026-03-01"}]},
            "closures.0",
            id="no such day",
        ),
        pytest.param(
            {"closures": [{"name": "x", "starts_on": "2026-03-02", "ends_on": "2026-03-01"}]},
            "closures.0.ends_on",
            id="ends before it starts",
        ),
        pytest.param(
            {"closures": [{"name": " ", "starts_on": "2026-03-02", "ends_on": "2026-03-02"}]},
            "closures.0.name",
            id="no name",
        ),
        pytest.param({"closures": [SETTINGS["closures"][0]] * 201}, "closures", id="too many"),
    ],
)
def test_a_broken_calendar_is_refused_and_changes_nothing(org: Organization, sent: dict[str, Any], path: str) -> None:
    before = org.api.data("GET", "")
    refused = org.api.put("", {"name": "Fernwood", **sent})

    assert refused.status_code == 422 and path in refused.json()["errors"], refused.text
    assert org.api.data("GET", "")["closures"] == before["closures"] == []


@on_one_database
def test_a_preview_of_no_moment_is_refused(org: Organization) -> None:
    template = org.template(steps=["a"])
    assert org.api.get(f"/checklists/{template['id']}/deadline-preview?at=soon").status_code == 422
