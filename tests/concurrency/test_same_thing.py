"""Eight clients want the same at the same moment: it happens once, and the others are told."""

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from tests.api.task_runs import Run, run_of
from tests.api.thread_places import at_once
from tests.builders import Organization, text_field
from tests.concurrency.afterwards import Afterwards

EIGHT = range(8)
ROUNDS = 500 if os.environ.get("SOAK") == "1" else 50

Call = Callable[[], httpx.Response]


def outcome(*calls: Call) -> Counter[int]:
    """How often each status was answered to calls made at once."""
    return Counter(answer.status_code for answer in at_once(calls))


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("place", ["in a process", "alone"])
def test_a_task_is_completed_once(org: Organization, afterwards: Afterwards, place: str) -> None:
    """Spec: behaviour-work C4, api-tasks 12."""
    rounds = ROUNDS if place == "in a process" else ROUNDS // 10
    run = run_of(org, *(f"Step {number}" for number in range(rounds))) if place == "in a process" else None
    waiting = [task["id"] for task in run.tasks().values()] if run else [org.one_off()["id"] for _ in range(rounds)]
    path = f"/runs/{run.id}/completed-tasks" if run else "/completed-tasks"

    for task in waiting:
        ask = partial(org.api.post, path, {"task_id": task})
        assert outcome(*[ask] * 8) == {200: 1, 422: 7}

    assert afterwards.happened("task.completed") == waiting
    assert len(afterwards.happened("process.completed")) == (1 if run else 0)
    afterwards.assert_all_well()


# What is asked for, by its name: (method, path, body, what is answered how often, the event it leaves once).
Asked = tuple[str, str, Any, dict[int, int], str | None]


def template_alias(org: Organization) -> list[Asked]:
    """Each for a template of its own."""
    templates = [org.template() for _ in EIGHT]
    body = {"alias": "same-for-all"}
    return [
        ("PUT", f"/checklists/{each['id']}", {"title": each["title"], **body}, {200: 1, 422: 7}, None)
        for each in templates
    ]


def eight_times(*asked: Any) -> list[Asked]:
    method, path, body, answers, event = asked
    return [(method, path, body, answers, event)] * 8


def reopening(org: Organization) -> list[Asked]:
    run = run_of(org, "Call")
    run.complete("Call").raise_for_status()
    path = f"/runs/{run.id}/completed-tasks/{run.task_id('Call')}"
    return eight_times("DELETE", path, None, {200: 1, 422: 7}, "task.reopened")


def erasing(org: Organization) -> list[Asked]:
    run = run_of(org, "Call")
    org.api.delete(f"/runs/{run.id}").raise_for_status()
    return eight_times("DELETE", f"/runs/{run.id}/delete", None, {200: 1, 404: 7}, "process.deleted")


def resolving_an_issue(org: Organization) -> list[Asked]:
    run = run_of(org, "Call")
    issue = org.api.data("POST", f"/runs/{run.id}/problem", {"content": "stop"})
    body = {"thread_id": issue["id"], "content": "go"}
    return eight_times("POST", f"/runs/{run.id}/resolved-threads", body, {200: 1, 422: 7}, "thread.resolved")


def resolving_a_problem(org: Organization) -> list[Asked]:
    task = org.one_off()["id"]
    problem = org.api.data("POST", f"/tasks/{task}/problem", {"content": "late"})
    body = {"thread_id": problem["id"], "content": "done"}
    return eight_times("POST", f"/tasks/{task}/resolved-threads", body, {200: 1, 422: 7}, "thread.resolved")


def starring(org: Organization) -> list[Asked]:
    return eight_times("PUT", f"/runs/{run_of(org, 'Call').id}", {"starred": True}, {200: 8}, "process.starred")


def tagging(org: Organization) -> list[Asked]:
    body = {"tag_id": org.tag()["id"], "subject_id": run_of(org, "Call").id, "subject_type": "run"}
    return eight_times("POST", "/checklists/tags", body | {"tag_type": "public"}, {200: 7, 201: 1}, "process.linked")


