"""What a process that is archived, locked or on hold refuses, write by write.

Spec: api-processes 1.2, DEC-26, behaviour-work Z9, HO3.
"""

import re
from collections.abc import Callable
from typing import Any, Literal

import httpx
import pytest

from procession.api.catalogue import all_operations
from procession.api.router import Router
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run, on_one_database
from tests.builders import Organization
from tests.harness import Api, Server

State = Literal["archived", "locked", "on hold"]
DEADLINE = "2031-02-06T16:00:00Z"
SAID = {"content": "Well"}


class Stage:
    """A process with everything on it that a request can change, archived, locked by an issue or on hold."""

    def __init__(self, server: Server, state: State) -> None:
        self.org = org = Organization(server)
        api = org.api
        self.guest = org.guest()["email"]
        people = {"users": [org.admin.id], "guests": [self.guest]}
        steps = [{"title": "Open", "captures": [{"label": "Name"}]}, {"title": "Done"}, {"title": "Hidden"}]
        template = org.template(steps=steps, kickoff=[{"label": "Reason", "required": True}])
        self.tag, self.other_tag = org.tag()["id"], org.tag()["id"]
        self.folder, self.other_folder = org.folder(kind="run")["id"], org.folder(kind="run")["id"]
        links = {"tags": [self.tag], "folders": [self.folder]}
        run = Run(org, template, prerun={template["prerun"][0]["id"]: "new"}, is_public=True, **links)
        self.path = f"/runs/{run.id}"
        self.run, self.field = run.id, run.field()
        self.open, self.done, self.hidden = (run.task_id(title) for title in ("Open", "Done", "Hidden"))
        run.change("Open", owners=people).raise_for_status()
        run.complete("Done").raise_for_status()
        self.milestone = api.data("POST", f"{self.path}/stages", {"name": "First"})["id"]
        api.request("PUT", f"{self.path}/tasks/{self.hidden}/hide").raise_for_status()
        form = [{"label": "Phone", "field_type": "text", "required": False}]
        self.extra, self.done_extra = (
            org.one_off(run_id=run.id, owners=people, form_fields=form, tags=[self.tag], folders=[self.folder])["id"]
            for _ in range(2)
        )
        api.data("POST", f"{self.path}/completed-tasks", {"task_id": self.done_extra}, status=200)
        self.comment = api.data("POST", f"/tasks/{self.open}/comment", SAID)["id"]
        api.request("PUT", f"/tasks/{self.open}/comment/{self.comment}/reactions/👍").raise_for_status()
        self.problem = api.data("POST", f"/tasks/{self.extra}/problem", SAID)["id"]
        self.association = api.data("GET", f"{self.path}?with=tags")["tags"]["data"][0]["id"]
        self.relation = api.data("GET", f"{self.path}?with=folders")["folders"]["data"][0]["folder_object_id"]
        self.guest_api = org.guest_api(self.guest)
        said = self.guest_api.post(f"/tasks/{self.open}/comment", SAID).raise_for_status()
        self.guest_comment = said.json()["data"]["id"]
        self.issue = api.data("POST", f"{self.path}/problem", SAID)["id"]
        if state != "locked":
            api.data("POST", f"{self.path}/resolved-threads", {**SAID, "thread_id": self.issue}, status=200)
        if state == "archived":
            api.request("DELETE", self.path).raise_for_status()
        if state == "on hold":
            api.data("POST", f"{self.path}/hold", {"reason": "Frost"}, status=200)

    def tag_body(self, kind: str, subject: str) -> dict[str, Any]:
        return {"subject_type": kind, "subject_id": subject, "tag_id": self.other_tag, "tag_type": "public"}

    def folder_body(self, kind: str, subject: str) -> dict[str, Any]:
        return {"subject_type": kind, "subject_id": subject, "folder_id": self.other_folder}

    @property
    def one_off(self) -> dict[str, Any]:
        owners = {"users": [self.org.admin.id]}
        return {"title": "Call", "task_type": "task", "deadline": DEADLINE, "owners": owners, "run_id": self.run}


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    return {}


@pytest.fixture
def still(server: Server, stages: dict[str, Stage]) -> Callable[[State], Stage]:
    """The one that refusals are tried on."""

    def find(state: State) -> Stage:
        name = f"{server.dialect} {state}"
        if name not in stages:
            stages[name] = Stage(server, state)
        return stages[name]

    return find


Body = Callable[[Stage], Any]


def saying(body: Any) -> Body:
    return lambda _: body


COMPLETION: Body = lambda stage: {"task_id": stage.open}  # noqa: E731  # one of many in the table
ONE_OFF: Body = lambda stage: {**stage.one_off, "title": "Changed"}  # noqa: E731  # as above

