"""An organization with one of everything that there is."""

from typing import Any

from procession.adapters.secrets import new_token
from procession.domain.actors import NOBODY
from procession.domain.field_keys import RECORDS
from procession.domain.times import DAY
from procession.domain.tokens import token_hash
from procession.storage import kickoff_visits
from procession.storage.connection import Connection
from procession.storage.tx import WriteTx, writing
from procession.usecases.password_codes import new_code
from procession.usecases.version_moving import run_due
from tests.builders import GuestApi, Organization
from tests.harness import Api, Server

PASSWORD = "Correct horse 4 battery"
FILE = {"name": ("note.txt", b"Mind the gap")}
CSV = "Name,Reason\nAlto,Leak\n"
DEADLINE = "2031-02-06T16:00:00Z"


class Everything:
    """Everything there is, once; what an operation needs in another state (archived, completed, hidden) besides.

    `ahead`: some more, so that the numbers which each organization counts for itself differ from another world's.
    """

    def __init__(self, server: Server, *, ahead: bool = False) -> None:
        self.server = server
        self.org = org = Organization(server)
        self.admin = org.person("admin", password=PASSWORD)
        self.member = org.person("standard", first_name="Iris")
        self.light = org.person("light", first_name="Otto")
        self.disabled = org.person("standard", first_name="Dana")
        api = org.api
        api.request("DELETE", f"/users/{self.disabled.id}/disable").raise_for_status()
        self.left = org.person("standard", first_name="Lotte")
        api.request("DELETE", f"/users/{self.left.id}?with_reassignment=true&to={self.admin.id}").raise_for_status()
        self.invited = api.data("POST", "/users/invite", self.invitation("invited"), status=200)["id"]
        self.guest: str = org.guest()["email"]
        self.disabled_guest: str = org.guest()["email"]
        api.request("DELETE", f"/guests/{self.disabled_guest}/disable").raise_for_status()
        self.group: str = org.group(members=[self.member])["id"]
        days = {"starts_on": "2026-01-01", "ends_on": "2026-01-02"}
        self.absence: int = [api.data("POST", "/absences", days)["id"] for _ in range(1 + ahead)][-1]
        for _ in range(1 + ahead):
            api.request("DELETE", f"/tags/{org.tag()['id']}").raise_for_status()
        watching = {"object_type": "user", "object_id": self.member.id}
        for _ in range(1 + ahead):
            self.watcher: int = api.data("POST", f"/users/{org.admin.id}/add-watcher", watching)["id"]
            watching = {"object_type": "organization", "notification_type": "webhook", "webhook": "https://x.test/"}
        self.bin_item: int = api.data("GET", "/bin")[0]["id"]
        self.tag: str = org.tag()["id"]
        self.folder: str = org.folder()["id"]
        self.run_folder: str = org.folder(kind="run")["id"]
        self.other_run_folder: str = org.folder(kind="run")["id"]
        snippets = [
            api.data("POST", "/text-templates", {"title": "Safety", "content": "Wear a helmet"})["id"]
            for _ in range(1 + ahead)
        ]
        self.snippet: int = snippets[-1]
        self.role: str = api.data("POST", "/roles", {"name": "Pilot", "users": [self.member.id]})["id"]
        cities = {"name": "Cities", "columns": ["City"], "rows": [["Kiel"], ["Turin"]]}
        self.list: str = api.data("POST", "/lists", cities)["id"]
        for record in RECORDS:
            key = {"key": "note", "applies_to": record, "field_type": "text"}
            self.field_key: str = api.data("POST", "/custom-field-keys", key)["id"]
        self.token_id: int = api.data("GET", "/tokens")[0]["id"]
        self._make_templates()
        daily = {"checklist_id": self.template, "frequency": "daily"}
        self.job: int = [api.data("POST", "/recurring-jobs", daily)["id"] for _ in range(1 + ahead)][-1]
        path = f"/checklists/{self.template}/bulk-launches?dry_run=true"
        for _ in range(1 + ahead):
            made = api.request("POST", path, content=CSV)
            self.bulk: int = made.raise_for_status().json()["data"]["id"]
        moving = {"versions": [0], "dry_run": True}
        for _ in range(1 + 2 * ahead):
            self.move: int = api.data("POST", f"/checklists/{self.template}/version-moves", moving)["id"]
        if ahead:
            org.process({"id": self.template}, tags=[self.tag], folders=[self.run_folder])
            org.process({"id": self.template}, tags=[self.tag], folders=[self.run_folder])
        self._make_processes()
        self._make_move()
        self._make_tasks()
        for n in range(1 + ahead):
            api.data("PUT", f"/checklists/{self.template}", {"title": "Changed", "summary": f"No. {n}"})
        self.backup: int = max(each["id"] for each in api.data("GET", f"/checklists/{self.template}/backups"))
        self.reset_code: str = self._reset_code()
        self._make_files(ahead=ahead)

    def _reset_code(self) -> str:
        """What a mail would have told somebody who forgot their password."""

        async def work(connection: Connection) -> str:
            return await new_code(connection, self.disabled.id, self.server.clock(), lasts=DAY)

        return self.server.run(self.server.database.write(work))

    def _make_templates(self) -> None:
        org, api = self.org, self.org.api
        template = org.template(
            steps=[{"title": "Greet", "captures": [{"label": "Name"}]}, "File"], kickoff=[{"label": "Reason"}]
        )
        self.template: str = template["id"]
        shared = [{"permission": "CHECKLIST_READ", "guests": [self.guest]}]
        api.request("PUT", f"/checklists/{self.template}/permissions", json=shared).raise_for_status()
        self.prerun: str = api.data("GET", f"/checklists/{self.template}")["prerun"][0]["id"]
        self.step, self.other_step = (step["id"] for step in template["steps"])
        fields = api.data("GET", f"/checklists/{self.template}/steps/{self.step}")["captures"]
        self.capture: str = fields[0]["id"]
        self.stage: str = api.data("POST", f"/checklists/{self.template}/stages", {"name": "First"})["id"]
        self.rule: str = api.data("POST", f"/checklists/{self.template}/automated-actions", self.rule_body())["id"]
        self.public_template: str = org.template(is_public=True)["id"]
        self.library_template: str = Organization(self.server).template(is_public=True)["id"]
        fields = [{"label": "Reason"}, {"label": "Photo", "field_type": "file"}]
        shared = org.template(kickoff=fields, is_public_kickoff=True)["id"]
        self.kickoff_template: str = shared
        self.kickoff_code: str = api.data("GET", f"/checklists/{shared}/public-kickoff")["code"]
        self.visit_code = self._made_visit(shared)
        text = {"title": "Deed", "type": "document", "body": "<h1>Deed</h1>"}
        self.document: str = api.data("POST", "/checklists", text)["id"]
        self.archived_template: str = org.template()["id"]
        api.request("DELETE", f"/checklists/{self.archived_template}").raise_for_status()
        problem = api.data("POST", f"/checklists/{self.template}/problem", {"content": "unclear"})
        self.template_problem: str = problem["id"]

    def _made_visit(self, template: str) -> str:
        """The code of a private link to a form, as people are mailed it."""
        server, code = self.server, new_token()

        async def make(tx: WriteTx) -> None:
            visit = {"template_id": template, "email": "visitor@partner.test", "expires_at": tx.now + DAY}
            await kickoff_visits.add(tx, token_hash(code), **visit)

        server.run(writing(server.database, self.org.number, self.org.id, NOBODY, server.clock(), make))
        return code

    def _make_processes(self) -> None:
        org, api = self.org, self.org.api
        template = {"id": self.template}
        process = org.process(template, prerun={self.prerun: "new"}, tags=[self.tag], folders=[self.run_folder])
        self.run: str = process["id"]
        tasks = api.data("GET", f"/runs/{self.run}/tasks?with=form_fields")
        self.task, self.hidden_task = (task["id"] for task in tasks)
        api.request("PUT", f"/runs/{self.run}/tasks/{self.hidden_task}/hide").raise_for_status()
        self.public_run: str = org.process(template, is_public=True)["id"]
        self.public_code: str = api.data("GET", f"/runs/{self.public_run}/public-link")["code"]
        [shared, *_] = api.data("GET", f"/runs/{self.public_run}/tasks")
        guests = {"owners": {"users": [], "guests": [self.guest], "groups": []}}
        api.request("PUT", f"/runs/{self.public_run}/tasks/{shared['id']}", json=guests).raise_for_status()
        self.document_run: str = org.process({"id": self.document})["id"]
        self.archived_run: str = org.process(template)["id"]
        api.request("DELETE", f"/runs/{self.archived_run}").raise_for_status()
        self.advanced_run: str = org.process(template)["id"]
        advanced = api.data("GET", f"/runs/{self.advanced_run}/tasks")
        self.completed_task, self.blocked_task = (task["id"] for task in advanced)
        completion = {"task_id": self.completed_task}
        api.data("POST", f"/runs/{self.advanced_run}/completed-tasks", completion, status=200)
        self.locked_run: str = org.process(template)["id"]
        self.issue: str = api.data("POST", f"/runs/{self.locked_run}/problem", {"content": "stop"})["id"]
        tagged = {"subject_id": self.template, "subject_type": "checklist", "tag_id": self.tag, "tag_type": "public"}
        self.association: int = api.data("POST", "/checklists/tags", tagged)["id"]
        filed = {"folder_id": self.run_folder, "subject_id": self.advanced_run, "subject_type": "run"}
        self.relation: int = api.data("POST", "/folders/add-object", filed)["id"]

    def _make_move(self) -> None:
        """A process that runs a newer version now."""
        org, server, edge = self.org, self.server, self.server.edge
        template = org.template(steps=["Greet"])
        run = org.process(template)["id"]
        path = f"/checklists/{template['id']}"
        org.api.data("POST", f"{path}/steps", {"title": "File"})
        self.done_move: int = org.api.data("POST", f"{path}/version-moves", {"runs": [run]})["id"]
        server.run(run_due(edge.database, org.number, org.id, self.done_move, edge.clock, edge.means))

    def _make_tasks(self) -> None:
        api = self.org.api
        field = {"label": "Phone", "field_type": "text", "required": False}
        self.one_off: str = self._make_one_off(form_fields=[field])
        self.field: str = api.data("GET", f"/tasks/{self.one_off}?with=form_fields")["form_fields"]["data"][0]["id"]
        self.comment: str = api.data("POST", f"/tasks/{self.one_off}/comment", {"content": "hello"})["id"]
        by_guest = self.guest_api.post(f"/tasks/{self.one_off}/comment", {"content": "hello"})
        self.guest_comment: str = by_guest.json()["data"]["id"]
        self.problem: str = api.data("POST", f"/tasks/{self.blocked_task}/problem", {"content": "late"})["id"]
        self.archived_one_off: str = self._make_one_off()
        api.request("DELETE", f"/tasks/{self.archived_one_off}").raise_for_status()
        self.linked_one_off: str = self._make_one_off(run_id=self.advanced_run)
        self.done_one_off: str = self._make_one_off()
        api.data("POST", "/completed-tasks", {"task_id": self.done_one_off}, status=200)

    def _make_files(self, *, ahead: bool) -> None:
        """One on a task, the logo."""
        logo = {"subject_type": "Organization", "subject_id": self.org.id, "uploaded_from": "logo"}
        picture = {"name": ("logo.png", self.org.id.encode())}
        self.org.api.request("POST", "/file", data=logo, files=picture).raise_for_status()
        shown: str = Api(self.server, None).data("GET", f"//public/kickoff/{self.kickoff_code}")["org_logo"]
        self.logo_version = shown.rpartition("/")[2]
        form = {"subject_type": "task", "subject_id": self.one_off, "uploaded_from": "attachment"}
        for _ in range(1 + ahead):
            sent = self.org.api.request("POST", "/file", data=form, files=FILE)
            self.asset: str = sent.raise_for_status().json()["data"]["id"]

    def _make_one_off(self, **more: Any) -> str:
        owners = {"users": [self.org.admin.id], "guests": [self.guest]}
        task = {"title": "Call", "task_type": "task", "deadline": DEADLINE, "owners": owners}
        return self.org.api.data("POST", "/tasks", {**task, **more})["id"]

    @property
    def guest_api(self) -> GuestApi:
        return self.org.guest_api(self.guest)

    def invitation(self, name: str) -> dict[str, Any]:
        return {
            "email": f"{name}@{self.org.id}.test",
            "first_name": "Ada",
            "last_name": "Lind",
            "role": "standard",
            "message": "Hi",
        }

    def rule_body(self) -> dict[str, Any]:
        """Once somebody has filed, the step that is done is given to people: nothing happens."""
        step = {"conditionable_id": self.other_step, "conditionable_type": "Step"}
        people = {"users": [self.member.id], "guests": [self.guest], "groups": [self.group]}
        action = {"action_type": "assignment", "action_verb": "assign", "target_step_id": self.other_step}
        return {
            "automated_alias": "Give away",
            "conditions": [{**step, "operation": "completed", "statement": None, "logic": "and"}],
            "then_actions": [{**action, "assignees": people}],
        }