def filing(org: Organization) -> list[Asked]:
    body = {"folder_id": org.folder(kind="run")["id"], "subject_id": run_of(org, "Call").id, "subject_type": "run"}
    return eight_times("POST", "/folders/add-object", body, {201: 8}, "process.linked")


def archiving(org: Organization) -> list[Asked]:
    return eight_times("DELETE", f"/runs/{run_of(org, 'Call').id}", None, {200: 8}, "process.archived")


def submitting(org: Organization) -> list[Asked]:
    template = org.template(steps=["Call"], kickoff=[{"label": "Reason"}])
    run = Run(org, template, assign_someone_else=True)
    return eight_times("POST", f"/runs/{run.id}/complete-prerun", None, {200: 8}, "process.kickoff_submitted")


def fanning_out(org: Organization) -> list[Asked]:
    """The first ones of an organization make the hidden template."""
    body = {"title": "Sign", "task_type": "task", "deadline": "2031-02-06", "separate_task_for_each_assignee": True}
    return eight_times("POST", "/tasks", {**body, "owners": {"users": [org.admin.id]}}, {201: 8}, None)


def inviting_a_guest(org: Organization) -> list[Asked]:
    """All at once the first to give work to somebody."""
    task = {"title": "Call", "task_type": "task", "deadline": "2031-02-06"}
    return eight_times(
        "POST", "/tasks", {**task, "owners": {"guests": ["new@partner.test"]}}, {201: 8}, "guest.created"
    )


TWICE_IS_TOO_MUCH: dict[str, Callable[[Organization], list[Asked]]] = {
    "a tag's title": lambda org: eight_times("POST", "/tags", {"title": "Same"}, {201: 1, 422: 7}, "tag.created"),
    "a group's name": lambda org: eight_times(
        "POST", "/groups", {"name": "Same", "description": "", "members": [], "guests": []}, {201: 1, 422: 7},
        "group.created",
    ),
    "a job title's name": lambda org: eight_times(
        "POST", "/roles", {"name": "Same"}, {201: 1, 422: 7}, "job_title.created"
    ),
    "a list's name": lambda org: eight_times(
        "POST", "/lists", {"name": "Same", "columns": ["x"]}, {201: 1, 422: 7}, "lookup_list.created"
    ),
    "a custom field": lambda org: eight_times(
        "POST", "/custom-field-keys", {"key": "same", "applies_to": "tag", "field_type": "text"}, {201: 1, 422: 7},
        "field_key.created",
    ),
    "a template's alias": template_alias,
    "a guest's address": lambda org: eight_times(
        "POST", "/guests", {"email": "new@partner.test"}, {200: 7, 201: 1}, "guest.created"
    ),
    "a guest's address on tasks": inviting_a_guest,
    "a member's address": lambda org: eight_times(
        "POST", "/users/invite",
        {"email": "ada@lind.test", "first_name": "Ada", "last_name": "Lind", "role": "light", "message": "Hi"},
        {200: 8}, "member.invited",
    ),
    "reopening a task": reopening,
    "erasing a process": erasing,
    "resolving an issue": resolving_an_issue,
    "resolving a problem": resolving_a_problem,
    "starring": starring,
    "tagging": tagging,
    "filing": filing,
    "archiving": archiving,
    "submitting the form": submitting,
    "the first fan-outs": fanning_out,
}  # fmt: skip


@pytest.mark.parametrize("what", TWICE_IS_TOO_MUCH)
def test_what_can_happen_once_happens_once(org: Organization, afterwards: Afterwards, what: str) -> None:
    asked = TWICE_IS_TOO_MUCH[what](org)
    (*_, expected, event) = asked[0]
    before = len(afterwards.happened(event)) if event else 0

    answers = outcome(*[lambda each=each: org.api.request(each[0], each[1], **_body(each[2])) for each in asked])

    assert answers == expected
    assert event is None or len(afterwards.happened(event)) == before + 1
    afterwards.assert_all_well()


