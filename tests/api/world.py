"""An organization with one of everything, and a request for every operation that succeeds in it."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from procession.api.inbound import RawMail
from procession.api.operations import Operation
from procession.api.uploads import UploadForm
from tests.api.everything import CSV, DEADLINE, FILE, PASSWORD, Everything
from tests.harness import Api, Server
from tests.mail.delivering import SECRET_WORD

# What operations cannot do without.
QUERIES = {"search": "?search=greet"}
# Nobody but the guest whose link it is.
COMMENTS_OF_GUESTS = {"commentAsGuest", "updateCommentAsGuest", "updateCommentAsGuestByPatch", "deleteCommentAsGuest"}
FILES_OF_GUESTS = {"getAssetOfGuest", "showFileOfGuest", "downloadFileOfGuest", "deleteFileOfGuest"}


class World(Everything):
    """What an operation is told in it."""

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
            "updateCommentAsGuest": {"comment_id": self.guest_comment},
            "updateCommentAsGuestByPatch": {"comment_id": self.guest_comment},
            "deleteCommentAsGuest": {"comment_id": self.guest_comment},
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
            "updateCommentAsGuest": comment,
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


def send(api: Api, operation: Operation, url: str, body: Any, **options: Any) -> httpx.Response:
    """The answer; it is held against the API document."""
    return api.request(operation.method, "/" + url, **as_sent(body), **options)


def succeed(
    world: World, operation: Operation, *, besides: Mapping[str, Any] | None = None, **options: Any
) -> httpx.Response:
    """Do it as somebody who may, with these keys in the body, too."""
    body = world.body(operation)
    body = {**body, **besides} if isinstance(body, dict) and besides else body
    if operation.id.removesuffix("ByPatch").endswith("AsGuest") or operation.id in FILES_OF_GUESTS:
        code = world.guest_api.code
        url = world.url(operation).replace(world.guest, code)
        return send(Api(world.server, None), operation, url, body, **options)
    who = world.admin if operation.id == "changePassword" else world.org.admin
    return send(who.api, operation, world.url(operation), body, **options)


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