# Method, path, body, what an archived process answers, what a locked one does. Guests' paths begin with "guest:".
WRITES: list[tuple[str, str, Body, int, int]] = [
    # The process.
    ("PUT", "{path}", saying({"name": "Changed"}), 422, 423),
    ("PATCH", "{path}", saying({"tags": []}), 422, 423),
    ("PUT", "{path}", saying({"starred": True, "summary": "Changed"}), 422, 423),
    ("PUT", "{path}", saying({"prerun": {}}), 422, 423),
    ("PUT", "{path}", saying({"starred": True}), 200, 200),
    ("DELETE", "{path}", saying(None), 200, 423),
    ("PUT", "{path}/activate", saying(None), 200, 200),
    ("DELETE", "{path}/delete", saying(None), 200, 422),
    ("POST", "{path}/complete-prerun", saying(None), 422, 423),
    ("DELETE", "{path}/complete-prerun", saying(None), 422, 423),
    ("POST", "{path}/comment", saying(SAID), 422, 201),
    ("POST", "{path}/problem", saying(SAID), 422, 201),
    ("POST", "{path}/resolved-threads", lambda stage: {**SAID, "thread_id": stage.issue}, 422, 200),
    ("POST", "{path}/undo", saying(None), 200, 423),
    ("POST", "{path}/hold", saying({"reason": "Snow"}), 422, 423),
    ("DELETE", "{path}/hold", saying(None), 422, 423),
    ("POST", "{path}/export", saying(None), 200, 200),
    ("POST", "{path}/public-link/renew", saying(None), 200, 200),
    ("POST", "{path}/stages", saying({"name": "Second"}), 422, 423),
    ("PUT", "{path}/stages/{milestone}", saying({"name": "Changed"}), 422, 423),
    ("PATCH", "{path}/stages/{milestone}", saying({"name": "Changed"}), 422, 423),
    ("DELETE", "{path}/stages/{milestone}", saying(None), 422, 423),
    ("PUT", "{path}/tasks", lambda stage: {"tasks": [{"id": stage.open, "deadline": DEADLINE}]}, 422, 423),
    # Its tags and folders.
    ("POST", "/checklists/tags", lambda stage: stage.tag_body("Run", stage.run), 422, 201),
    ("POST", "/checklists/tags", lambda stage: stage.tag_body("Task", stage.open), 422, 201),
    ("DELETE", "/checklists/tags/{association}", saying(None), 422, 204),
    ("POST", "/folders/add-object", lambda stage: stage.folder_body("Run", stage.run), 422, 201),
    ("POST", "/folders/add-object", lambda stage: stage.folder_body("Task", stage.open), 422, 201),
    ("DELETE", "/folders-objects/{relation}", saying(None), 422, 204),
    # Its tasks.
    ("PUT", "{path}/tasks/{open}", saying({"title": "Changed"}), 422, 423),
    ("PATCH", "{path}/tasks/{open}", lambda stage: {"taskdata": {stage.field: "Ada"}}, 422, 423),
    ("PUT", "/tasks/{extra}", ONE_OFF, 422, 423),
    ("PATCH", "/tasks/{extra}", ONE_OFF, 422, 423),
    ("POST", "{path}/completed-tasks", COMPLETION, 422, 423),
    ("POST", "/completed-tasks", COMPLETION, 404, 404),
    ("DELETE", "{path}/completed-tasks/{done}", saying(None), 422, 423),
    ("POST", "{path}/completed-tasks/{done}", saying(None), 422, 423),
    ("DELETE", "/completed-tasks/{done_extra}", saying(None), 404, 404),
    ("POST", "/tasks/{open}/captures", lambda stage: {"id": stage.field, "value": "Ada"}, 422, 423),
    ("PUT", "/form-field/value", lambda stage: {"id": stage.field, "form_value": "Ada"}, 422, 423),
    ("PUT", "{path}/tasks/{open}/hide", saying({}), 422, 423),
    ("PUT", "{path}/tasks/{hidden}/show", saying({}), 422, 423),
    ("POST", "/tasks/{open}/undo", saying(None), 422, 423),
    ("POST", "/tasks/{open}/take-over", saying(None), 422, 423),
    ("POST", "/tasks/{extra}/link", lambda stage: {"run_id": stage.run}, 422, 423),
    ("DELETE", "/tasks/{extra}/link", saying(None), 422, 423),
    ("POST", "/tasks", lambda stage: stage.one_off, 422, 423),
    ("POST", "/tasks/{open}/clone", saying({}), 422, 423),
    ("POST", "/tasks/{open}/remind", saying(None), 422, 422),  # no mail is set up here
    ("DELETE", "/tasks/{extra}", saying(None), 422, 422),
    ("PUT", "/tasks/{extra}/restore", saying(None), 422, 422),
    ("DELETE", "/tasks/{extra}/delete", saying(None), 422, 423),
    # Their custom fields.
    ("PUT", "{path}/custom-fields", saying({"custom_fields": {"note": "x"}}), 422, 423),
    ("PATCH", "{path}/custom-fields/note", saying({"value": "x"}), 422, 423),
    ("DELETE", "{path}/custom-fields/note", saying(None), 422, 423),
    ("PUT", "{path}/tasks/{open}/custom-fields", saying({"custom_fields": {"note": "x"}}), 422, 423),
    ("PATCH", "{path}/tasks/{open}/custom-fields/note", saying({"value": "x"}), 422, 423),
    ("DELETE", "{path}/tasks/{open}/custom-fields/note", saying(None), 422, 423),
    ("PUT", "/tasks/{open}/custom-fields", saying({"custom_fields": {"note": "x"}}), 422, 423),
    ("PATCH", "/tasks/{open}/custom-fields/note", saying({"value": "x"}), 422, 423),
    ("DELETE", "/tasks/{open}/custom-fields/note", saying(None), 422, 423),
    # What is said about them.
    ("POST", "/tasks/{open}/comment", saying(SAID), 422, 201),
    ("POST", "/tasks/{open}/bot-comment", saying(SAID), 422, 201),
    ("POST", "/tasks/{done}/problem", saying(SAID), 422, 201),
    ("POST", "/tasks/{extra}/resolved-threads", lambda stage: {**SAID, "thread_id": stage.problem}, 422, 200),
    ("PUT", "/tasks/{open}/comment/{comment}", saying({"content": "Changed"}), 422, 200),
    ("PATCH", "/tasks/{open}/comment/{comment}", saying({"label": "improvement"}), 422, 200),
    ("DELETE", "/tasks/{open}/comment/{comment}", saying(None), 422, 204),
    ("PUT", "/tasks/{open}/comment/{comment}/reactions/🎉", saying(None), 422, 200),
    ("DELETE", "/tasks/{open}/comment/{comment}/reactions/👍", saying(None), 422, 200),
    # What guests do.
    ("PUT", "guest:/tasks/{open}", lambda stage: {"taskdata": {stage.field: "Ada"}}, 422, 423),
    ("POST", "guest:/completed-tasks", COMPLETION, 422, 423),
    ("POST", "guest:/form-field/value", lambda stage: {"id": stage.field, "form_value": "Ada"}, 422, 423),
    ("POST", "guest:/tasks/{open}/comment", saying(SAID), 422, 201),
    ("PUT", "guest:/tasks/{open}/comment/{guest_comment}", saying({"content": "Changed"}), 422, 200),
    ("PATCH", "guest:/tasks/{open}/comment/{guest_comment}", saying({"content": "Changed"}), 422, 200),
    ("DELETE", "guest:/tasks/{open}/comment/{guest_comment}", saying(None), 422, 204),
    ("POST", "guest:/tasks/{open}/hand-over", saying({"email": "ben@partner.test"}), 422, 423),
]