def _body(body: Any) -> dict[str, Any]:
    return {} if body is None else {"json": body}


def test_what_is_changed_apart_is_all_kept(org: Organization, afterwards: Afterwards) -> None:
    """The last one wins for each field, not for the whole. Spec: api-conventions 16."""
    template = org.template(steps=["Call"], kickoff=[{"label": f"Question {number}"} for number in range(3)])
    run, tag, folder, member = org.process(template)["id"], org.tag()["id"], org.folder(kind="run")["id"], org.person()
    fields = [field["id"] for field in template["prerun"]]
    changes: list[dict[str, Any]] = [
        {"name": "Renamed"},
        {"summary": "Much to do"},
        {"tags": [tag]},
        {"folders": [folder]},
        {"users": [member.id]},
        *({"prerun": {field: f"answer {number}"}} for number, field in enumerate(fields)),
    ]

    assert outcome(*[lambda each=each: org.api.put(f"/runs/{run}", each) for each in changes]) == {200: 8}

    now = org.api.data("GET", f"/runs/{run}?with=tags,folders")
    assert (now["name"], now["summary"], now["users"]) == ("Renamed", "Much to do", [member.id])
    assert [each["tag_id"] for each in now["tags"]["data"]] == [tag]
    assert [each["id"] for each in now["folders"]["data"]] == [folder]
    assert now["prerun"] == {field: f"answer {number}" for number, field in enumerate(fields)}
    afterwards.assert_all_well()


def test_answers_to_different_fields_are_all_kept(org: Organization, afterwards: Afterwards) -> None:
    run = run_of(org, {"title": "Call", "captures": [{"label": f"Question {number}"} for number in EIGHT]})
    answers = {run.field(0, number): f"answer {number}" for number in EIGHT}

    assert outcome(*[lambda key=key: run.change("Call", taskdata={key: answers[key]}) for key in answers]) == {200: 8}

    assert run.tasks()["Call"]["taskdata"] == answers
    afterwards.assert_all_well()


def test_names_given_at_once_are_told_apart_by_the_log(org: Organization, afterwards: Afterwards) -> None:
    run = run_of(org, "Call")

    assert outcome(*[lambda n=n: org.api.put(f"/runs/{run.id}", {"name": f"Name {n}"}) for n in EIGHT]) == {200: 8}

    assert run.now()["name"] in {f"Name {number}" for number in EIGHT}
    assert afterwards.happened("process.updated") == [run.id] * 8
    assert org.api.get("/runs?q=Name").json()["meta"]["pagination"]["total"] == 1
    afterwards.assert_all_well()


def test_the_first_launches_of_a_template_run_the_same_version(org: Organization, afterwards: Afterwards) -> None:
    """L-3.4"""
    template = org.template(steps=["Call", "Write"])

    answers = at_once([lambda: org.api.post("/runs?with=tasks", {"checklist_id": template["id"]})] * 8)

    runs = [answer.json()["data"] for answer in answers]
    assert len({run["increment_id"] for run in runs}) == len({run["id"] for run in runs}) == 8
    assert len({task["increment_id"] for run in runs for task in run["tasks"]["data"]}) == 16
    listed = org.api.data("GET", "/runs?sort=created_at")
    assert [run["increment_id"] for run in listed] == sorted(run["increment_id"] for run in runs)
    assert org.api.data("GET", f"/checklists/{template['id']}")["started_processes"] == 8
    afterwards.assert_all_well()


