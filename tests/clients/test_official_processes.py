"""Processes through the official Python client: launch, the list with every filter, change, archive."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import Organization, Person
from tests.live import Live

from .official import Office, Official, Sdk, assert_all_filled, assert_filled, assert_refused, every_page, ids

COLLECTED = "2031-02-06 16:00:00"
DATE_IN_THE_PAST = "2020-02-06 16:00:00"


def test_a_launch_with_a_name_makes_every_task(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template("Vendor intake", steps=["One", "Two"])

    run = sdk.launch_process(org, template["id"], "Brightwater")

    assert_filled(run, sdk.answer["data"])
    assert (run.name, run.summary, run.status, run.checklist_title) == ("Brightwater", "", "active", "Vendor intake")
    assert (run.checklist_id, run.started_by, run.owner_id) == (template["id"], office.admin, office.admin)
    assert (run.progress.complete, run.progress.total, run.progress.percent) == (0, 2, 0)
    assert (run.prerun, run.prerun_length, run.prerun_completed_at) == ({}, 0, None)
    assert (run.starred, run.late_tasks, run.due_soon, run.due_date_passed) == (False, 0, False, False)
    assert run.collaborators == [office.admin]
    tasks = sdk.get_tasks_for_process(org, run.id)
    assert [(task.title, task.position, task.owners.users) for task in tasks.data] == [
        ("One", 1, [office.admin]),
        ("Two", 2, [office.admin]),
    ]


def test_a_launch_carries_everything_it_was_given(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    mira, ivo = organization.person("standard"), organization.person("light")
    crew, watchers = organization.group(members=[ivo]), organization.group(members=[mira])
    tag, folder = organization.tag("EMEA", "#3366ff"), organization.folder(kind="run")
    pilot = organization.api.data("POST", "/roles", {"name": "Pilot"})
    template = organization.template(
        kickoff=[
            {"label": "Vendor", "required": True},
            {"label": "Kind", "field_type": "dropdown", "options": [{"id": 1, "text": "Goods"}]},
        ],
        steps=["Collect", {"title": "Check", "roles": [pilot["id"]]}],
    )
    vendor, kind = (field["id"] for field in template["prerun"])
    collect = template["steps"][0]["id"]
    parent = organization.process(template, prerun={vendor: "Parent"})

    run = sdk.launch_process(
        org,
        template["id"],
        "Brightwater",
        summary="<p>From the north</p>",
        owner_id=mira.id,
        is_public=True,
        publicly_hidden_fields=["comments"],
        prerun={vendor: "Brightwater Ltd", kind: {"id": 1, "text": "Goods"}},
        tasks={collect: {"owners": {"users": [ivo.id], "groups": [crew["id"]]}, "deadline": COLLECTED}},
        roles={pilot["id"]: {"users": [mira.id], "guests": [], "groups": []}},
        tags=[tag["id"]],
        users=[ivo.id],
        groups=[watchers["id"]],
        folders=[folder["id"]],
        parent_id=parent["id"],
    )

    assert_filled(run, sdk.answer["data"])
    assert (run.summary, run.owner_id, run.started_by) == ("<p>From the north</p>", mira.id, office.admin)
    assert run.prerun[vendor] == "Brightwater Ltd" and run.prerun[kind]["text"] == "Goods"
    assert (run.prerun_length, run.prerun_completed_by) == (2, office.admin)
    assert run.prerun_completed_at == run.created_at
    rest = {"is_public", "publicly_hidden_fields", "users", "groups", "parent_id", "prerun_status", "type"}
    assert {key: run.extra[key] for key in rest} == {
        "is_public": True,
        "publicly_hidden_fields": ["comments"],
        "users": [ivo.id],
        "groups": [watchers["id"]],
        "parent_id": parent["id"],
        "prerun_status": "complete",
        "type": "procedure",
    }
    read = sdk.get_process(org, run.id, with_="tags,folders")
    assert [(each["tag_id"], each["title"]) for each in read.tags["data"]] == [(tag["id"], "EMEA")]
    assert [each["id"] for each in read.extra["folders"]["data"]] == [folder["id"]]
    first, second = sdk.get_tasks_for_process(org, run.id).data
    assert (first.owners.users, first.owners.groups, first.deadline) == (
        [ivo.id],
        [crew["id"]],
        "2031-02-06T16:00:00.000Z",
    )
    assert (second.owners.users, second.owners.groups) == ([mira.id], [])


def test_a_form_handed_to_others_waits_for_its_answers(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template(kickoff=[{"label": "Vendor", "required": True}], steps=["One"])
    run = sdk.launch_process(org, template["id"], "Later", assign_someone_else=True)
    assert (run.assign_someone_else, run.prerun_completed_at, run.extra["prerun_status"]) == (True, None, "incomplete")
    assert_refused(422, lambda: sdk.complete_kickoff_form(org, run.id))

    organization = office.organization
    organization.api.put(f"/runs/{run.id}", {"prerun": {template["prerun"][0]["id"]: "Brightwater"}})
    assert sdk.complete_kickoff_form(org, run.id) is True
    done = sdk.get_process(org, run.id)
    assert (done.prerun_completed_by, done.extra["prerun_status"]) == (office.admin, "complete")

    assert sdk.reopen_kickoff_form(org, run.id) is True
    assert sdk.get_process(org, run.id).prerun_completed_at is None


def test_a_process_is_read_with_every_include(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template(
        kickoff=[{"label": "Vendor"}], steps=[{"title": "One", "captures": [{"label": "IBAN"}]}, "Two"]
    )
    run = sdk.launch_process(org, template["id"], "Brightwater", prerun={template["prerun"][0]["id"]: "B Ltd"})

    everything = (
        "checklist,tasks,tags,assets,next_task,permissions,tasks_meta,ko_form_fields,form_fields,stages,folders"
    )
    read = sdk.get_process(org, run.id, with_=everything)

    assert_filled(read, sdk.answer["data"])
    included = {name: read.extra[name]["data"] for name in everything.split(",") if name != "tags"}
    assert included["checklist"]["id"] == template["id"]
    assert [task["title"] for task in included["tasks"]] == ["One", "Two"]
    assert read.tags == {"data": []}
    assert included["assets"] == included["stages"] == included["folders"] == []
    assert [task["title"] for task in included["next_task"]] == ["One"]
    assert included["permissions"]["can_edit"] is True
    assert included["tasks_meta"]["not_started"] == 2
    assert [(field["label"], field["field_value"]) for field in included["ko_form_fields"]] == [("Vendor", "B Ltd")]
    assert [field["label"] for field in included["form_fields"]] == ["IBAN"]


def test_name_summary_and_star_are_changed(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template(steps=["One"])
    mira = office.organization.person("standard")
    run = sdk.launch_process(org, template["id"], "Before", users=[mira.id])

    changed = sdk.update_process(org, run.id, name="After", summary="Now", starred=True)

    assert_filled(changed, sdk.answer["data"])
    assert (changed.name, changed.summary, changed.starred) == ("After", "Now", True)
    assert changed.extra["users"] == [mira.id]
    assert sdk.update_process(org, run.id, starred=False).starred is False


def test_an_archived_process_leaves_the_list_and_comes_back(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template(steps=["One"])
    run = sdk.launch_process(org, template["id"], "Brightwater")

    assert sdk.archive_process(org, run.id) is True
    assert sdk.get_organization_runs(org).data == []
    [archived] = sdk.get_organization_runs(org, archived="only").data
    assert (archived.id, archived.status) == (run.id, "archived") and archived.archived_at is not None
    assert_refused(422, lambda: sdk.update_process(org, run.id, name="Not now"))

    active = sdk.reactivate_process(org, run.id)
    assert_filled(active, sdk.answer["data"])
    assert (active.status, active.archived_at) == ("active", None)
    assert ids(sdk.get_organization_runs(org).data) == [run.id]


def test_refusals_about_processes_carry_their_status(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    template = organization.template(kickoff=[{"label": "Vendor", "required": True}], steps=["One"])
    needed = template["prerun"][0]["id"]
    light = organization.person("light")

    with pytest.raises(Exception, match="422") as refusal:
        sdk.launch_process(org, template["id"], "No answers")
    assert refusal.value.response_data["errors"]["prerun"] == [{needed: ["Vendor is required"]}]  # pyright: ignore[reportAttributeAccessIssue]  # TallyfyError
    assert sdk.get_organization_runs(org).data == []
    assert_refused(422, lambda: sdk.launch_process(org, "f" * 32, "No template"))
    nobody = {"6e" * 16: {"users": [999999]}}
    assert_refused(422, lambda: sdk.launch_process(org, template["id"], "x", prerun={needed: "B"}, roles=nobody))
    assert_refused(404, lambda: sdk.get_process(org, "f" * 32))
    run = sdk.launch_process(org, template["id"], "Brightwater", prerun={needed: "B"})
    organization.api.data("POST", f"/runs/{run.id}/problem", {"content": "Wrong vendor"})
    assert_refused(423, lambda: sdk.update_process(org, run.id, name="Locked"))
    with office.client(organization.token(light.id)) as theirs:
        assert_refused(
            403, lambda: theirs.launch_process(org, template["id"], "x"), saying="cannot launch process from this"
        )
        assert_refused(404, lambda: theirs.get_process(org, run.id))


class World:
    """Processes of which every filter chooses some, made once and only read."""

    def __init__(self, live: Live) -> None:
        self.organization = org = Organization(live.server)
        self.base = live.base
        self.mira = org.person("standard")
        self.crew = org.group(members=[self.mira])
        self.folder, self.tag = org.folder(kind="run"), org.tag("EMEA")
        self.steps = org.template(
            "Steps", steps=[{"title": "One", "captures": [{"label": "IBAN"}]}, "Two"], kickoff=[{"label": "Vendor"}]
        )
        self.first_step: str = self.steps["steps"][0]["id"]
        self.form = org.template("Form", type="form", kickoff=[{"label": "Vendor"}])
        self._make()

    def _make(self) -> None:
        api = self.organization.api
        self.launch("plain")
        self.launch("owned", owner_id=self.mira.id)
        self.launch("assigned", owners={"users": [self.mira.id]})
        self.complete(self.launch("done by mira", owners={"users": [self.mira.id]}), tasks=1)
        self.launch("crew", owners={"groups": [self.crew["id"]]})
        filed = self.launch("filed", folders=[self.folder["id"]], tags=[self.tag["id"]])
        api.data("PUT", f"/runs/{filed}", {"starred": True})
        self.organization.process(self.form, name="form", prerun={self.form["prerun"][0]["id"]: "B"})
        api.data("POST", f"/tasks/{self.tasks(self.launch('problem'))[0]}/problem", {"content": "Broken"})
        api.data("POST", f"/runs/{self.launch('issue')}/problem", {"content": "All wrong"})
        comment = {"content": "Shorter", "label": "improvement"}
        api.data("POST", f"/tasks/{self.tasks(self.launch('improvable'))[0]}/comment", comment)
        self.launch("late", deadline=DATE_IN_THE_PAST)
        self.complete(self.launch("finished"), tasks=2)
        api.data("DELETE", f"/runs/{self.launch('gone')}")

    def launch(self, name: str, *, owners: Any = None, deadline: str = "", **body: Any) -> str:
        change = {**({"owners": owners} if owners else {}), **({"deadline": deadline} if deadline else {})}
        tasks = {"tasks": {self.first_step: change}} if change else {}
        return self.organization.process(self.steps, name=name, **tasks, **body)["id"]

    def tasks(self, run_id: str) -> list[str]:
        return [task["id"] for task in self.organization.api.data("GET", f"/runs/{run_id}/tasks")]

    def complete(self, run_id: str, *, tasks: int) -> None:
        for task in self.tasks(run_id)[:tasks]:
            done = {"task_id": task}
            self.organization.api.data("POST", f"/runs/{run_id}/completed-tasks", done, status=200)

    def key(self, name: str) -> str:
        return {
            "mira": str(self.mira.id),
            "mira and nobody": f"{self.mira.id},999999",
            "crew": self.crew["id"],
            "folder": self.folder["id"],
            "tag": self.tag["id"],
            "steps": self.steps["id"],
            "the form": self.form["id"],
        }.get(name, name)


@pytest.fixture(scope="module")
def world(live: Live) -> World:
    return World(live)


@pytest.fixture(params=[pytest.param("", id="bare"), pytest.param("/api", id="api")])
def reader(request: pytest.FixtureRequest, world: World) -> Iterator[Sdk]:
    sdk = Official(world.organization.token(world.organization.admin.id), world.base + request.param)
    yield sdk
    sdk.session.close()


# In the order they were launched, the archived one left out.
LIVE_ONES = "plain,owned,assigned,done by mira,crew,filed,form,problem,issue,improvable,late,finished"
OPEN_ONES = "plain,owned,assigned,done by mira,crew,filed,problem,issue,improvable,late"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({}, LIVE_ONES, id="nothing"),
        pytest.param({"owners": "mira"}, "owned,assigned,done by mira", id="owners"),
        pytest.param({"owners": "mira and nobody"}, "owned,assigned,done by mira", id="several owners"),
        pytest.param({"owners": "mira", "task_status": "in-progress"}, "owned,assigned", id="owners of open tasks"),
        pytest.param({"owners": "mira", "task_status": "completed"}, "owned,done by mira", id="owners of done tasks"),
        pytest.param({"owners": "mira", "task_status": "all"}, "owned,assigned,done by mira", id="owners of any task"),
        pytest.param({"groups": "crew"}, "crew", id="groups"),
        pytest.param({"status": "active"}, OPEN_ONES, id="active"),
        pytest.param({"status": "problem"}, "problem,issue", id="problem"),
        pytest.param({"status": "delayed"}, "late", id="delayed"),
        pytest.param({"status": "complete"}, "form,finished", id="complete"),
        pytest.param({"status": "improvement"}, "improvable", id="improvement"),
        pytest.param({"status": "issue"}, "issue", id="issue"),
        pytest.param({"status": "starred"}, "filed", id="starred as a status"),
        pytest.param({"status": "archived"}, "gone", id="archived as a status"),
        pytest.param({"status": "complete,delayed"}, "form,late,finished", id="several statuses"),
        pytest.param({"folder": "folder"}, "filed", id="folder"),
        pytest.param({"checklist_id": "the form"}, "form", id="template"),
        pytest.param({"checklist_id": "f" * 32}, "", id="unknown template"),
        pytest.param({"starred": True}, "filed", id="starred"),
        pytest.param({"starred": False}, LIVE_ONES.replace("filed,", ""), id="not starred"),
        pytest.param({"run_type": "form"}, "form", id="type"),
        pytest.param({"run_type": "document"}, "", id="no document"),
        pytest.param({"tag": "tag"}, "filed", id="tag"),
        pytest.param({"archived": "only"}, "gone", id="only archived"),
        pytest.param({"archived": "true"}, LIVE_ONES + ",gone", id="archived too"),
        pytest.param({"checklist_id": "steps", "status": "complete"}, "finished", id="two filters"),
    ],
)
def test_processes_are_listed_by_every_filter(
    world: World, reader: Sdk, filters: dict[str, Any], expected: str
) -> None:
    given = {key: world.key(value) if isinstance(value, str) else value for key, value in filters.items()}

    listed = reader.get_organization_runs(world.organization.id, sort="created_at", **given)

    names = [name for name in expected.split(",") if name]
    assert [run.name for run in listed.data] == names
    assert listed.count == listed.meta.total == len(names)
    for run, sent in zip(listed.data, reader.answer["data"], strict=True):
        assert_filled(run, sent)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        pytest.param("created_at", LIVE_ONES.split(","), id="oldest first"),
        pytest.param("-created_at", LIVE_ONES.split(",")[::-1], id="newest first"),
        pytest.param(None, LIVE_ONES.split(",")[::-1], id="default"),
        pytest.param("name", sorted(LIVE_ONES.split(",")), id="name"),
    ],
)
@pytest.mark.parametrize("per_page", [1, 5, 12, 100])
def test_pages_read_by_number_give_every_process_once(
    world: World, reader: Sdk, per_page: int, sort: str | None, expected: list[str]
) -> None:
    org = world.organization.id

    rows = every_page(lambda page: reader.get_organization_runs(org, per_page=per_page, page=page, sort=sort))

    assert [run.name for run in rows] == expected


def test_a_page_past_the_end_is_empty_and_still_says_the_total(world: World, reader: Sdk) -> None:
    listed = reader.get_organization_runs(world.organization.id, per_page=5, page=9)

    assert (listed.data, listed.meta.total, listed.meta.count, listed.meta.total_pages) == ([], 12, 0, 3)
    assert listed.meta.links.extra.keys() == {"previous"}


def test_list_rows_carry_what_was_asked_for(world: World, reader: Sdk) -> None:
    listed = reader.get_organization_runs(
        world.organization.id,
        with_data="checklist,tasks,assets,tags,form_fields",
        form_fields_values=True,
        folder=world.folder["id"],
    )

    [run] = listed.data
    assert [each["title"] for each in run.tags["data"]] == ["EMEA"]
    assert [task["title"] for task in run.extra["tasks"]["data"]] == ["One", "Two"]
    assert run.extra["checklist"]["data"]["title"] == "Steps"
    assert [(field["label"], field["field_value"]) for field in run.extra["form_fields"]["data"]] == [("IBAN", None)]
    assert run.extra["assets"] == {"data": []}


def test_a_member_lists_only_what_they_take_part_in(world: World) -> None:
    mira: Person = world.mira
    sdk: Sdk = Official(world.organization.token(mira.id), world.base)

    listed = sdk.tasks.get_organization_processes(world.organization.id, sort="created_at")
    sdk.session.close()

    assert [run.name for run in listed.data] == ["owned", "assigned", "done by mira", "crew"]
    assert listed.count == 4
    assert_all_filled(listed.data, sdk.answer["data"])
