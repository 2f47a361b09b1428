"""Launching: what a process gets from its template, and from what the launch says. Spec: api-processes 7."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.field_answers import GOOD_ANSWERS, TYPES
from tests.builders import Organization, text_field
from tests.harness import Server

THREE = ["First", "Second", "Third"]
SPRING = 1_773_565_200_000  # 2026-03-15T09:00:00Z


def launch(org: Organization, template: dict[str, Any], **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The process and its tasks by title, in their order."""
    run = org.api.data("POST", "/runs", {"checklist_id": template["id"], **body})
    tasks = org.api.data("GET", f"/runs/{run['id']}/tasks?per_page=100")
    return run, {each["title"]: each for each in tasks}


def steps_of(template: dict[str, Any]) -> list[str]:
    return [each["id"] for each in template["steps"]]


def test_pr1_a_template_is_all_that_is_needed(org: Organization) -> None:
    """Spec: behaviour-work L1."""
    template = org.template("Vendor intake", steps=THREE)
    org.server.clock.freeze(SPRING)

    run, tasks = launch(org, template)

    assert (run["name"], run["status"], run["type"]) == ("Vendor intake - 2026-03-15", "active", "procedure")
    assert (run["started_by"], run["owner_id"], run["parent_id"]) == (org.admin.id, org.admin.id, None)
    assert run["created_at"] == run["started_at"] == "2026-03-15T09:00:00.000Z"
    assert [run[name] for name in ("summary", "prerun", "prerun_status", "users", "groups")] == ["", {}, None, [], []]
    assert list(tasks) == THREE
    assert [each["owners"]["users"] for each in tasks.values()] == [[org.admin.id]] * 3


def test_a_launch_counts_from_its_own_time_whatever_the_clock_said_before(org: Organization) -> None:
    """L-5.3: the clock was ahead once; lists in order of creation stay in order."""
    template = org.template(
        "Intake",
        steps=[{"title": "Call", "deadline": {"value": 1, "unit": "days", "option": "from", "step": "start_run"}}],
    )
    org.server.clock.freeze(SPRING + 400 * 24 * 3_600_000)
    org.admin.api.token = org.token(org.admin.id)
    early = org.process(template)
    org.server.clock.freeze(SPRING)
    org.admin.api.token = org.token(org.admin.id)

    run, tasks = launch(org, template)

    assert (run["name"], run["started_at"]) == ("Intake - 2026-03-15", "2026-03-15T09:00:00.000Z")
    assert tasks["Call"]["deadline"][:10] == "2026-03-16"
    assert run["created_at"] >= early["created_at"]
    listed = org.api.data("GET", "/runs?sort=-created_at")
    assert [each["id"] for each in listed] == [run["id"], early["id"]]


def test_what_the_launch_says_about_the_process(org: Organization) -> None:
    """L-6.1, L-6.2. Spec: behaviour-work G5."""
    template = org.template(steps=["Call"])
    parent = org.process(template)["id"]
    owner, starter, guest = org.person(), org.person("light"), org.guest()["email"]
    group, tag, folder = org.group()["id"], org.tag()["id"], org.folder(kind="run")["id"]

    run, tasks = launch(
        org, template, name="Brightwater", summary="<b>New</b>", owner_id=str(owner.id), user_id=starter.id,
        parent_id=parent.upper(), users=[owner.id, owner.id], groups=[group.upper()], tags=[tag], folders=[folder],
        is_public=True, publicly_hidden_fields=["comments"], starred=True, guests=[guest], metadata={"a": 1},
    )  # fmt: skip

    assert (run["name"], run["summary"], run["parent_id"]) == ("Brightwater", "<b>New</b>", parent)
    assert (run["owner_id"], run["started_by"]) == (owner.id, starter.id)
    assert (run["users"], run["groups"]) == ([owner.id], [group])
    assert (run["is_public"], run["publicly_hidden_fields"]) == (True, ["comments"])
    assert tasks["Call"]["owners"] == {**tasks["Call"]["owners"], "users": [starter.id], "guests": [], "groups": []}
    with_links = org.api.data("GET", f"/runs/{run['id']}?with=tags,folders")
    assert [each["tag_id"] for each in with_links["tags"]["data"]] == [tag]
    assert [each["id"] for each in with_links["folders"]["data"]] == [folder]
    assert org.api.data("GET", f"/runs/{parent}")["progress"]["total"] == 1


def test_a_star_given_at_launch_is_the_launchers(org: Organization) -> None:
    starter = org.person()

    run, _ = launch(org, org.template(), starred=True, user_id=starter.id)

    assert run["owner_id"] == starter.id, "L-6.2: the launcher's, where nobody else is named"
    assert starter.api.data("GET", f"/runs/{run['id']}")["starred"] is True
    assert org.api.data("GET", f"/runs/{run['id']}")["starred"] is False


