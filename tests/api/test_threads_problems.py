"""Problems of tasks: counts, status, resolving. Spec: api-tasks 14; behaviour-work 1, 7.2."""

from typing import Any

import pytest

from procession.domain.processes import Process, Task
from tests.api.problems import complete, listed, path_of, report, resolve, run
from tests.api.refusals import assert_refused, unchanged
from tests.api.thread_places import Places, at_once, owned_by
from tests.builders import Organization


def test_a_problem_shows_on_the_process_until_the_last_one_is_resolved(org: Organization, places: Places) -> None:
    """Spec: behaviour-work I4, P8."""
    process = places.process({}, {})
    first, second = process.tasks
    problems = [report(org, first), report(org, first), report(org, second)]

    statuses: list[tuple[str, int]] = []
    for task, problem in zip((first, first, second), problems, strict=True):
        statuses.append((run(org, process)["status"], places.now(process).open_problems))
        assert resolve(org, task, problem).status_code == 200

    assert statuses == [("problem", 3), ("problem", 2), ("problem", 1)]
    assert run(org, process)["status"] == "active"
    assert [(task.open_problems, task.status) for task in places.now(process).tasks] == [(0, "not-started")] * 2
    assert places.differences() == []


@pytest.mark.parametrize("alone", [False, True])
def test_a_problem_blocks_completion_until_it_is_resolved(org: Organization, places: Places, alone: bool) -> None:
    """TK15: and a comment labelled "resolve" does not."""
    task = places.task() if alone else places.process().tasks[0]
    problems = [report(org, task), report(org, task)]
    assert org.api.data("GET", f"/tasks/{task.id}")["problem"] is True

    for problem in problems:
        assert complete(org, task).status_code == 422
        org.api.data("POST", f"/tasks/{task.id}/comment", {"content": "x", "label": "resolve"})
        assert complete(org, task).status_code == 422
        resolve(org, task, problem)

    assert org.api.data("GET", f"/tasks/{task.id}")["problem"] is False
    assert complete(org, task).status_code == 200


def test_an_issue_on_a_completed_task_from_report_to_resolution(org: Organization, places: Places) -> None:
    """behaviour-work 17, check 4."""
    process = places.process({"completed": True})
    [task] = process.tasks
    problem = report(org, task)

    assert run(org, process)["status"] == "problem"
    assert complete(org, task).status_code == 422
    without_text = {"thread_id": problem}
    assert org.api.post(f"/tasks/{task.id}/resolved-threads", without_text).status_code == 422
    assert resolve(org, task, problem).status_code == 200
    assert run(org, process)["status"] == "active"
    assert complete(org, task).status_code == 200
    assert run(org, process)["status"] == "complete"


def test_a_problem_holds_the_deadlines_that_hang_on_the_task_again(org: Organization, places: Places) -> None:
    template = org.template(steps=["Call"])
    after = {"value": 2, "unit": "days", "option": "from", "step": template["steps"][0]["id"]}
    org.api.data("POST", f"/checklists/{template['id']}/steps", {"title": "Send", "deadline": after})
    process = places.now(org.api.data("POST", "/runs", {"checklist_id": template["id"]})["id"])
    first = process.tasks[0]

    def held() -> bool:
        return places.now(process).tasks[1].is_held

    assert held()
    complete(org, first)
    assert not held()
    report(org, first)
    assert held()


def test_a_resolution_is_a_comment_that_the_problem_points_to(org: Organization, places: Places) -> None:
    task = places.task()
    problem = report(org, task)

    resolution = resolve(org, task, problem.upper()).json()["data"]

    assert (resolution["label"], resolution["state"], resolution["content"]) == (
        "resolve",
        "hide-for-guests",
        "Found it",
    )
    stored = {each.thread.id: each.thread for each in places.threads(task)}
    assert stored[problem].resolve_id == resolution["id"]
    assert stored[problem].label == "problem"
    assert places.task_now(task).open_problems == 0


def test_a_label_reports_but_never_resolves(org: Organization, places: Places) -> None:
    process = places.process()
    [task] = process.tasks

    org.api.data("POST", f"/tasks/{task.id}/comment", {"content": "x", "label": "problem"})
    org.api.data("POST", f"/tasks/{task.id}/comment", {"content": "x", "label": "resolve"})

    assert run(org, process)["status"] == "problem"
    assert places.now(process).open_problems == 1


