"""An organization with one of everything, and a request for every operation that succeeds in it."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from procession.adapters.secrets import new_token
from procession.api.inbound import RawMail
from procession.api.operations import Operation
from procession.api.uploads import UploadForm
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
from tests.mail.delivering import SECRET_WORD

PASSWORD = "Correct horse 4 battery"
# What operations cannot do without.
QUERIES = {"search": "?search=greet"}
FILE = {"name": ("note.txt", b"Mind the gap")}
# Nobody but the guest whose link it is.
FILES_OF_GUESTS = {"getAssetOfGuest", "showFileOfGuest", "downloadFileOfGuest", "deleteFileOfGuest"}
CSV = "Name,Reason\nAlto,Leak\n"
DEADLINE = "2031-02-06T16:00:00Z"


class World:
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

    def path(self, operation: Operation) -> dict[str, Any]:
        """Values of the path's parameters (the organization left out) for which the operation succeeds."""
        usual: dict[str, Any] = {
            "association_id": self.association,
            "organization_id": self.org.id,
            "capture_id": self.capture,
            "checklist_id": self.template,
            "comment_id": self.comment,
            "emoji": "👍",
            "field_key": "note",
            "folder_id": self.folder,
            "group_id": self.group,
            "guest": self.guest,
            "key_id": self.field_key,
            "list_id": self.list,
            "prerun_id": self.prerun,
            "relation_id": self.relation,
            "role_id": self.role,
            "rule_id": self.rule,
            "run_id": self.run,
            "snippet_id": self.snippet,
            "job_id": self.job,
            "absence_id": self.absence,
            "watcher_id": self.watcher,
            "asset_id": self.asset,
            "item_id": self.bin_item,
            "backup_id": self.backup,
            "bulk_id": self.bulk,
            "move_id": self.move,
            "public_id": self.library_template,
            "code": self.kickoff_code,
            "stage_id": self.stage,
            "step_id": self.step,
            "tag_id": self.tag,
            "task_id": self.task if "/runs/" in operation.path else self.one_off,
            "token_id": self.token_id,
            "user_id": self.member.id,
            "version": 1,
        }
        special: dict[str, dict[str, Any]] = {
            "addWatcher": {"user_id": self.org.admin.id},
            "renewPublicLink": {"run_id": self.public_run},
            "getTemplateText": {"checklist_id": self.document},
            "getProcessText": {"run_id": self.document_run},
            "getPublicProcess": {"code": self.public_code},
            "getLogoOfPublicProcess": {"code": self.public_code, "version": self.logo_version},
            "getLogoOfPublicKickoffForm": {"version": self.logo_version},
            "getKickoffVisit": {"code": self.visit_code},
            "submitKickoffVisit": {"code": self.visit_code},
            "getPublicProcessOfGuest": {"run_id": self.public_run},
            "getPublicKickoff": {"checklist_id": self.kickoff_template},
            "renewPublicKickoff": {"checklist_id": self.kickoff_template},
            "restoreTemplate": {"checklist_id": self.archived_template},
            "deleteTemplate": {"checklist_id": self.archived_template},
            "activateProcess": {"run_id": self.archived_run},
            "deleteProcess": {"run_id": self.archived_run},
            "reopenProcessTask": {"run_id": self.advanced_run, "task_id": self.completed_task},
            "reopenProcessTaskByPost": {"run_id": self.advanced_run, "task_id": self.completed_task},
            "reopenTask": {"task_id": self.done_one_off},
            "markTemplateComment": {"comment_id": self.template_problem},
            "markTemplateCommentByPatch": {"comment_id": self.template_problem},
            "undoTask": {"task_id": self.done_one_off},
            "unlinkTask": {"task_id": self.linked_one_off},
            "getHandover": {"user_id": self.left.id},
            "undoProcess": {"run_id": self.archived_run},
            "undoVersionMove": {"move_id": self.done_move},
            "showTask": {"task_id": self.hidden_task},
            "resolveIssue": {"run_id": self.locked_run},
            "resolveProblem": {"task_id": self.blocked_task},
            "restoreTask": {"task_id": self.archived_one_off},
            "deleteTask": {"task_id": self.archived_one_off},
            "enableMember": {"user_id": self.disabled.id},
            "approveMember": {"user_id": self.invited},
            "deleteMember": {"user_id": self.disabled.id},
            "enableGuest": {"guest": self.disabled_guest},
            "deleteGuest": {"guest": self.disabled_guest},
        }
        return {**usual, **special.get(operation.id, {})}

    def body(self, operation: Operation) -> Any:
        """A body that the operation accepts and that names other things wherever it can; None when it takes none."""
        return (
            self._custom_fields(operation)
            or self._bodies().get(operation.id.removesuffix("ByPatch").removesuffix("ByPut"))
            if operation.wants_body or operation.documented_body in (UploadForm, RawMail)
            else None
        )

    def _custom_fields(self, operation: Operation) -> Any:
        """The body that sets values on any record; None for other operations."""
        if operation.tag != "custom-field values":
            return None
        return {"value": "x"} if operation.method == "PATCH" else {"custom_fields": {"note": "x"}}

    def _bodies(self) -> dict[str, Any]:
        task = {"title": "Call", "task_type": "task", "deadline": DEADLINE}
        owners = {"users": [self.member.id], "guests": [self.guest], "groups": [self.group]}
        person = {"first_name": "Iris", "last_name": "Okoye", "timezone": "UTC"}
        step = {
            "title": "Greet",
            "assignees": [self.member.id],
            "groups": [self.group],
            "stage_id": self.stage,
            "roles": [self.role],
        }
        choice = {"label": "City", "field_type": "dropdown", "required": False, "list": self.list}
        comment = {"content": "Well done"}
        process = {"users": [self.member.id], "groups": [self.group], "tags": [self.tag], "folders": [self.run_folder]}
        one_off = {**task, "owners": owners, "run_id": self.run, "tags": [self.tag]}
        upload = Form({"subject_type": "Task", "subject_id": self.one_off, "uploaded_from": "attachment"})
        return {
            **dict.fromkeys(("uploadFile", "uploadAsset", "upload", "uploadFiles", "uploadFileAsGuest"), upload),
            "uploadToPublicKickoffForm": Form({}),
            "signIn": {"email": self.admin.email, "password": PASSWORD},
            "forgotPassword": {"email": self.admin.email},
            "resetPassword": {"code": self.reset_code, "password": PASSWORD + "!"},
            "changePassword": {"current_password": PASSWORD, "password": PASSWORD + "!"},
            "createToken": {"name": "laptop"},
            "updateMe": person,
            "createOrganization": {"name": "Elsewhere"},
            "updateOrganization": {"name": "Fernwood", "onboarding_template_id": self.template},
            "patchOrganization": {"name": "Fernwood", "onboarding_template_id": self.template},
            "updateMember": person,
            "inviteMember": self.invitation("new"),
            "changeMemberRole": {"role": "light"},
            "createGuest": {"email": "new@partner.test", "associated_members": [self.member.id]},
            "updateGuest": {"first_name": "Gil", "associated_members": [self.member.id]},
            "makeGuestMember": {"role": "light"},
            "createGroup": {"name": "New", "members": [self.member.id], "guests": [self.guest]},
            "updateGroup": {"name": "Changed", "members": [self.member.id]},
            "createTemplate": {
                "title": "New",
                "type": "procedure",
                "folder_id": self.folder,
                "users": [self.member.id],
                "groups": [self.group],
            },
            "updateTemplate": {"title": "New", "folder_id": self.folder, "owner_id": self.member.id},
            "updateTemplatePermissions": [
                {"permission": "LAUNCH", "all": False, "users": [self.member.id], "groups": [self.group]}
            ],
            "cloneTemplate": {"title": "Copy"},
            "importLibraryTemplate": {"title": "Copy"},
            "createBulkLaunch": CSV,
            "createVersionMove": {"runs": [self.run]},
            "undoVersionMove": {},
            "submitPublicKickoffForm": {"email": "visitor@partner.test"},
            "askForKickoffVisit": {"email": "visitor@partner.test"},
            "submitKickoffVisit": {},
            "askForGuestLink": {"email": self.guest},
            "receiveMail": Mail(f"From: {self.admin.email}\nTo: nobody@bot.test\n\nHello"),
            "commentOnTemplate": comment,
            "reportTemplateProblem": comment,
            "resolveTemplateProblem": {"content": "clear", "thread_id": self.template_problem},
            "createStep": step,
            "updateStep": step,
            "reorderStep": {"position": 2},
            "cloneStep": {"title": "Again"},
            "createStepField": choice,
            "updateStepField": choice,
            "reorderStepField": {"capture_id": self.capture, "position": 1},
            "moveStepField": {"target_step_id": self.other_step, "position": 1},
            "createStage": {"name": "Second"},
            "createRule": self.rule_body(),
            "updateRule": self.rule_body(),
            "simulateTemplate": {
                "prerun": {self.prerun: "x"},
                "user_id": self.member.id,
                "tasks": {self.step: {"owners": owners}},
                "events": [{"event": "complete", "step_id": self.other_step}],
            },
            "updateStage": {"name": "Second", "steps": [self.step]},
            "launchProcess": {
                "checklist_id": self.template,
                "prerun": {self.prerun: "x"},
                "owner_id": self.member.id,
                "user_id": self.member.id,
                "parent_id": self.run,
                "tasks": {self.step: {"owners": owners}},
                "roles": {self.role: owners},
                **process,
            },
            "updateProcess": {"name": "Changed", "owner_id": self.member.id, **process},
            "updateProcessTask": {"title": "Changed", "owners": owners},
            "updateTask": {**task, "owners": owners, "tags": [self.tag]},
            "completeProcessTask": {"task_id": self.task},
            "completeTask": {"task_id": self.one_off},
            "answerTask": {"id": self.field, "value": "+49"},
            "answerField": {"id": self.field, "form_value": "+49"},
            "hideTask": {},
            "showTask": {},
            "createTask": one_off,
            "cloneTask": {"title": "Again"},
            "changeTasksTogether": {"tasks": [{"id": self.task, "owners": owners}]},
            "linkTask": {"run_id": self.run},
            "shareTaskOfGuest": {"email": "colleague@partner.test"},
            "addTemplateToFavourites": {"users": [self.member.id]},
            "updateTaskOfGuest": {"taskdata": {self.field: "+49"}},
            "completeTaskOfGuest": {"task_id": self.one_off},
            "answerFieldOfGuest": {"id": self.field, "form_value": "+49"},
            "attachTag": {
                "subject_id": self.advanced_run,
                "subject_type": "run",
                "tag_id": self.tag,
                "tag_type": "public",
            },
            "addToFolder": {"folder_id": self.other_run_folder, "subject_id": self.run, "subject_type": "run"},
            "createTag": {"title": "New"},
            "updateTag": {"title": "Changed"},
            "createJobTitle": {"name": "Cook", "users": [self.member.id]},
            "updateJobTitle": {"name": "Chef", "users": [self.member.id]},
            "createLookupList": {"name": "Ports", "columns": ["Port"]},
            "updateLookupList": {"rows": [["Kiel"]]},
            "createCustomFieldKey": {"key": "region", "applies_to": "run", "field_type": "text"},
            "updateCustomFieldKey": {"label": "Changed"},
            "createSnippet": {"title": "New", "content": "Mind the gap", "visible_to_guests": True},
            "updateSnippet": {"title": "Changed"},
            "createRecurringJob": {"checklist_id": self.template, "frequency": "daily", "interval": 2},
            "updateRecurringJob": {"interval": 3},
            "createAbsence": {"starts_on": "2026-08-03", "ends_on": "2026-08-14", "deputy_id": self.member.id},
            "updateAbsence": {"ends_on": "2026-01-05"},
            "previewRecurringJob": {"frequency": "weekly"},
            "createFolder": {"name": "New", "folder_type": "checklist", "parent_id": self.folder},
            "updateFolder": {"name": "Changed"},
            "commentOnProcess": comment,
            "putOnHold": {"reason": "Waiting for parts"},
            "reportIssue": comment,
            "resolveIssue": {"content": "done", "thread_id": self.issue},
            "commentOnTask": comment,
            "updateComment": comment,
            "reportProblem": comment,
            "resolveProblem": {"content": "done", "thread_id": self.problem},
            "commentAsBot": comment,
            "commentAsGuest": comment,
            "commentOnStep": comment,
            "markTemplateComment": {"is_read": True},
            "createProcessStage": {"name": "Second"},
            "updateProcessStage": {"name": "Second", "tasks": [self.task]},
            "addWatcher": {"object_type": "task", "object_id": self.one_off},
        }

    def url(self, operation: Operation, organization_id: str | None = None) -> str:
        """The operation's path with this world's ids; in another organization when one is named."""
        values = {
            **self.path(operation),
            "org_id": organization_id or self.org.id,
            "key": self.public_template,
        }
        return operation.path.format_map({**values, "file": "swagger-ui.css"}) + QUERIES.get(operation.id, "")


