"""Comments on processes and their issues: status, lock, resolving. Spec: api-tasks 14; behaviour-work 7.2."""

from typing import Any

import pytest

from tests.api.problems import complete, listed, report, resolve, run
from tests.api.thread_places import Places
from tests.builders import Organization


def test_an_issue_of_a_process_locks_it_until_the_last_one_is_resolved(org: Organization, places: Places) -> None:
    """Spec: behaviour-work I6, I7, P6, P7, P16."""
    process = places.process()
    [task] = process.tasks
    first, second = report(org, process), report(org, process)

    assert (run(org, process)["status"], run(org, process)["has_open_issue"]) == ("issue", True)
    assert {status: listed(org, status) for status in ("problem", "issue", "active")} == {
        "problem": 1, "issue": 1, "active": 1
    }  # fmt: skip
    assert org.api.put(f"/runs/{process.id}", {"name": "x"}).status_code == 423
    assert org.api.put(f"/runs/{process.id}/tasks/{task.id}", {"title": "x"}).status_code == 423
    assert complete(org, task).status_code == 423
    assert resolve(org, process, first).status_code == 200
    assert org.api.put(f"/runs/{process.id}", {"name": "x"}).status_code == 423
    assert resolve(org, process, second).json()["data"]["label"] == "resolve"
    assert (run(org, process)["status"], run(org, process)["has_open_issue"]) == ("active", False)
    assert org.api.put(f"/runs/{process.id}/tasks/{task.id}", {"title": "x"}).status_code == 200
    assert complete(org, task).status_code == 200
    assert places.differences() == []


def test_a_problem_of_a_task_is_no_issue_of_the_process(org: Organization, places: Places) -> None:
    """Spec: behaviour-work P6, P7."""
    process = places.process()
    problem = report(org, process.tasks[0])

    assert (listed(org, "problem"), listed(org, "issue")) == (1, 0)
    assert run(org, process)["has_open_issue"] is False
    assert resolve(org, process, problem).status_code == 422
    assert org.api.put(f"/runs/{process.id}", {"name": "x"}).status_code == 200


def test_comments_problems_and_resolutions_go_on_while_locked(org: Organization, places: Places) -> None:
    process = places.process({}, {"completed": True})
    open_, completed = process.tasks
    earlier = report(org, open_)
    made = org.api.data("POST", f"/tasks/{open_.id}/comment", {"content": "x"})["id"]
    issue = report(org, process)
    comments = f"/tasks/{open_.id}/comment"

    assert org.api.post(comments, {"content": "x"}).status_code == 201
    assert org.api.put(f"{comments}/{made}", {"content": "y", "label": "improvement"}).status_code == 200
    assert org.api.put(f"{comments}/{made}/reactions/x").status_code == 200
    assert org.api.delete(f"{comments}/{made}").status_code == 204
    assert org.api.post(f"/runs/{process.id}/comment", {"content": "x"}).status_code == 201
    assert report(org, completed)
    assert places.now(process).task(completed.id).status == "in-progress"
    assert resolve(org, open_, earlier).status_code == 200
    assert run(org, process)["status"] == "issue"
    assert resolve(org, process, issue).status_code == 200
    assert run(org, process)["status"] == "problem"


@pytest.mark.parametrize("label", ["comment", "problem", "resolve", "improvement"])
def test_a_comment_on_a_process_leaves_its_status(org: Organization, places: Places, label: str) -> None:
    process = places.process()

    made = org.api.data("POST", f"/runs/{process.id}/comment", {"content": "x", "label": label})

    assert (made["label"], made["task_id"], made["state"]) == (label, None, "hide-for-guests")
    assert (run(org, process)["status"], listed(org, "improvement")) == ("active", 0)
    assert resolve(org, process, made["id"]).status_code == 422
    assert places.differences() == []


def test_a_process_is_read_with_its_threads(org: Organization, places: Places) -> None:
    process = places.process()
    org.api.data("POST", f"/tasks/{process.tasks[0].id}/comment", {"content": "on the task"})
    org.api.data("POST", f"/runs/{process.id}/comment", {"content": f"ask @[{org.admin.id}]"})
    issue = report(org, process)
    resolution = resolve(org, process, issue).json()["data"]

    shown = org.api.data("GET", f"/runs/{process.id}?with=threads")["threads"]["data"]

    assert [each["content"] for each in shown] == ["ask <strong>Mira Okoye</strong>", "The key is missing", "Found it"]
    assert shown[1]["resolve_id"] == resolution["id"]
    assert shown[2] == resolution


@pytest.mark.parametrize(
    ("role", "reader", "status"),
    [
        pytest.param("admin", False, 201, id="3.2 administrator"),
        pytest.param("standard", True, 201, id="3.2 standard who sees it"),
        pytest.param("light", True, 201, id="3.2 light who sees it"),
        pytest.param("standard", False, 404, id="3.2 standard who does not"),
        pytest.param("light", False, 404, id="3.2 light who does not"),
    ],
)
def test_whoever_sees_a_process_comments_reports_and_resolves(
    org: Organization, places: Places, role: Any, reader: bool, status: int
) -> None:
    person = org.person(role)
    process = places.process(users=[person.id] if reader else [])
    issue = report(org, process)

    answers = [
        person.api.post(f"/runs/{process.id}/comment", {"content": "x"}),
        person.api.post(f"/runs/{process.id}/problem", {"content": "x"}),
        person.api.post(f"/runs/{process.id}/resolved-threads", {"thread_id": issue, "content": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [status, status, 404 if status == 404 else 200]
    assert places.now(process).open_issues == 1


def test_an_archived_process_takes_no_comments(org: Organization, places: Places) -> None:
    process = places.process()
    org.api.delete(f"/runs/{process.id}")

    for route in ("comment", "problem"):
        assert org.api.post(f"/runs/{process.id}/{route}", {"content": "x"}).status_code == 422
    assert resolve(org, process, "0" * 32).json()["code"] == "PROCESS_ARCHIVED"


def test_another_organizations_process_is_not_found(org: Organization, other_org: Organization) -> None:
    theirs = Places(other_org).process()
    issue = report(other_org, theirs)

    for route in ("comment", "problem"):
        assert org.api.post(f"/runs/{theirs.id}/{route}", {"content": "x"}).status_code == 404
        assert org.api.post(f"/runs/nonsense/{route}", {"content": "x"}).status_code == 404
    assert resolve(org, theirs, issue).status_code == 404
    assert resolve(org, Places(org).process(), issue).status_code == 422
    assert Places(other_org).now(theirs).open_issues == 1