def test_a_guest_reports_a_problem_with_an_own_task(org: Organization, places: Places) -> None:
    """Spec: behaviour-work U5."""
    guest = places.guest()
    process = places.process({"owners": owned_by(org.admin, guest)})

    reported = guest.comment(process.tasks[0], {"content": "It is locked", "label": "problem"}).json()["data"]

    guest.comment(process.tasks[0], {"content": "It is fine", "label": "resolve"})
    explanation = {"thread_id": reported["id"], "content": "It is fine"}
    by_guest = guest.api.post(f"/guests/{guest.code}/tasks/{process.tasks[0].id}/resolved-threads", explanation)
    assert (by_guest.status_code, run(org, process)["status"]) == (404, "problem")
    assert resolve(org, process.tasks[0], reported["id"]).status_code == 200
    assert run(org, process)["status"] == "active"


@pytest.mark.parametrize("by_label", [False, True])
def test_a_problem_reopens_a_completed_task(org: Organization, places: Places, by_label: bool) -> None:
    """Spec: behaviour-work I2."""
    process = places.process({"step_type": "approval", "captures": [{"label": "Note"}]})
    [task] = process.tasks
    field = org.api.data("GET", f"/runs/{process.id}/form-fields")["form_fields"][0]["id"]
    org.api.data("PUT", f"/runs/{process.id}/tasks/{task.id}", {"taskdata": {field: "kept"}})
    org.api.data("POST", f"/runs/{process.id}/completed-tasks", {"task_id": task.id, "is_approved": False})
    alone = places.task(completed=True)
    assert run(org, process)["status"] == "complete"

    for each in (task, alone):
        if by_label:
            thread = org.api.data("POST", f"{path_of(each)}/comment", {"content": "x"})
            changed = {"label": "problem"}
            org.api.data("PUT", f"{path_of(each)}/comment/{thread['id']}", changed)
        else:
            report(org, each)

    for each in (task, alone):
        now = places.task_now(each)
        assert (now.status, now.completed_at, now.completer, now.is_approved) == ("in-progress", None, None, None)
    assert places.task_now(task).taskdata == {field: "kept"}
    shown = run(org, process)
    assert (shown["status"], shown["completed_at"], shown["progress"]["complete"]) == ("problem", None, 0)
    assert places.differences() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"content": "x"}, "thread_id", id="K5 no thread"),
        pytest.param({"thread_id": "0" * 32, "content": "x"}, "thread_id", id="K5 unknown thread"),
        pytest.param({"thread_id": "nonsense", "content": "x"}, "thread_id", id="K5 no id at all"),
        pytest.param({"thread_id": 12, "content": "x"}, "thread_id", id="not text"),
        pytest.param({"thread_id": "plain", "content": "x"}, "thread_id", id="K5 a plain comment"),
        pytest.param({"thread_id": "elsewhere", "content": "x"}, "thread_id", id="K5 of another task"),
        pytest.param({"thread_id": "issue", "content": "x"}, "thread_id", id="K5 of the process"),
        pytest.param({"thread_id": "resolved", "content": "x"}, "thread_id", id="K5 already resolved"),
        pytest.param({"thread_id": "open"}, "content", id="resolve without text"),
        pytest.param({"thread_id": "open", "content": "<p> </p>"}, "content", id="resolve with blank text"),
        pytest.param({"thread_id": "open", "content": "x", "state": "no"}, "state", id="unknown state"),
    ],
)
def test_a_bad_resolution_resolves_nothing(org: Organization, places: Places, body: dict[str, Any], field: str) -> None:
    process = places.process({}, {})
    task, other = process.tasks
    known = {
        "open": report(org, task),
        "resolved": report(org, task),
        "elsewhere": report(org, other),
        "issue": report(org, process),
        "plain": org.api.data("POST", f"/tasks/{task.id}/comment", {"content": "x"})["id"],
    }
    resolve(org, task, known["resolved"])
    before = places.now(process)
    if body.get("thread_id") in known:
        body = {**body, "thread_id": known[body["thread_id"]]}

    with unchanged(org):
        refused = org.api.post(f"/tasks/{task.id}/resolved-threads", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]
    assert places.now(process) == before
    assert (before.open_problems, before.open_issues) == (2, 1)


