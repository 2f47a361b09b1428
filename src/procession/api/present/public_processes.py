"""Public processes as their readers and those who publish them see them. Spec: behaviour-work B1 to B4."""

from collections.abc import Iterable, Mapping

from procession.adapters.text import safe_markup
from procession.api.call import Call
from procession.api.contract.public_processes import (
    PublicAnswer,
    PublicComment,
    PublicLink,
    PublicProcess,
    PublicTaskOut,
)
from procession.domain.bot_comments import with_references
from procession.domain.processes import Process
from procession.domain.run_document import progress
from procession.domain.threads import Thread
from procession.domain.times import wire, wire_or_none
from procession.storage.public_processes import Link
from procession.usecases.public_processes import Answered, PublicTask, PublicView


def present_link(call: Call, process: Process, link: Link | None) -> PublicLink:
    path = "" if link is None else f"/public/organizations/{call.organization_id}/runs/{link.code}"
    return PublicLink(
        is_public=process.is_public,
        code=None if link is None else link.code,
        url=None if link is None else call.base_url + path,
        made_at=None if link is None else wire(link.made_at),
    )


def present_public(view: PublicView, org_logo: str | None) -> PublicProcess:
    """`org_logo`: where whoever reads it loads the logo."""
    process, tasks = view.process, view.tasks
    done = sum(each.task.is_completed for each in tasks)
    due = max((each.task.deadline for each in tasks if each.task.deadline and not each.task.is_held), default=None)
    return PublicProcess(
        name=process.name,
        summary=process.summary,
        organization=view.organization,
        org_logo=org_logo,
        status="archived" if process.is_archived else process.status,
        progress=progress(done, len(tasks)),
        started_at=wire(process.started_at),
        due_date=wire_or_none(due),
        completed_at=wire_or_none(process.completed_at),
        prerun=_answers(view.answers),
        tasks=[_task(each, view.names) for each in tasks],
    )


def _task(shown: PublicTask, names: Mapping[int, str]) -> PublicTaskOut:
    task = shown.task
    return PublicTaskOut(
        title=shown.title,
        task_type=task.task_type,
        status=task.status,
        milestone=shown.milestone,
        deadline=wire_or_none(task.deadline),
        completed_at=wire_or_none(task.completed_at),
        assignees=None if shown.assignees is None else list(shown.assignees),
        form_fields=_answers(shown.answers),
        comments=[_comment(each, names) for each in shown.comments],
    )


def _answers(answers: Iterable[Answered]) -> list[PublicAnswer]:
    return [PublicAnswer(each.field.label, each.field.field_type, each.text) for each in answers]


def _comment(thread: Thread, names: Mapping[int, str]) -> PublicComment:
    match thread.author_kind:
        case "user":
            author = names.get(thread.author or 0, "")
        case "guest":
            author = (thread.author_guest or "").partition("@")[0]
        case "bot":
            author = ""
    return PublicComment(author, safe_markup(with_references(thread, {})), thread.label, wire(thread.created_at))