def test_a_process_keeps_what_it_was_launched_from(org: Organization, afterwards: Afterwards) -> None:
    """Steps are added while processes are launched: each has the tasks of one version, and shows that version.

    Spec: L-3.4.
    """
    template = org.template(steps=["First"])
    path = f"/checklists/{template['id']}/steps"
    launch: Call = lambda: org.api.post("/runs", {"checklist_id": template["id"]})  # noqa: E731
    extend: Call = lambda: org.api.post(path, {"title": "Next"})  # noqa: E731

    assert outcome(*[launch, extend] * 8) == {201: 16}

    for run in org.api.data("GET", "/runs?with=tasks,checklist&per_page=100"):
        read = org.api.data("GET", f"/runs/{run['id']}?with=tasks,checklist.steps")
        steps = [step["id"] for step in read["checklist"]["data"]["steps"]["data"]]
        assert [task["step_id"] for task in read["tasks"]["data"]] == steps
    afterwards.assert_all_well()


@pytest.mark.parametrize("attempt", range(5))
def test_a_template_is_not_erased_under_a_launch(org: Organization, afterwards: Afterwards, attempt: int) -> None:
    """Whoever launches gets a whole process, or is refused."""
    template = org.template(steps=["Call"])["id"]
    launch: Call = lambda: org.api.post("/runs", {"checklist_id": template})  # noqa: E731
    archive: Call = lambda: org.api.delete(f"/checklists/{template}")  # noqa: E731
    erase: Call = lambda: org.api.delete(f"/checklists/{template}/delete")  # noqa: E731

    answers = at_once([launch, launch, archive, erase, launch, erase, launch, erase, launch])

    assert {answer.status_code for answer in answers} <= {200, 201, 404, 422}
    for run in org.api.data("GET", "/runs"):
        read = org.api.data("GET", f"/runs/{run['id']}?with=tasks,checklist.steps")
        assert len(read["tasks"]["data"]) == len(read["checklist"]["data"]["steps"]["data"]) == 1
    afterwards.assert_all_well()


def test_an_organization_keeps_an_administrator(org: Organization, afterwards: Afterwards) -> None:
    """Each of them demotes the next one. Spec: behaviour-people R2."""
    admins = [org.admin, org.person("admin"), org.person("admin"), org.person("admin")]
    ring = list(zip(admins, admins[1:] + admins[:1], strict=True))

    answers = outcome(
        *[lambda a=a, b=b: a.api.put(f"/users/{b.id}/role", {"role": "light"}) for a, b in ring],
        *[lambda a=a, b=b: a.api.delete(f"/users/{b.id}/disable") for a, b in ring],
    )

    assert set(answers) <= {200, 400, 401, 403}
    assert 0 < answers[200] < 8
    left = [each for each in admins if each.api.get("/tags").status_code == 200 and may_make_tags(each.api)]
    assert left
    afterwards.assert_all_well()


def may_make_tags(api: Any) -> bool:
    return api.post("/tags", {"title": f"by {api.token[:8]}"}).status_code == 201


@pytest.mark.parametrize("attempt", range(5))
def test_nobody_is_given_work_while_they_go(org: Organization, afterwards: Afterwards, attempt: int) -> None:
    """A group and a guest are removed while tasks are given to them."""
    group, guest = org.group(members=[org.admin])["id"], org.guest()["email"]
    template = org.template(steps=["Call", "Write"])
    run = Run(org, template)
    owners = {"users": [org.admin.id], "groups": [group], "guests": [guest]}
    overrides = {template["steps"][0]["id"]: {"owners": owners}}
    give: Call = lambda: org.api.post("/runs", {"checklist_id": template["id"], "tasks": overrides})  # noqa: E731
    assign: Call = lambda: run.change("Call", owners=owners)  # noqa: E731
    drop: Call = lambda: org.api.delete(f"/groups/{group}")  # noqa: E731
    remove: Call = lambda: org.api.delete(f"/guests/{guest}")  # noqa: E731

    answers = at_once([give, assign, drop, give, remove, assign, give, give])

    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404, 422}
    afterwards.assert_all_well()


