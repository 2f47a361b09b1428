"""Tasks through the official Python client: of processes, one-off, of a member, of a guest; comments and issues."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tallyfy import TaskOwners

from tests.builders import Organization
from tests.live import Live

from .official import (
    Office,
    Official,
    Sdk,
    assert_all_filled,
    assert_filled,
    assert_refused,
    every_page,
    ids,
    unwrapped,
)

DEADLINE = "2031-02-06 16:00:00"
ON_THE_WIRE = "2031-02-06T16:00:00.000Z"


class World:
    """One process of which every filter of its task list chooses some, made once and only read."""

    def __init__(self, live: Live) -> None:
        self.base = live.base
        self.organization = org = Organization(live.server)
        self.ivo = org.person("light")
        self.crew = org.group(members=[self.ivo])
        nobody = {"assign_run_starter": False}
        steps = ["done", "broken", "ivo", "crew", "guest", "late", "soon", "spring", {"title": "nobody", **nobody}]
        template = org.template("Filters", steps=steps)
        step = {each["title"]: each["id"] for each in template["steps"]}
        soon = live.server.clock() // 1000 + 3600
        tasks: dict[str, Any] = {
            "ivo": {"owners": {"users": [self.ivo.id]}},
            "crew": {"owners": {"groups": [self.crew["id"]]}},
            "guest": {"owners": {"guests": ["ana@partner.example"]}},
            "late": {"deadline": "2020-02-06 16:00:00"},
            "soon": {"deadline": to_text(soon)},
            "spring": {"deadline": "2031-03-21 10:00:00"},
        }
        launched = org.process(template, name="Filters", tasks={step[name]: value for name, value in tasks.items()})
        self.run: str = launched["id"]
        self.task = {task["title"]: task["id"] for task in org.api.data("GET", f"/runs/{self.run}/tasks")}
        org.api.data("POST", f"/runs/{self.run}/completed-tasks", {"task_id": self.task["done"]}, status=200)
        org.api.data("POST", f"/tasks/{self.task['broken']}/problem", {"content": "No"})

    def key(self, name: str) -> str:
        return {"ivo": str(self.ivo.id), "crew": self.crew["id"]}.get(name, name)


def to_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture(scope="module")
def world(live: Live) -> World:
    return World(live)


@pytest.fixture(params=[pytest.param("", id="bare"), pytest.param("/api", id="api")])
def reader(request: pytest.FixtureRequest, world: World) -> Iterator[Sdk]:
    sdk = Official(world.organization.token(world.organization.admin.id), world.base + request.param)
    yield sdk
    sdk.session.close()


ALL = ["done", "broken", "ivo", "crew", "guest", "late", "soon", "spring", "nobody"]
OPEN = ALL[1:]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({}, ALL, id="nothing"),
        pytest.param({"status": "complete"}, ["done"], id="complete"),
        pytest.param({"status": "completed"}, ["done"], id="completed"),
        pytest.param({"status": "hasproblem"}, ["broken"], id="with a problem"),
        pytest.param({"status": "overdue"}, ["late"], id="overdue"),
        pytest.param({"status": "due_soon"}, ["soon"], id="due soon"),
        pytest.param({"status": "active"}, OPEN, id="active"),
        pytest.param({"status": "active_visible"}, OPEN, id="active and visible"),
        pytest.param({"status": "incomplete"}, OPEN, id="incomplete"),
        pytest.param({"status": "inprogress"}, [], id="in progress"),
        pytest.param({"status": "not-started"}, OPEN, id="not started"),
        pytest.param({"sort": "-position"}, ALL[::-1], id="last position first"),
        pytest.param({"owners": "ivo"}, ["ivo", "crew"], id="members, through groups too"),
        pytest.param({"groups": "crew"}, ["crew"], id="groups"),
        pytest.param({"guests": "ana@partner.example"}, ["guest"], id="guests"),
        pytest.param({"unassigned": True}, ["nobody"], id="unassigned"),
        pytest.param(
            {"deadline_start_range": "2031-03-01", "deadline_end_range": "2031-03-21"}, ["spring"], id="deadline range"
        ),
        pytest.param({"deadline_end_range": "2020-12-31"}, ["late"], id="deadline up to a day"),
    ],
)
@pytest.mark.parametrize("without_pagination", ["true", "false"])
def test_tasks_of_a_process_are_listed_by_every_filter(
    world: World, reader: Sdk, without_pagination: str, filters: dict[str, Any], expected: list[str]
) -> None:
    given = {key: world.key(value) if isinstance(value, str) else value for key, value in filters.items()}

    listed = reader.get_tasks_for_process(
        world.organization.id, world.run, without_pagination=without_pagination, per_page=100, **given
    )

    assert [task.title for task in listed.data] == expected
    assert listed.count == len(expected)
    for task, sent in zip(listed.data, reader.answer["data"], strict=True):
        assert_filled(task, sent)


def test_tasks_of_a_process_are_listed_page_by_page(world: World, reader: Sdk) -> None:
    org, run = world.organization.id, world.run

    rows = every_page(lambda page: reader.tasks.get_tasks_for_process(org, run, per_page=4, page=page))

    assert [task.title for task in rows] == ALL


def test_the_page_that_holds_a_task_can_be_asked_for(world: World, reader: Sdk) -> None:
    org, run = world.organization.id, world.run

    listed = reader.tasks.get_tasks_for_process(org, run, per_page=4, current_task=world.task["soon"])

    assert [task.title for task in listed.data] == ALL[4:8]
    assert listed.meta.current_page == 2
    replaced = reader.tasks.get_tasks_for_process(org, run, per_page=4, current_task=world.task["soon"], replace_page=3)
    assert [task.title for task in replaced.data] == ALL[8:]


def test_a_task_is_read_with_what_belongs_to_it(world: World, reader: Sdk) -> None:
    task = reader.get_task(
        world.organization.id, world.run, world.task["broken"], with_="run,step,form_fields,threads,summary"
    )

    assert_filled(task, reader.answer["data"])
    assert (task.title, task.original_title, task.status, task.status_label) == (
        "broken",
        "broken",
        "not-started",
        "not-started",
    )
    assert (task.run_id, task.run.id, task.run_status, task.step.id) == (
        world.run,
        world.run,
        "problem",
        task.step_id,
    )
    assert (task.problem, task.is_completable, task.position, task.is_oneoff_task) == (True, False, 2, False)
    assert (task.owners.users, task.owners.guests, task.owners.groups) == ([world.organization.admin.id], [], [])
    assert task.owners.task_urls == []
    assert [each["content"] for each in unwrapped(task.extra["threads"])] == ["No"]


def test_a_task_is_changed_answered_completed_and_reopened(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    mira = organization.person("standard")
    template = organization.template(
        steps=[{"title": "Check", "captures": [{"label": "IBAN", "required": True}]}, "Pay"]
    )
    iban = template["steps"][0]["captures"][0]["id"]
    run = sdk.launch_process(org, template["id"], "Brightwater")
    check, pay = sdk.get_tasks_for_process(org, run.id).data

    assert_refused(422, lambda: sdk.complete_task(org, run.id, check.id))
    changed = sdk.update_task(
        org,
        run.id,
        check.id,
        taskdata={iban: "NO93 8601"},
        owners={"users": [mira.id], "guests": [], "groups": []},
        title="Check the bank",
        summary="<p>Call them</p>",
        deadline=DEADLINE,
        started_at="2031-02-01 09:00:00",
        max_assignable=3,
        webhook="https://hooks.example.com/check",
        prevent_guest_comment=True,
        top_secret=True,
        position=2,
        status="completed",
    )
    assert_filled(changed, sdk.answer["data"])
    assert (changed.title, changed.summary, changed.deadline) == ("Check the bank", "<p>Call them</p>", ON_THE_WIRE)
    assert (changed.taskdata, changed.owners.users) == ({iban: "NO93 8601"}, [mira.id])
    assert (changed.max_assignable, changed.webhook) == (3, "https://hooks.example.com/check")
    assert (changed.prevent_guest_comment, changed.top_secret, changed.position) == (True, True, 2)
    assert changed.started_at == "2031-02-01T09:00:00.000Z"
    assert (changed.status, changed.completed_at) == ("in-progress", None)

    done = sdk.complete_task(org, run.id, check.id, override_user=mira.id)
    assert_filled(done, sdk.answer["data"])
    assert (done.status, done.completer_id, done.is_approved) == ("completed", mira.id, None)
    assert done.completed_at is not None and sdk.answer["data"]["tasks_changed_by_rules"] == {}
    assert sdk.get_process(org, run.id).progress.complete == 1
    assert_refused(422, lambda: sdk.complete_task(org, run.id, check.id))

    sdk.complete_task(org, run.id, pay.id)
    assert sdk.get_process(org, run.id).status == "complete"
    reopened = sdk.reopen_task(org, run.id, check.id)
    assert_filled(reopened, sdk.answer["data"])
    assert (reopened.status, reopened.completer_id, reopened.completed_at) == ("in-progress", None, None)
    assert sdk.get_process(org, run.id).status == "active"


@pytest.mark.parametrize(("decision", "label"), [(True, "approved"), (False, "rejected")])
def test_an_approval_is_decided(office: Office, decision: bool, label: str) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template(steps=[{"title": "Approve", "step_type": "approval"}])
    run = sdk.launch_process(org, template["id"], "Brightwater")
    [task] = sdk.get_tasks_for_process(org, run.id).data

    assert_refused(422, lambda: sdk.complete_task(org, run.id, task.id), saying="invalid")
    done = sdk.complete_task(org, run.id, task.id, is_approved=decision)

    assert (done.status, done.status_label, done.is_approved) == ("completed", label, decision)


def test_my_tasks_are_of_every_status_unless_asked_otherwise(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template(steps=["One", "Two", "Three"])
    run = sdk.launch_process(org, template["id"], "Brightwater")
    sdk.complete_task(org, run.id, sdk.get_tasks_for_process(org, run.id).data[0].id)

    assert sorted(task.title for task in sdk.get_my_tasks(org).data) == ["One", "Three", "Two"]
    assert_all_filled(sdk.get_my_tasks(org).data, sdk.answer["data"])
    assert [task.title for task in sdk.get_my_tasks(org, status="completed").data] == ["One"]
    assert sorted(task.title for task in sdk.get_my_tasks(org, status="active").data) == ["Three", "Two"]
    rows = every_page(lambda page: sdk.get_my_tasks(org, page=page, per_page=1))
    assert sorted(task.title for task in rows) == ["One", "Three", "Two"]


def test_tasks_of_a_colleague_come_with_process_and_step(office: Office) -> None:
    sdk, org = office.sdk, office.id
    ivo = office.organization.person("light")
    template = office.organization.template(steps=[{"title": "One", "assignees": [ivo.id]}])
    run = sdk.launch_process(org, template["id"], "Brightwater")
    sdk.create_task(org, "Call back", DEADLINE, user_ids=[ivo.id])

    tasks = sdk.get_user_tasks(org, ivo.id).data

    assert_all_filled(tasks, sdk.answer["data"])
    assert {task.title for task in tasks} == {"Call back", "One"}
    of_process = next(task for task in tasks if task.title == "One")
    assert (of_process.run.name, of_process.step.title) == ("Brightwater", "One")
    assert of_process.run.id == run.id
    assert of_process.extra["threads_count"] == 0
    assert next(task for task in tasks if task.title == "Call back").run is None


def test_tasks_of_a_guest_are_found_by_address_and_by_code(office: Office) -> None:
    sdk, org = office.sdk, office.id
    guest = sdk.create_guest(org, "ana@partner.example", "Ana", "Silva")
    sdk.create_task(org, "Send papers", DEADLINE, guest_emails=[guest.email])

    for key in (guest.email, guest.link.rpartition("/")[2], str(guest.extra["id"])):
        tasks = sdk.get_guest_tasks(org, key).data

        assert [task.title for task in tasks] == ["Send papers"]
        assert_all_filled(tasks, sdk.answer["data"])
        assert tasks[0].owners.guests == ["ana@partner.example"]
    assert sdk.get_guest_tasks(org, guest.email, status="completed").data == []


@pytest.mark.parametrize("kind", ["task", "approval", "expiring", "email", "expiring_email"])
def test_a_one_off_task_is_created_as_it_was_described(office: Office, kind: str) -> None:
    sdk, org = office.sdk, office.id
    group = office.organization.group(members=[office.organization.admin])

    made = sdk.create_task(
        org,
        "Call the vendor",
        DEADLINE,
        owners=TaskOwners.from_dict(
            {"users": [office.admin], "guests": ["ana@partner.example"], "groups": [group["id"]]}
        ),
        description="<p>About the invoice</p>",
        task_type=kind,
        max_assignable=4,
        prevent_guest_comment=True,
    )

    assert_filled(made, sdk.answer["data"])
    assert (made.title, made.summary, made.task_type, made.deadline) == (
        "Call the vendor",
        "<p>About the invoice</p>",
        kind,
        ON_THE_WIRE,
    )
    assert (made.run_id, made.checklist_id, made.step_id, made.is_oneoff_task) == (None, None, None, True)
    assert (made.owners.users, made.owners.guests, made.owners.groups) == (
        [office.admin],
        ["ana@partner.example"],
        [group["id"]],
    )
    assert (made.max_assignable, made.prevent_guest_comment, made.is_soft_start_date) == (4, True, True)
    assert (made.status, made.starter_id) == ("not-started", office.admin)
    assert sdk.get_standalone_task(org, made.id) == made


def test_a_one_off_task_is_changed_completed_reopened_and_archived(office: Office) -> None:
    sdk, org = office.sdk, office.id
    task = sdk.create_task(org, "Call the vendor", DEADLINE, user_ids=[office.admin])
    owners = {"users": [office.admin], "guests": [], "groups": []}

    assert_refused(422, lambda: sdk.update_standalone_task(org, task.id, title="Alone"))
    changed = sdk.update_standalone_task(
        org, task.id, title="Write to them", summary="Twice", deadline="2031-02-07 16:00:00", owners=owners
    )
    assert_filled(changed, sdk.answer["data"])
    assert (changed.title, changed.summary, changed.deadline) == ("Write to them", "Twice", "2031-02-07T16:00:00.000Z")

    done = sdk.complete_standalone_task(org, task.id)
    assert_filled(done, sdk.answer["data"])
    assert (done.status, done.completer_id) == ("completed", office.admin)
    assert_refused(422, lambda: sdk.complete_standalone_task(org, task.id))
    assert_refused(422, lambda: sdk.update_standalone_task(org, task.id, title="x", deadline=DEADLINE, owners=owners))
    reopened = sdk.reopen_standalone_task(org, task.id)
    assert (reopened.status, reopened.completed_at) == ("in-progress", None)

    assert sdk.delete_standalone_task(org, task.id) is True
    assert sdk.get_standalone_task(org, task.id).archived_at is not None
    assert sdk.get_my_tasks(org).data == []


def test_refusals_about_tasks_carry_their_status(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    template = organization.template(steps=["One"])
    run = sdk.launch_process(org, template["id"], "Brightwater")
    [task] = sdk.get_tasks_for_process(org, run.id).data
    ivo = organization.person("light")

    assert_refused(404, lambda: sdk.get_task(org, run.id, "f" * 32))
    assert_refused(404, lambda: sdk.get_user_tasks(org, 999999))
    assert_refused(404, lambda: sdk.complete_standalone_task(org, task.id))
    assert_refused(422, lambda: sdk.delete_standalone_task(org, task.id), saying="Cannot delete linked tasks")
    assert_refused(422, lambda: sdk.create_task(org, "x", "soon", user_ids=[office.admin]))
    assert_refused(422, lambda: sdk.reopen_task(org, run.id, task.id))
    sdk.update_task(org, run.id, task.id, owners={"users": [ivo.id]})
    with office.client(organization.token(ivo.id)) as theirs:
        assert_refused(403, lambda: theirs.update_task(org, run.id, task.id, title="Not mine to name"))
        assert theirs.complete_task(org, run.id, task.id).completer_id == ivo.id


def test_comments_are_written_read_changed_and_deleted(office: Office) -> None:
    sdk, org = office.sdk, office.id
    mira = office.organization.person("standard", first_name="Mira", last_name="Okoye")
    template = office.organization.template(steps=["One"])
    run = sdk.launch_process(org, template["id"], "Brightwater")
    [task] = sdk.get_tasks_for_process(org, run.id).data

    first = sdk.add_task_comment(org, task.id, f"Look @[{mira.id}]")
    assert_filled(first, sdk.answer["data"])
    assert (first.content, first.author_id, first.author_type) == (
        "Look <strong>Mira Okoye</strong>",
        office.admin,
        "user",
    )
    assert (first.label, first.state, first.task_id, first.resolve_id) == ("comment", "hide-for-guests", task.id, None)
    assert first.archived_at is None
    second = sdk.add_task_comment(org, task.id, "Shorter", state="open", label="improvement")

    changed = sdk.update_task_comment(org, task.id, first.id, "Read", state="collapsed", label="advice")
    assert_filled(changed, sdk.answer["data"])
    assert (changed.id, changed.content, changed.state, changed.label) == (first.id, "Read", "collapsed", "advice")
    assert sdk.get_task_comments(org, run.id, task.id) == [changed, second]

    assert sdk.delete_task_comment(org, task.id, first.id) is True
    assert sdk.get_task_comments(org, run.id, task.id) == [second]


def test_an_issue_stops_a_task_until_it_is_resolved(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = office.organization.template(steps=["One", "Two"])
    run = sdk.launch_process(org, template["id"], "Brightwater")
    task = sdk.get_tasks_for_process(org, run.id).data[0]

    issue = sdk.report_task_issue(org, task.id, "Wrong account")
    assert_filled(issue, sdk.answer["data"])
    assert (issue.label, issue.content, issue.resolve_id) == ("problem", "Wrong account", None)
    assert sdk.get_process(org, run.id).status == "problem"
    assert_refused(422, lambda: sdk.complete_task(org, run.id, task.id))

    # The shortcut on the client itself forgets the thread, which the server needs.
    assert sdk.threads.resolve_task_issues(org, task.id, issue.id, content="Called them") is True

    read, explanation = sdk.get_task_comments(org, run.id, task.id)
    assert (read.id, read.resolve_id) == (issue.id, explanation.id)
    assert (explanation.label, explanation.content) == ("resolve", "Called them")
    assert sdk.get_process(org, run.id).status == "active"
    assert sdk.complete_task(org, run.id, task.id).status == "completed"
    assert_refused(422, lambda: sdk.threads.resolve_task_issues(org, task.id, issue.id))


def test_comments_on_one_off_tasks_have_a_route_of_their_own(office: Office) -> None:
    sdk, org = office.sdk, office.id
    task = sdk.create_task(org, "Call the vendor", DEADLINE, user_ids=[office.admin])
    assert sdk.get_standalone_task_comments(org, task.id) == []

    written = sdk.add_task_comment(org, task.id, "No answer")

    assert sdk.get_standalone_task_comments(org, task.id) == [written]
    assert_refused(404, lambda: sdk.delete_task_comment(org, task.id, "f" * 32))
    assert_refused(422, lambda: sdk.add_task_comment(org, task.id, "x", label="nonsense"))
    assert ids(sdk.get_my_tasks(org).data) == [task.id]