def test_people_of_the_template_are_the_processs_unless_others_are_named(org: Organization) -> None:
    """L-6.3"""
    member, group = org.person(), org.group()["id"]
    template = org.template(users=[member.id], groups=[group])

    assert [launch(org, template)[0][name] for name in ("users", "groups")] == [[member.id], [group]]
    assert [launch(org, template, users=[], groups=[])[0][name] for name in ("users", "groups")] == [[], []]


def test_what_no_launch_knows_is_ignored_and_told(org: Organization) -> None:
    """PR6: a process has no guests. Spec: L-8.2c."""
    template = org.template()
    body = {"checklist_id": template["id"], "guests": ["a@partner.test"], "trackers": [], "colour": "red"}

    answer = org.api.post("/runs", body)

    assert answer.status_code == 201
    assert set(answer.headers["x-ignored-params"].split(", ")) == {"body:guests", "body:trackers", "body:colour"}
    assert org.api.data("GET", "/guests") == []


# The kick-off form. Spec: api-processes 7.2.


@pytest.mark.parametrize(("field_type", "sent", "stored"), GOOD_ANSWERS)
def test_pr5_good_answers_read_back(org: Organization, field_type: str, sent: Any, stored: Any) -> None:
    template = org.template(kickoff=[text_field(label="It", field_type=field_type, **TYPES[field_type])])
    key = template["prerun"][0]["id"]

    for prerun in ({key: sent}, [{key: sent}]):
        run, _ = launch(org, template, prerun=prerun)

        assert (run["prerun"], run["prerun_status"], run["prerun_length"]) == ({key: stored}, "complete", 1)
        assert run["prerun_completed_by"] == org.admin.id
        assert org.api.data("GET", f"/runs/{run['id']}")["prerun"] == {key: stored}


def test_pr3_answers_to_no_field_are_dropped_and_told(org: Organization) -> None:
    """L-4.1: only ids of fields count, no aliases and labels."""
    template = org.template(kickoff=[{"label": "Reason"}, {"label": "Budget"}])
    reason, budget = template["prerun"]
    step = org.template(steps=["Call"])["steps"][0]["id"]
    prerun = {reason["alias"]: "a", "Budget": "b", step: "c", budget["id"]: "12"}

    answer = org.api.post("/runs", {"checklist_id": template["id"], "prerun": prerun})

    assert answer.status_code == 201
    assert answer.json()["data"]["prerun"] == {budget["id"]: "12"}
    assert set(answer.headers["x-ignored-params"].split(", ")) == {
        f"body:prerun.{key}" for key in (reason["alias"], "Budget", step)
    }


def test_l_4_8_defaults_answer_what_is_not_sent(org: Organization) -> None:
    """Even required fields; an answer that is sent empty stays empty."""
    org.server.clock.freeze(SPRING)
    defaults: dict[str, tuple[Any, Any]] = {
        "text": ("Standard", "Standard"),
        "textarea": ("<p>As usual</p>", "<p>As usual</p>"),
        "email": ("ana@partner.test", "ana@partner.test"),
        "date": ("2031-05-06", "2031-05-06T00:00:00.000Z"),
        "radio": ("Red", "Red"),
    }
    kickoff = [
        text_field(
            label=each, field_type=each, default_value_enabled=True, default_value=default, required=each != "text",
            **TYPES[each],
        )
        for each, (default, _) in defaults.items()
    ]  # fmt: skip
    template = org.template(kickoff=kickoff)
    ids = {each["field_type"]: each["id"] for each in template["prerun"]}

    filled, _ = launch(org, template)
    partly, _ = launch(org, template, prerun={ids["text"]: "", ids["radio"]: "Blue"})

    expected = {ids[each]: stored for each, (_, stored) in defaults.items()}
    assert filled["prerun"] == expected
    assert partly["prerun"] == {**{key: expected[key] for key in expected if key != ids["text"]}, ids["radio"]: "Blue"}


def test_l_4_11_a_form_handed_on_is_not_demanded_and_begins_with_its_defaults(org: Organization) -> None:
    """T-11.25"""
    default = {"default_value_enabled": True, "default_value": "Standard"}
    template = org.template(kickoff=[{"label": "Reason", "required": True}, {"label": "Kind", **default}])

    run, _ = launch(org, template, assign_someone_else=True, users=[org.person().id])

    assert (run["assign_someone_else"], run["prerun"], run["prerun_status"]) == (
        True,
        {template["prerun"][1]["id"]: "Standard"},
        "incomplete",
    )
    assert (run["prerun_completed_at"], run["prerun_completed_by"]) == (None, None)


# What the launch says about single tasks. Spec: api-processes 7.3.