@pytest.mark.parametrize("attempt", range(5))
def test_tags_and_folders_go_while_they_are_given(org: Organization, afterwards: Afterwards, attempt: int) -> None:
    template = org.template(steps=["Call"])
    tags, folder = [org.tag()["id"] for _ in range(2)], org.folder(kind="run")["id"]
    run = Run(org, template, tags=tags, folders=[folder])
    body = {"checklist_id": template["id"], "tags": tags, "folders": [folder]}
    launch: Call = lambda: org.api.post("/runs", body)  # noqa: E731
    relate: Call = lambda: org.api.put(f"/runs/{run.id}", {"tags": tags[:1], "folders": [folder]})  # noqa: E731

    answers = at_once(
        [
            launch,
            relate,
            lambda: org.api.delete(f"/tags/{tags[0]}"),
            launch,
            lambda: org.api.delete(f"/folders/{folder}"),
            relate,
            lambda: org.api.delete(f"/tags/{tags[1]}"),
            launch,
        ]
    )

    assert {answer.status_code for answer in answers} <= {200, 201, 204, 422}
    assert org.api.data("GET", "/runs?untagged=true") == org.api.data("GET", "/runs")
    afterwards.assert_all_well()


@pytest.mark.parametrize("attempt", range(5))
def test_what_steps_draw_on_changes_and_goes_while_they_take_it(
    org: Organization, afterwards: Afterwards, attempt: int
) -> None:
    """Every field that points to a list has its options, and no step has a job title that is gone."""
    cities: str = org.api.data("POST", "/lists", {"name": "Cities", "columns": ["City"], "rows": [["Kiel"]]})["id"]
    title: str = org.api.data("POST", "/roles", {"name": "Pilot"})["id"]
    templates = [org.template(steps=["Call"]) for _ in range(2)]
    paths = [f"/checklists/{each['id']}/steps/{each['steps'][0]['id']}" for each in templates]
    field = {"label": "City", "field_type": "dropdown", "required": False, "list": cities}
    takes: list[Call] = [lambda path=path: org.api.post(f"{path}/captures", field) for path in paths]
    names: list[Call] = [lambda path=path: org.api.put(path, {"title": "Call", "roles": [title]}) for path in paths]
    change: Call = lambda: org.api.put(f"/lists/{cities}", {"rows": [["Oslo"]]})  # noqa: E731
    drop: Call = lambda: org.api.delete(f"/roles/{title}")  # noqa: E731

    answers = at_once([takes[0], names[0], change, drop, takes[1], names[1]])

    assert {answer.status_code for answer in answers} <= {200, 201, 204, 422}
    for path in paths:
        step = org.api.data("GET", path)
        assert step["roles"] == []
        assert [[each["text"] for each in capture["options"]] for capture in step["captures"]] == [["Oslo"]]
    afterwards.assert_all_well()


def test_values_set_apart_are_all_kept(org: Organization, afterwards: Afterwards) -> None:
    tag = org.tag()["id"]
    for number in EIGHT:
        key = {"key": f"key-{number}", "applies_to": "tag", "field_type": "number"}
        org.api.data("POST", "/custom-field-keys", key)
    path = f"/tags/{tag}/custom-fields"

    def setting(number: int) -> Call:
        return lambda: org.api.request("PATCH", f"{path}/key-{number}", json={"value": number})

    answers = at_once([setting(number) for number in EIGHT])

    assert {answer.status_code for answer in answers} == {200}
    assert org.api.data("GET", path)["custom_fields"] == {f"key-{number}": number for number in EIGHT}
    afterwards.assert_all_well()


def test_a_field_is_filed_under_one_alias(org: Organization, afterwards: Afterwards) -> None:
    """Fields of one label, added at once, get aliases of their own."""
    template = org.template(steps=["Call"])
    path = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}/captures"

    answers = at_once([lambda: org.api.post(path, text_field(label="Name"))] * 8)

    fields = [answer.json()["data"] for answer in answers]
    assert len({field["alias"] for field in fields}) == len({field["id"] for field in fields}) == 8
    assert sorted(field["position"] for field in fields) == list(range(1, 9))
    afterwards.assert_all_well()
