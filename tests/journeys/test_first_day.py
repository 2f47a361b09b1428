"""An administrator on a fresh server: the program, sign-in, a token, a template, a launch, the list."""

from pathlib import Path

from tests.journeys.callers import Caller
from tests.ops.programs import Running, run

PASSWORD = "correct Horse 7"


def test_an_administrator_gets_from_an_empty_machine_to_a_running_process(tmp_path: Path) -> None:
    with Running(tmp_path) as server:
        made = run(
            "admin", "create", "--email", "ada@fernwood.test", "--first-name", "Ada", "--last-name", "Moss",
            "--organization", "Fernwood", "--password-stdin", "--data-dir", tmp_path / "data", given=PASSWORD,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr

        token = signed_in(server.address)
        visitor = Caller(f"{server.address}/api", token=token)
        [organization] = visitor.get("//me/organizations")["data"]
        assert (organization["name"], organization["user_role"]) == ("Fernwood", "admin")
        visitor.organization_id = organization["id"]
        kept = visitor.post("/tokens", {"name": "my laptop"})
        visitor.close()

        ada = Caller(f"{server.address}/api", organization["id"], kept["token"])
        me = ada.get("//me")
        assert (me["email"], me["full_name"]) == ("ada@fernwood.test", "Ada Moss")
        assert ada.get("/runs") == {
            "data": [],
            "meta": {
                "pagination": {
                    "total": 0,
                    "count": 0,
                    "per_page": 10,
                    "current_page": 1,
                    "total_pages": 1,
                    "links": {},
                    "has_more_pages": False,
                }
            },
        }

        launched = first_process(ada)
        [listed] = ada.get("/runs?status=active&with=tags,next_task")["data"]
        assert {**listed, "tags": ..., "next_task": ...} == {**launched, "tags": ..., "next_task": ...}
        assert [task["title"] for task in listed["next_task"]["data"]] == ["Collect papers"]
        assert ada.get(f"/runs/{launched['id']}") == launched

        assert [each["name"] for each in ada.get("/tokens")["data"]] == ["my laptop"]
        ada.delete(f"/tokens/{kept['id']}", expect=204)
        ada.get("/runs", expect=401)
        ada.close()


def signed_in(address: str) -> str:
    """The token that e-mail and password are answered with; wrong ones are not told apart."""
    visitor = Caller(f"{address}/api")
    wrong = visitor.refusal("POST", "//auth/login", {"email": "ada@fernwood.test", "password": "correct Horse 8"})
    unknown = visitor.refusal("POST", "//auth/login", {"email": "eve@fernwood.test", "password": PASSWORD})
    assert wrong == unknown and wrong[0] == 401
    answer = visitor.request("POST", "//auth/login", {"email": "ada@fernwood.test", "password": PASSWORD})
    visitor.close()
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "Bearer"
    return answer.json()["access_token"]


def first_process(ada: Caller) -> dict[str, object]:
    template = ada.post(
        "/checklists",
        {
            "title": "Vendor intake",
            "type": "procedure",
            "prerun": [
                {"label": "Vendor", "field_type": "text", "required": True},
                {
                    "label": "Kind",
                    "field_type": "dropdown",
                    "required": False,
                    "options": [{"id": 1, "text": "Goods"}, {"id": 2, "text": "Services"}],
                },
            ],
        },
    )
    vendor, kind = (field["id"] for field in template["prerun"])
    steps = [ada.post(f"/checklists/{template['id']}/steps", {"title": t}) for t in ("Collect papers", "Approve")]
    captures = f"/checklists/{template['id']}/steps/{steps[0]['id']}/captures"
    ada.post(captures, {"label": "IBAN", "field_type": "text", "required": True})
    ada.put(f"/checklists/{template['id']}/steps/{steps[1]['id']}", {"title": "Approve", "step_type": "approval"})

    body = {"checklist_id": template["id"], "name": "Vendor intake - Brightwater"}
    refused = ada.post("/runs", body, expect=422)
    assert refused["errors"] == {"prerun": [{vendor: ["Vendor is required"]}]}
    launched = ada.post(
        "/runs", {**body, "prerun": {vendor: "Brightwater Ltd", kind: {"id": 2, "text": "Services", "value": None}}}
    )
    assert launched["prerun"] == {vendor: "Brightwater Ltd", kind: {"id": 2, "text": "Services", "value": None}}
    tasks = ada.get(f"/runs/{launched['id']}/tasks")["data"]
    assert [(task["title"], task["task_type"]) for task in tasks] == [
        ("Collect papers", "task"),
        ("Approve", "approval"),
    ]
    return launched