def test_both_faults_of_a_resolution_are_named_at_once(org: Organization, places: Places) -> None:
    task = places.task()

    refused = org.api.post(f"/tasks/{task.id}/resolved-threads", {"thread_id": "0" * 32, "content": " "})

    assert set(refused.json()["errors"]) == {"thread_id", "content"}


def test_relabelling_and_deleting_keep_the_counts_right(org: Organization, places: Places) -> None:
    """Spec: behaviour-work V3."""
    process = places.process()
    [task] = process.tasks
    comments = f"/tasks/{task.id}/comment"

    def labelled(label: str) -> str:
        return org.api.data("POST", comments, {"content": label, "label": label})["id"]

    def relabel(thread: str, label: str) -> tuple[int, int]:
        org.api.data("PUT", f"{comments}/{thread}", {"label": label})
        return counts()

    def delete(thread: str) -> tuple[int, int]:
        assert org.api.delete(f"{comments}/{thread}").status_code == 204
        return counts()

    def counts() -> tuple[int, int]:
        now = places.now(process)
        assert now.tasks[0].open_problems == now.open_problems
        assert now.tasks[0].improvements == now.improvements
        return now.open_problems, now.improvements

    problem, resolved, improvement = labelled("problem"), labelled("problem"), labelled("improvement")
    resolve(org, task, resolved)
    assert counts() == (1, 1)
    assert listed(org, "improvement") == 1
    assert relabel(problem, "improvement") == (0, 2)
    assert run(org, process)["status"] == "active"
    assert relabel(problem, "problem") == (1, 1)
    assert relabel(improvement, "problem") == (2, 0)
    assert listed(org, "improvement") == 0
    assert relabel(resolved, "advice") == (2, 0)
    assert relabel(resolved, "problem") == (2, 0)
    assert delete(resolved) == (2, 0)
    assert delete(problem) == (1, 0)
    assert delete(improvement) == (0, 0)
    assert run(org, process)["status"] == "active"
    assert places.differences() == []


def test_deleting_the_explanation_does_not_bring_the_problem_back(org: Organization, places: Places) -> None:
    task = places.task()
    problem = report(org, task)
    explanation = resolve(org, task, problem).json()["data"]["id"]

    assert org.api.delete(f"/tasks/{task.id}/comment/{explanation}").status_code == 204

    assert places.task_now(task).open_problems == 0
    assert resolve(org, task, problem).status_code == 422


@pytest.mark.parametrize("where", ["task of a process", "stand-alone task", "process"])
def test_reports_and_resolutions_at_the_same_time_count_exactly(org: Organization, places: Places, where: str) -> None:
    process = places.process()
    place: Task | Process = process if where == "process" else process.tasks[0]
    if where == "stand-alone task":
        place = places.task()

    def count() -> int:
        return places.task_now(place).open_problems if isinstance(place, Task) else places.now(place).open_issues

    problems = at_once([lambda: report(org, place)] * 8)
    assert count() == 8

    answers = at_once([lambda: resolve(org, place, problems[0]).status_code] * 8)
    assert sorted(answers) == [200] + [422] * 7
    assert count() == 7

    others = at_once([lambda each=each: resolve(org, place, each).status_code for each in problems[1:]])
    assert others == [200] * 7
    assert count() == 0
    assert places.differences() == []


def test_deleting_and_resolving_at_the_same_time_counts_once(org: Organization, places: Places) -> None:
    process = places.process()
    [task] = process.tasks
    for _ in range(4):
        kept, problem = report(org, task), report(org, task)

        answers = at_once(
            [
                lambda problem=problem: resolve(org, task, problem).status_code,
                lambda problem=problem: org.api.delete(f"/tasks/{task.id}/comment/{problem}").status_code,
            ]
        )

        assert answers in ([200, 204], [422, 204])
        assert places.now(process).open_problems == 1
        resolve(org, task, kept)
    assert places.differences() == []
