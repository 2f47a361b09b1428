"""What the clock makes of deadlines, right at the second of the request, without any job having run.

Spec: api-processes 2, 6.1, 20 (PR20); behaviour-work 2; behaviour-launching L-9.13, L-9.19.
"""

from typing import Any

import pytest

from tests.builders import Organization
from tests.harness import Api, Server
from tests.lists.making import DAY, HOUR, assign, complete, hide, ids, launch, launch_due, one, tasks_of

# The deadline: a whole second, as on the wire.
D = 1_900_000_000_000
HELD = {"value": 1, "unit": "hours", "option": "from"}


@pytest.fixture(autouse=True)
def _half_a_day_before(server: Server) -> None:
    """Everything is made half a day before the deadline: tokens hold until half a day after it."""
    server.clock.freeze(D - DAY // 2)


@pytest.fixture
def late_at(org: Organization, server: Server) -> Any:
    """(late tasks, due soon, due date passed, listed as delayed) of a process at an instant."""

    def look(run: dict[str, Any], at: int) -> tuple[int, bool, bool, bool]:
        server.clock.freeze(at)
        row = one(org.api, run)
        delayed = ids(org.api, "status=delayed")
        assert delayed in ([], [run["id"]])
        return row["late_tasks"], row["due_soon"], row["due_date_passed"], bool(delayed)

    return look


ON_TIME, DUE_SOON, OVERDUE = (0, False, False, False), (0, True, False, False), (1, False, True, True)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        pytest.param(-DAY - 1, ON_TIME, id="PR20 24 h and a millisecond before: on time"),
        pytest.param(-DAY, DUE_SOON, id="H2 24 h before: due soon"),
        pytest.param(-DAY + 1, DUE_SOON, id="within 24 h: due soon"),
        pytest.param(-1, DUE_SOON, id="a millisecond before: due soon"),
        pytest.param(0, DUE_SOON, id="H11 at the deadline: due soon, not overdue"),
        pytest.param(1, OVERDUE, id="H1 a millisecond after: overdue"),
        pytest.param(11 * HOUR, OVERDUE, id="hours after: overdue"),
    ],
)
def test_one_deadline(org: Organization, late_at: Any, offset: int, expected: tuple[int, bool, bool, bool]) -> None:
    """Spec: behaviour-work P13."""
    run = launch_due(org, org.template(steps=["One"]), D)

    assert late_at(run, D + offset) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(D, (0, True, False, False), id="both due soon"),
        pytest.param(D + 1, (1, False, False, True), id="H16 one overdue: not due soon, whatever the other"),
        pytest.param(D + HOUR, (1, False, False, True), id="H14 the latest one is the due date"),
        pytest.param(D + HOUR + 1, (2, False, True, True), id="both overdue"),
    ],
)
def test_two_deadlines(org: Organization, late_at: Any, at: int, expected: tuple[int, bool, bool, bool]) -> None:
    """Spec: behaviour-work H13."""
    run = launch_due(org, org.template(steps=["One", "Two"]), D, D + HOUR)

    assert late_at(run, at) == expected


def test_a_day_in_which_many_become_late_counts_them_one_by_one(org: Organization, server: Server) -> None:
    """`delayed` adds whole days to the range of today: exact in the middle of a day and across midnight."""
    template = org.template(steps=["One"])
    midnight = D - D % DAY
    deadlines = [midnight + hours * HOUR for hours in (-26, -25, -2, -1, 0, 1, 2, 3)]
    for at in deadlines:
        launch_due(org, template, at)

    for now in [midnight + offset for hours in (-3, -1, 0, 1, 3) for offset in (hours * HOUR, hours * HOUR + 1)]:
        server.clock.freeze(now)
        answer = org.api.get("/runs?status=delayed").json()
        expected = sum(at < now for at in deadlines)
        assert len(answer["data"]) == expected == answer["meta"]["pagination"]["total"], now - midnight


def test_hidden_tasks_never_count(org: Organization, late_at: Any) -> None:
    """H10."""
    run = launch_due(org, org.template(steps=["One", "Two"]), D, D + 2 * DAY)
    hide(org, run, tasks_of(org, run)[0])

    assert late_at(run, D + HOUR) == ON_TIME
    assert late_at(run, D + 1) == ON_TIME


def test_the_due_date_leaves_hidden_tasks_out_and_the_last_deadline_does_not(org: Organization) -> None:
    """Spec: behaviour-work D18."""
    run = launch_due(org, org.template(steps=["One", "Two"]), D, D + HOUR)
    hide(org, run, tasks_of(org, run)[1])

    row = one(org.api, run)

    assert row["due_date"] == "2030-03-17T17:46:40.000Z" and row["max_task_deadline"] == "2030-03-17T18:46:40.000Z"