# What a process on hold answers otherwise than a locked one; its issue is resolved already.
ON_HOLD = {
    "POST {path}/resolved-threads": 422,
    "POST {path}/hold": 200,
    "DELETE {path}/hold": 200,
    "POST /tasks/{done}/problem": 423,
}


def ask(stage: Stage, method: str, path: str, body: Any) -> httpx.Response:
    address = path.format_map(vars(stage))
    if address.startswith("guest:"):
        prefix = f"/guests/{stage.guest_api.code}"
        return Api(stage.org.server, None, stage.org.id).request(
            method, prefix + address.removeprefix("guest:"), json=body
        )
    return stage.org.api.request(method, address, **({} if body is None else {"json": body}))


def named(write: tuple[str, str, Body, int, int]) -> str:
    return f"{write[0]} {write[1]}"


@on_one_database
@pytest.mark.parametrize("state", ["archived", "locked", "on hold"])
@pytest.mark.parametrize("write", WRITES, ids=named)
def test_a_standstill_is_kept(
    server: Server, still: Callable[[State], Stage], state: State, write: tuple[str, str, Body, int, int]
) -> None:
    """Spec: behaviour-work W5."""
    method, path, body, archived, locked = write
    on_hold = ON_HOLD.get(named(write), locked)
    expected = {"archived": archived, "locked": locked, "on hold": on_hold}[state]
    if expected < 400:
        stage = Stage(server, state)
        assert ask(stage, method, path, body(stage)).status_code == expected
        return
    stage = still(state)
    with unchanged(stage.org):
        code = "PROCESS_ON_HOLD" if (state, expected) == ("on hold", 423) else None
        assert_refused(ask(stage, method, path, body(stage)), expected, code)


def test_every_write_is_in_the_table() -> None:
    """Whatever changes a process or a task by its id; a guest's path has the guest's, too."""
    router: Router[str] = Router()
    for each in all_operations():
        router.add(each.method, each.path, each.id)
    example = dict.fromkeys(vars_of_paths(), "x") | {"path": "/runs/x"}
    found = {
        router.find(method, "/organizations/x" + path.replace("guest:", "/guests/x").format_map(example))[0]
        for method, path, *_ in WRITES
    }

    assert {
        each.id
        for each in all_operations()
        if each.method != "GET" and {"run_id", "task_id"} & set(each.path_parameters)
    } <= found


def vars_of_paths() -> set[str]:
    return {name for _, path, *_ in WRITES for name in re.findall(r"{(\w+)}", path)}
