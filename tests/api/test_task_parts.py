"""Parts of tasks that everybody must complete. Spec: api-tasks 11; behaviour-work 5.5."""

from tests.api.task_runs import Run, run_of
from tests.api.thread_places import at_once, how_often
from tests.builders import Organization


def bot_comments(org: Organization, run: Run, task: str) -> list[str]:
    threads = org.api.data("GET", run.path(task) + "?with=threads")["threads"]["data"]
    return [each["content"] for each in threads if each["author_type"] == "bot"]


def test_tk27_three_assignees_and_three_parts(org: Organization) -> None:
    """T-8.6. Spec: behaviour-work A4, G7."""
    otto, iris = org.person(first_name="Otto"), org.person("light", first_name="Iris")
    group = org.group(members=[iris], guests=[])
    run = run_of(org, {"title": "Call", "everyone_must_complete": True}, "Write")
    guest = "ana@partner.test"
    run.change("Call", owners={"users": [otto.id], "groups": [group["id"]], "guests": [guest]}).raise_for_status()

    one = run.complete("Call", by=otto).json()["data"]
    assert (one["status"], one["completion_progress"], one["completed_at"]) == ("in-progress", 33, None)
    assert otto.api.get(run.path("Call")).json()["data"]["is_completable"] is False
    assert run.complete("Call", by=otto).status_code == 422
    two = run.complete("Call", by=iris).json()["data"]
    assert (two["status"], two["completion_progress"]) == ("in-progress", 67)
    assert run.now()["progress"]["complete"] == 0
    three = org.guest_api(guest).post("/completed-tasks", {"task_id": one["id"]}).json()["data"]
    assert (three["status"], three["completion_progress"], three["completer_guest"]) == ("completed", 100, guest)
    assert bot_comments(org, run, "Call") == [
        "Otto Okoye completed their part: 1 of 3 completed.",
        "Iris Okoye completed their part: 2 of 3 completed.",
        f"{guest} completed their part: 3 of 3 completed.",
    ]
    assert how_often(org, "task.completed", one["id"]) == 1
    assert how_often(org, "task.part_completed", one["id"]) == 2


def test_dec_28_on_an_approval_the_first_rejection_ends_it(org: Organization) -> None:
    """T-8.6"""
    otto, iris, hugo = org.person(), org.person(), org.person()
    step = {"title": "Check", "step_type": "approval", "everyone_must_complete": True}
    run = run_of(org, step, "Write")
    run.assign("Check", otto, iris, hugo)

    assert run.complete("Check", by=otto, is_approved=True).json()["data"]["is_approved"] is None
    ended = run.complete("Check", by=iris, is_approved=False).json()["data"]

    assert (ended["status_label"], ended["is_approved"], ended["completer_id"]) == ("rejected", False, iris.id)


def test_a5_an_administrator_forces_the_whole_unless_assigned(org: Organization) -> None:
    """T-8.6"""
    otto, other = org.person(), org.person()
    run = run_of(org, {"title": "Call", "everyone_must_complete": True}, "Write", users=[other.id])
    run.assign("Call", org.admin, otto)

    assert run.complete("Call", by=other).status_code == 403
    assert run.complete("Call").json()["data"]["status"] == "in-progress"
    run.assign("Call", otto, other)
    assert run.complete("Call").json()["data"]["status"] == "completed"
    run.reopen("Call").raise_for_status()
    assert run.tasks()["Call"]["completion_progress"] == 0
    assert run.complete("Call", override_user=otto.id).json()["data"]["completion_progress"] == 50


def test_a6_taking_away_whoever_is_missing_completes_the_task(org: Organization) -> None:
    otto, iris = org.person(), org.person()
    run = run_of(org, {"title": "Call", "everyone_must_complete": True}, "Write")
    run.assign("Call", otto, iris)
    run.complete("Call", by=otto).raise_for_status()

    now = run.change("Call", owners={"users": [otto.id]}).json()["data"]

    assert (now["status"], now["completer_id"]) == ("completed", otto.id)
    assert how_often(org, "task.completed", now["id"]) == 1


def test_a7_adding_somebody_raises_the_total(org: Organization) -> None:
    otto, iris = org.person(), org.person()
    run = run_of(org, {"title": "Call", "everyone_must_complete": True}, "Write")
    run.assign("Call", otto, iris)
    run.complete("Call", by=otto).raise_for_status()

    assert run.change("Call", owners={"users": [otto.id, iris.id, org.admin.id]}).json()["data"][
        "completion_progress"
    ] == 33  # fmt: skip
    assert run.change("Call", everyone_must_complete=False).json()["data"]["completion_progress"] is None
    assert run.complete("Call", by=iris).json()["data"]["status"] == "completed"


def test_a7_whoever_is_taken_off_and_comes_back_has_done_their_part(org: Organization) -> None:
    otto, iris = org.person(), org.person()
    run = run_of(org, {"title": "Call", "everyone_must_complete": True}, "Write")
    run.assign("Call", otto, iris)
    run.complete("Call", by=otto).raise_for_status()
    run.assign("Call", iris)
    run.assign("Call", otto, iris)

    assert run.tasks()["Call"]["completion_progress"] == 50
    assert run.complete("Call", by=otto).status_code == 422
    assert run.complete("Call", by=iris).json()["data"]["status"] == "completed"


def test_eight_parts_at_once_are_all_counted(org: Organization) -> None:
    people = [org.person() for _ in range(8)]
    task = org.one_off(*people, everyone_must_complete=True)["id"]

    answers = at_once([lambda each=each: each.api.post("/completed-tasks", {"task_id": task}) for each in people])

    assert [each.status_code for each in answers] == [200] * 8
    assert org.api.data("GET", f"/tasks/{task}")["status"] == "completed"
    assert how_often(org, "task.completed", task) == 1
    assert how_often(org, "task.part_completed", task) == 7