def test_pr2_overrides_are_of_their_task_alone(org: Organization) -> None:
    template = org.template(steps=THREE)
    first, second, _ = steps_of(template)
    override = {
        "title": "Prepare", "summary": "<b>All</b> of it<script>x</script>", "deadline": "2031-02-06 16:00:00",
        "started_at": "2031-02-03T08:00:00Z", "max_assignable": 2,
    }  # fmt: skip

    _, tasks = launch(org, template, tasks={first: override, second.upper(): {"taskdata": {"deadline": "2031-02-07"}}})

    assert list(tasks) == ["Prepare", "Second", "Third"]
    task = tasks["Prepare"]
    assert (task["deadline"], task["started_at"]) == ("2031-02-06T16:00:00.000Z", "2031-02-03T08:00:00.000Z")
    assert (task["max_assignable"], task["step_id"]) == (2, first)
    assert org.api.data("GET", f"/tasks/{task['id']}?with=summary")["summary"] == "<b>All</b> of it"
    assert tasks["Second"]["deadline"].startswith("2031-02-0")
    assert tasks["Third"]["max_assignable"] == 0


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({0: 3}, ["Second", "Third", "First"], id="to the end"),
        pytest.param({2: 1}, ["Third", "First", "Second"], id="to the front"),
        pytest.param({0: 2, 2: 1}, ["Third", "First", "Second"], id="two"),
        pytest.param({0: 9999}, ["Second", "Third", "First"], id="beyond the end"),
        pytest.param({1: "1"}, ["Second", "First", "Third"], id="a number as a text"),
    ],
)
def test_a_position_is_where_the_task_stands(org: Organization, asked: dict[int, Any], expected: list[str]) -> None:
    template = org.template(steps=THREE)
    steps = steps_of(template)

    _, tasks = launch(org, template, tasks={steps[place]: {"position": position} for place, position in asked.items()})

    assert list(tasks) == expected
    assert [each["position"] for each in tasks.values()] == [1, 2, 3]


def test_overrides_may_be_keyed_by_alias_or_listed(org: Organization) -> None:
    template = org.template(steps=THREE)
    alias, third = template["steps"][0]["alias"], template["steps"][2]["id"]

    _, tasks = launch(org, template, tasks=[{alias: {"title": "Prepare"}}, {third: None}])

    assert list(tasks) == ["Prepare", "Second", "Third"]


def named(org: Organization) -> dict[str, Any]:
    """People as the rows of the table below call them."""
    return {
        "Lena": org.admin.id,
        "Tim": org.person().id,
        "Uma": org.person().id,
        "g": "g@partner.test",
        "Q": org.group()["id"],
    }


def assignees(people: dict[str, Any], text: str) -> dict[str, list[Any]]:
    """ "Tim Q" as an assignee object."""
    names = text.split()
    return {
        "users": [people[name] for name in names if name in ("Lena", "Tim", "Uma")],
        "guests": [people[name] for name in names if name == "g"],
        "groups": [people[name] for name in names if name == "Q"],
    }


@pytest.mark.parametrize(
    ("of_step", "asked", "starter", "expected"),
    [
        pytest.param("", None, True, "Lena", id="L-7.5 T-8.5 nobody, the launcher on"),
        pytest.param("", None, False, "", id="nobody, the launcher off"),
        pytest.param("Tim", None, True, "Tim", id="a member"),
        pytest.param("Q", None, True, "Q", id="T-8.5 a group"),
        pytest.param("g", None, True, "g Lena", id="a guest"),
        pytest.param("g", None, False, "g Lena", id="L-8.6 a guest, the launcher off"),
        pytest.param("Tim", "Uma", True, "Uma", id="who is asked for replaces"),
        pytest.param("Tim Q", "Uma", True, "Uma", id="everybody"),
        pytest.param("Tim", "", True, "Tim", id="an empty object falls back"),
        pytest.param("", "", True, "Lena", id="an empty object falls back to the launcher"),
        pytest.param("", "g", False, "g Lena", id="a guest who is asked for"),
        pytest.param("Tim Q", None, True, "Tim Q", id="a member and a group"),
        pytest.param("Tim g Q", None, True, "Tim g Q", id="T-8.1 all three"),
    ],
)
def test_l_8_who_gets_the_task(
    org: Organization, of_step: str, asked: str | None, starter: bool, expected: str
) -> None:
    """Spec: behaviour-work N7."""
    people = named(org)
    step = assignees(people, of_step)
    template = org.template(
        steps=[{"title": "Call", "assignees": step["users"], "guests": step["guests"], "groups": step["groups"],
                "assign_run_starter": starter}]
    )  # fmt: skip
    tasks = {} if asked is None else {steps_of(template)[0]: {"owners": assignees(people, asked)}}

    _, made = launch(org, template, tasks=tasks)

    owners = {name: made["Call"]["owners"][name] for name in ("users", "guests", "groups")}
    assert owners == assignees(people, expected)


def test_l_8_2b_a_server_may_launch_only_the_steps_that_are_named(new_server: Callable[..., Server]) -> None:
    """Spec: DEC-30. An empty map, or none, still names none."""
    org = Organization(new_server(launch_tasks_map_selects_steps=True))
    template = org.template(steps=THREE)
    _, second, third = steps_of(template)

    chosen, tasks = launch(org, template, tasks={third: {}, second: {"title": "Only"}})

    assert list(tasks) == ["Only", "Third"]
    assert chosen["progress"]["total"] == 2
    for nothing in ({}, {"tasks": {}}, {"tasks": []}):
        assert list(launch(org, template, **nothing)[1]) == THREE