def test_completed_tasks_are_not_late(org: Organization, late_at: Any) -> None:
    run = launch_due(org, org.template(steps=["One", "Two"]), D, D + HOUR)
    complete(org, run, tasks_of(org, run)[0])

    assert late_at(run, D + 1) == (0, True, False, False)


def test_a_complete_process_is_never_late_and_its_due_date_has_not_passed(org: Organization, late_at: Any) -> None:
    """H15."""
    run = launch_due(org, org.template(steps=["One"]), D)
    complete(org, run, tasks_of(org, run)[0])

    assert late_at(run, D + HOUR) == ON_TIME


def test_a_reopened_task_is_late_again(org: Organization, late_at: Any) -> None:
    run = launch_due(org, org.template(steps=["One"]), D)
    [task] = tasks_of(org, run)
    complete(org, run, task)
    assert org.api.delete(f"/runs/{run['id']}/completed-tasks/{task['id']}").status_code == 200

    assert late_at(run, D + 1) == OVERDUE


def test_held_tasks_never_count_until_they_are_released(org: Organization, server: Server, late_at: Any) -> None:
    """L-9.13, L-9.19: the provisional deadline is shown, and counts for nothing."""
    template = org.template(steps=["Quote", "Sign"])
    path = f"/checklists/{template['id']}/steps/{template['steps'][1]['id']}"
    anchor = template["steps"][0]["id"]
    assert org.api.put(path, {"title": "Sign", "deadline": {**HELD, "step": anchor}}).status_code == 200
    run = launch_due(org, template, D)
    quote, sign = tasks_of(org, run)
    assert sign["deadline"] == "2030-03-17T18:46:40.000Z"
    assert one(org.api, run)["due_date"] == quote["deadline"]

    assert late_at(run, D + 2 * HOUR) == OVERDUE
    complete(org, run, quote)
    released = one(org.api, run)

    assert tasks_of(org, run)[1]["deadline"] == "2030-03-17T20:46:40.000Z" == released["due_date"]
    assert late_at(run, D + 3 * HOUR) == DUE_SOON
    assert late_at(run, D + 3 * HOUR + 1) == OVERDUE


def test_an_archived_process_is_not_late(org: Organization, server: Server) -> None:
    run = launch_due(org, org.template(steps=["One"]), D)
    assert org.api.delete(f"/runs/{run['id']}").status_code == 200

    server.clock.freeze(D + HOUR)

    row = one(org.api, run, "archived=only")
    assert (row["late_tasks"], row["due_soon"]) == (0, False)
    assert ids(org.api, "status=delayed") == [] == ids(org.api, "status=delayed&archived=true")


def test_a_moved_deadline_counts_at_once(org: Organization, late_at: Any) -> None:
    """D19. Spec: behaviour-work D18."""
    run = launch_due(org, org.template(steps=["One"]), D)
    [task] = tasks_of(org, run)
    assert late_at(run, D + 1) == OVERDUE

    moved = org.api.put(f"/runs/{run['id']}/tasks/{task['id']}", {"deadline": "2030-03-17T20:00:00Z"})

    assert moved.status_code == 200
    assert late_at(run, D + 1) == DUE_SOON


def test_a_locked_process_is_late_all_the_same(org: Organization, late_at: Any) -> None:
    """`delayed` leaves out only what is complete or archived. Spec: P13."""
    run = launch_due(org, org.template(steps=["One"]), D)
    assert org.api.post(f"/runs/{run['id']}/problem", {"content": "stop"}).status_code == 201

    assert late_at(run, D + 1) == OVERDUE


def test_one_process_alone_says_the_same_as_its_row(org: Organization, server: Server) -> None:
    run = launch_due(org, org.template(steps=["One", "Two"]), D, D + HOUR)
    for at in (D - DAY - 1, D - DAY, D, D + 1, D + HOUR, D + HOUR + 1):
        server.clock.freeze(at)
        assert org.api.data("GET", f"/runs/{run['id']}") == one(org.api, run)


def test_tasks_meta_counts_each_overdue_and_each_due_soon(org: Organization, server: Server) -> None:
    run = launch_due(org, org.template(steps=["One", "Two", "Three"]), D, D + HOUR, D + 2 * DAY)
    for at, overdue, due_soon in ((D - DAY - 1, 0, 0), (D - DAY, 0, 1), (D, 0, 2), (D + 1, 1, 1), (D + HOUR + 1, 2, 0)):
        server.clock.freeze(at)
        meta = one(org.api, run, "with=tasks_meta")["tasks_meta"]["data"]
        assert (meta["overdue"], meta["due_soon"], meta["total"]) == (overdue, due_soon, 3), at - D