class Form(msgspec.Struct, frozen=True):
    """The fields of a form that is sent with a file."""

    fields: dict[str, str]


class Mail(msgspec.Struct, frozen=True):
    """A mail that a mail server hands over."""

    text: str


def as_sent(body: Any) -> dict[str, Any]:
    """What a client is told to send."""
    if isinstance(body, Mail):
        headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {SECRET_WORD}"}
        return {"content": body.text, "headers": headers}
    if isinstance(body, Form):
        return {"data": body.fields, "files": FILE}
    return {} if body is None else {"content" if isinstance(body, str) else "json": body}


def send(api: Api, operation: Operation, url: str, body: Any) -> httpx.Response:
    """The answer; it is held against the API document."""
    return api.request(operation.method, "/" + url, **as_sent(body))


def succeed(world: World, operation: Operation, *, besides: Mapping[str, Any] | None = None) -> httpx.Response:
    """Do it as somebody who may, with these keys in the body, too."""
    body = world.body(operation)
    body = {**body, **besides} if isinstance(body, dict) and besides else body
    if operation.id.endswith("AsGuest") or operation.id in FILES_OF_GUESTS:
        code = world.guest_api.code
        url = world.url(operation).replace(world.guest, code)
        return send(Api(world.server, None), operation, url, body)
    who = world.admin if operation.id == "changePassword" else world.org.admin
    return send(who.api, operation, world.url(operation), body)


# So many operations may change a world before what others ask for is likely to be gone.
MOST_CHANGES = 10


class Supply:
    """A world for one operation after the other; when `thorough`, nothing in it is otherwise than it was made."""

    def __init__(self, server: Server, *, thorough: bool = False) -> None:
        self._server = server
        self._thorough = thorough
        self._world: World | None = None
        self._changes = 0

    def world(self) -> World:
        self._world = self._world or World(self._server)
        return self._world

    def fresh(self) -> World:
        self._world = World(self._server)
        return self._world

    def note(self, operation: Operation, *statuses: int) -> None:
        """How requests went: nothing is otherwise than before for what was only read, added, or refused."""
        is_otherwise = operation.method != "GET" and any(status < 400 and status != 201 for status in statuses)
        self._changes += is_otherwise
        if self._changes >= (1 if self._thorough else MOST_CHANGES):
            self._world, self._changes = None, 0
