"""What forms begin with, beside tests/scenarios/automations/more-defaults.toml. Spec: behaviour-templates 11.4."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.task_runs import NOW, Run
from tests.builders import Organization, text_field
from tests.worker.test_timers import World


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.differences() == []


def with_default(label: str, default: Any, **more: Any) -> dict[str, Any]:
    return text_field(label=label, default_value_enabled=True, default_value=default, **more)


def answers(run: Run, title: str) -> dict[str, Any]:
    """By label, without those that have none."""
    task = run.tasks("&with=form_fields")[title]
    return {
        each["label"]: each["field_value"] for each in task["form_fields"]["data"] if each["field_value"] is not None
    }


def test_a_move_to_a_newer_version_opens_what_is_new(world: World) -> None:
    """T-11.25: new tasks, and new fields of tasks that are not completed; what was open already stays as it is."""
    org = world.org
    captures = [with_default("Crew", "two"), text_field(label="Sail")]
    template = org.template("Boat", steps=[{"title": "Rig", "captures": captures}, {"title": "Load", "captures": []}])
    path, rig, load = f"/checklists/{template['id']}", *template["steps"]
    run = Run(org, template)
    run.change("Rig", taskdata={run.field(): None}).raise_for_status()
    run.complete("Load").raise_for_status()
    for step, field in (
        (rig, with_default("Flag", "{{TEMPLATE_NAME}} of {{sail-1}}")),
        (load, with_default("Box", "1")),
    ):
        org.api.data("POST", f"{path}/steps/{step['id']}/captures", field)
    sail = {**text_field(label="Sail"), "default_value_enabled": True, "default_value": "jib"}
    org.api.data("PUT", f"{path}/steps/{rig['id']}/captures/{rig['captures'][1]['id']}", sail)
    go = org.api.data("POST", f"{path}/steps", {"title": "Go"})
    org.api.data("POST", f"{path}/steps/{go['id']}/captures", with_default("Course", "{{flag-1}}!"))
    before = {title: run.tasks()[title]["taskdata"] for title in ("Rig", "Load")}

    world.at(NOW + 60_000)
    move = org.api.data("POST", f"{path}/version-moves", {"runs": [run.id]})
    world.fire()

    assert (answers(run, "Rig"), answers(run, "Load")) == ({"Flag": "Boat of "}, {})
    assert answers(run, "Go") == {"Course": "Boat of !"}
    assert run.tasks()["Rig"]["status"] == "in-progress" and run.tasks()["Go"]["status"] == "not-started"
    org.api.data("POST", f"/version-moves/{move['id']}/undo", {})
    world.fire()
    assert {title: run.tasks()[title]["taskdata"] for title in ("Rig", "Load")} == before


def test_a_one_off_task_begins_when_it_is_made_and_its_clone_begins_anew(org: Organization) -> None:
    """T-11.25"""
    template = org.template("Port", kickoff=[text_field(label="Ship")])
    run = Run(org, template, prerun={template["prerun"][0]["id"]: "Ida"})
    fields = [with_default("Berth", "4"), with_default("Note", "{{ship-1}} at {{berth-1}}")]
    made = org.one_off(title="Moor", run_id=run.id, form_fields=fields)
    alone = org.one_off(form_fields=fields)
    assert list(alone["taskdata"].values()) == ["4", "{{ship-1}} at 4"]

    assert answers(run, "Moor") == {"Berth": "4", "Note": "Ida at 4"}
    cleared = dict.fromkeys(made["taskdata"])
    run.change("Moor", taskdata=cleared).raise_for_status()
    [*kept] = org.api.data("GET", f"/tasks/{made['id']}?with=form_fields")["form_fields"]["data"]
    more = {"form_fields": [*kept, with_default("Rope", "long")]}
    run.change("Moor", **more).raise_for_status()
    assert answers(run, "Moor") == {"Rope": "long"}
    org.api.data("POST", f"/tasks/{made['id']}/clone", {"title": "Again"})
    assert answers(run, "Again") == {"Berth": "4", "Note": "Ida at 4", "Rope": "long"}


def test_duplicates_keep_defaults_and_name_their_own_fields(org: Organization) -> None:
    """T-11.23"""
    captures = [with_default("Tea", "green"), with_default("Cup", "of {{tea-1}}")]
    template = org.template("Bar", steps=[{"title": "Pour", "captures": captures}])
    path, pour = f"/checklists/{template['id']}", template["steps"][0]

    copy = org.api.data("POST", f"{path}/clone", {"title": "Cafe"})
    assert answers(Run(org, copy), "Pour") == {"Tea": "green", "Cup": "of green"}
    other = org.api.data("POST", f"{path}/steps/{pour['id']}/clone", {"title": "Refill"})
    assert other["captures"][1]["default_value"] == f"of {{{{{other['captures'][0]['alias']}}}}}"
    org.api.data(
        "PUT", f"{path}/steps/{other['id']}/captures/{other['captures'][0]['id']}", with_default("Tea", "black")
    )
    assert answers(Run(org, template), "Refill") == {"Tea": "black", "Cup": "of black"}


def test_a_form_that_is_handed_over_begins_at_the_launch(org: Organization) -> None:
    """T-11.21, T-11.22: another moment is taken over as it is; people stand by their names."""
    org.api.data("PUT", "", {"name": "Kontor", "timezone": "Europe/Berlin"})
    mara = org.person(first_name="Mara", last_name="Holm")
    kickoff = [
        {"label": "From", "field_type": "date", "collect_time": True},
        with_default("Until", "{{from-1}}", field_type="date", collect_time=True),
        with_default("On", "{{from-1}}", field_type="date"),
        {"label": "Who", "field_type": "assignees_form"},
        with_default("Port", "Kiel", required=True),
    ]
    steps = [{"title": "Call", "captures": [with_default("Ask", "for {{who-1}}")]}]
    template = org.template(kickoff=kickoff, steps=steps)
    start, until, on, who, port = (field["id"] for field in template["prerun"])
    sent = {start: "2026-03-01T23:30:00Z", who: {"users": [mara.id]}}

    run = Run(org, template, assign_someone_else=True, prerun=sent)

    now = run.now()["prerun"]
    assert (now[until], now[on], now[port]) == ("2026-03-01T23:30:00.000Z", "2026-03-02T00:00:00.000Z", "Kiel")
    assert answers(run, "Call") == {"Ask": "for Mara Holm"}
    org.api.data("POST", f"/runs/{run.id}/complete-prerun", {})


@pytest.mark.parametrize("sent", [{}, [], None, {"0" * 32: "nobody's"}])
def test_t_11_25_answering_nothing_opens_no_hidden_form(org: Organization, sent: Any) -> None:
    """It begins with what is so when it is shown."""
    steps = [{"title": "Load", "hide_by_default": True, "captures": [with_default("For", "{{ship-1}}")]}, "Sail"]
    template = org.template(kickoff=[{"label": "Ship"}], steps=steps)
    ship = template["prerun"][0]["id"]
    run = Run(org, template, prerun={ship: "Ida"})

    run.change("Load", title="Load it", taskdata=sent).raise_for_status()

    assert run.tasks()["Load it"]["taskdata"] == {}
    org.api.data("PUT", f"/runs/{run.id}", {"prerun": {ship: "Una"}})
    org.api.put(run.path("Load it") + "/show").raise_for_status()
    assert answers(run, "Load it") == {"For": "Una"}