class TestSecretTasks:
    """Seen by their assignees and administrators only: for others they change neither progress nor lateness nor what
    comes next. Spec: api-processes 2, 4; behaviour-people 3.3.
    """

    @pytest.fixture
    def secret(self, org: Organization) -> dict[str, Any]:
        """A process with an open task, a secret one due before it, and a secret one that is done."""
        template = org.template(
            steps=["Open", {"title": "Secret", "top_secret": True}, {"title": "Secret, done", "top_secret": True}]
        )
        self.owner, self.assignee, self.light = org.person(), org.person(), org.person("light")
        self.group = org.group(members=[self.light])
        run = launch_due(org, template, D + HOUR, D, D, owner_id=self.owner.id)
        _, second, third = tasks_of(org, run)
        assign(org, run, second, self.assignee, groups=[self.group["id"]])
        assign(org, run, third, self.assignee)
        complete(org, run, third)
        return run

    def test_who_sees_what(self, org: Organization, server: Server, secret: dict[str, Any]) -> None:
        """Spec: behaviour-work G1, G6."""
        server.clock.freeze(D + 1)
        query = "with=next_task,tasks_meta"
        for api, total, done, late, next_title in (
            (org.api, 3, 1, 1, "Secret"),
            (self.assignee.api, 3, 1, 1, "Secret"),
            (self.light.api, 2, 0, 1, "Secret"),
            (self.owner.api, 1, 0, 0, "Open"),
        ):
            row = one(api, secret, query)
            percent = round(100 * done / total)
            assert row["progress"] == {"complete": done, "total": total, "percent": percent}
            assert row["whole_progress"] == {"complete": 1, "total": 3, "percent": 33}
            assert (row["late_tasks"], row["due_soon"]) == (late, not late)
            assert [task["title"] for task in row["next_task"]["data"]] == [next_title]
            assert row["tasks_meta"]["data"]["total"] == total and row["tasks_meta"]["data"]["overdue"] == late

    def test_p13_who_sees_nothing_late_does_not_find_it_as_late(
        self, org: Organization, server: Server, secret: dict[str, Any]
    ) -> None:
        """In any order and beside other words; found once what they see is late, too."""

        def found(api: Api, query: str) -> list[int]:
            answer = api.get(f"/runs?{query}").json()
            return [answer["meta"]["pagination"]["total"], len(answer["data"])]

        for at, late in ((D + 1, 0), (D + HOUR + 1, 1)):
            server.clock.freeze(at)
            for word in ("delayed", "delayed,problem", "delayed&sort=name", f"delayed&owners={self.owner.id}"):
                for api in (org.api, self.assignee.api, self.light.api):
                    assert found(api, f"status={word}") == [1, 1]
                assert found(self.owner.api, f"status={word}") == [late, late]
        complete(org, secret, tasks_of(org, secret)[0])
        assert found(self.owner.api, "status=delayed") == [0, 0]

    def test_it_is_the_same_row_alone_and_streamed(
        self, org: Organization, server: Server, secret: dict[str, Any]
    ) -> None:
        server.clock.freeze(D + 1)
        for api in (org.api, self.assignee.api, self.light.api, self.owner.api):
            row = one(api, secret)
            assert api.data("GET", f"/runs/{secret['id']}") == row
            assert api.get("/runs?without_pagination=1").json()["data"] == [row]

    def test_the_due_date_is_the_last_that_the_caller_sees(self, org: Organization) -> None:
        template = org.template(steps=["Open", {"title": "Secret", "top_secret": True}])
        owner = org.person()
        run = launch_due(org, template, D, D + HOUR, owner_id=owner.id)

        assert one(org.api, run)["due_date"] == "2030-03-17T18:46:40.000Z"
        assert one(owner.api, run)["due_date"] == "2030-03-17T17:46:40.000Z"


def test_nothing_ran_in_between(org: Organization, server: Server) -> None:
    """The rows themselves did not change: only the clock did."""
    run = launch_due(org, org.template(steps=["One"]), D)
    before = one(org.api, run)

    server.clock.freeze(D + 1)

    assert one(org.api, run) == {**before, "late_tasks": 1, "due_soon": False, "due_date_passed": True}
    assert launch(org, org.template())["increment_id"] == run["increment_id"] + 1
