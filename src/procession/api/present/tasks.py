"""Tasks, a whole page at once: how many statements that takes does not depend on the page. Spec: api-tasks 2, 6."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from procession.api.contract.envelope import Many, One
from procession.api.contract.processes import FolderLink
from procession.api.contract.shared import Blocker, TagLink
from procession.api.contract.tasks import JobTitle, TaskOut, TaskOwners
from procession.api.present.files import present_files
from procession.api.present.forms import present_form
from procession.api.present.order_locks import blocker
from procession.api.present.steps import present_step
from procession.api.present.threads import present_threads
from procession.api.present.watchers import WATCHERS, add_watchers
from procession.domain import tasks as rules
from procession.domain.fields import Field
from procession.domain.names import MARK
from procession.domain.permissions import may_see_beside, may_work_on_task
from procession.domain.processes import Task
from procession.domain.tasks import PeopleOfGroups
from procession.domain.templates import Template
from procession.domain.times import wire, wire_or_none
from procession.storage import files, groups, guests, launchers, task_pages, threads
from procession.storage.parts import Part, Parts, loaded
from procession.storage.task_pages import ProcessFacts
from procession.storage.tx import ReadTx
from procession.usecases.calendars import zone_for
from procession.usecases.task_texts import Texts, texts_of

INCLUDES = frozenset(
    {
        "step",
        "form_fields",
        "ko_form_fields",
        "threads",
        "issues",
        "selected_text_comment",
        "threads_count",
        "tags",
        "folders",
        "assets",
        "roles",
        "summary",
        *WATCHERS,
    }
)
ALIASES = {"comments": "threads"}
# Guests see of a process what the texts of their tasks quote. Spec: behaviour-people 5.3.
FOR_MEMBERS = frozenset({"step", "ko_form_fields", "roles", *WATCHERS})
FORMS = frozenset({"form_fields", "ko_form_fields"})
FROM_DOCUMENTS = frozenset({"step", "form_fields", "ko_form_fields", "summary"})


async def present_tasks(
    tx: ReadTx, named: frozenset[str], tasks: Sequence[Task], names: frozenset[str] = frozenset()
) -> list[TaskOut]:
    """Tasks of any processes, or none, in their order, as the caller (named so) sees them, with the named includes."""
    page = await _load(tx, tasks, names)
    shown = [_present(tx, named, task, page) for task in tasks]
    offered = names - FOR_MEMBERS if tx.actor.kind == "guest" else names
    for task, out in zip(tasks, shown, strict=True):
        _add_from_document(out, task, page, offered)
    await _add_threads(tx, tasks, shown, names)
    await _add_places(tx, tasks, shown, names)
    await add_watchers(tx, "task", [task.seq for task in tasks], shown, offered)
    if "assets" in names:
        await _add_files(tx, tasks, shown, page)
    return shown


class _Page:
    """What the tasks of a page need to be shown."""

    def __init__(
        self,
        processes: Mapping[int, ProcessFacts],
        parts: Parts,
        people_of_groups: PeopleOfGroups,
        guest_ids: Mapping[str, int],
        blockers: Mapping[int, Sequence[Task]],
        launchers: Mapping[int, frozenset[str]],
    ) -> None:
        self.processes = processes
        self.parts = parts
        self.people_of_groups = people_of_groups
        self.guest_ids = guest_ids
        self.blockers = blockers
        self.launchers = launchers
        self.zone = "UTC"
        self.texts = Texts.without_quotes()
        self.titles: dict[int, str] = {}
        self.summaries: dict[int, tuple[str | None, str | None]] = {}

    def process_of(self, task: Task) -> ProcessFacts | None:
        return None if task.process is None else self.processes[task.process]

    def blockers_of(self, task: Task) -> Sequence[Task]:
        """What is still to be completed before it. Spec: behaviour-work 5.8a."""
        return self.blockers.get(task.seq, ())

    def part_takers_of(self, task: Task) -> frozenset[str] | None:
        """Whose parts count; None when the task has no parts."""
        if not rules.has_parts(task):
            return None
        launchers = self.launchers.get(task.process or 0, frozenset[str]())
        return rules.part_takers(task, self.people_of_groups, launchers=launchers)

    def document_of(self, task: Task) -> Template | None:
        """What the task is part of."""
        return self.parts.document(self.parts.of(task))

    def kickoff_of(self, task: Task) -> tuple[Field, ...]:
        """The kick-off form of the task's process."""
        document = None if task.process is None else self.parts.document(self.parts.own(task.process))
        return () if document is None else document.kickoff


async def _load(tx: ReadTx, tasks: Sequence[Task], names: frozenset[str]) -> _Page:
    processes = await task_pages.processes_at(tx, (task.process for task in tasks if task.process is not None))
    parts = Parts(processes.values())
    blockers = await task_pages.blockers_of(tx, tasks)
    named_beside = _beside(tasks, blockers)
    if not FROM_DOCUMENTS.isdisjoint(names) or any(MARK in task.title for task in (*tasks, *named_beside)):
        parts = await loaded(tx, processes.values(), [*tasks, *named_beside])
    shared = {group for task in tasks if rules.has_parts(task) for group in task.owners.groups}
    found = await groups.members_of(tx, shared)
    completers = await guests.by_emails(tx, {task.completer_guest for task in tasks if task.completer_guest})
    page = _Page(
        processes,
        parts,
        {group: (frozenset(each.members), frozenset(each.guests)) for group, each in found.items()},
        {email: guest.id for email, guest in completers.items()},
        blockers,
        await launchers.barred(tx, tasks, {seq: each.starter for seq, each in processes.items()}),
    )
    originals = [rules.summary_of(task, page.document_of(task)) if "summary" in names else None for task in tasks]
    guidance: list[str | None] = []
    if not FORMS.isdisjoint(names):
        fields = [field for task in tasks for field in _all_fields(task, page)]
        guidance = [field.guidance for field in fields]
        page.zone = await zone_for(tx, fields)
    untold = [None] * len(named_beside)
    page.texts = texts = await texts_of(tx, [*tasks, *named_beside], [*originals, *untold], processes, parts, guidance)
    page.titles = {task.seq: texts.title(task) for task in (*named_beside, *tasks)}
    for task, original in zip(tasks, originals, strict=True):
        if "summary" in names:
            page.summaries[task.seq] = (texts.summary(task, original), original)
    return page


def _beside(tasks: Sequence[Task], blockers: Mapping[int, Sequence[Task]]) -> list[Task]:
    """The tasks that are only named."""
    there = {task.seq for task in tasks}
    return list({each.seq: each for found in blockers.values() for each in found if each.seq not in there}.values())


def _present(tx: ReadTx, named: frozenset[str], task: Task, page: _Page) -> TaskOut:
    process = page.process_of(task)
    for_guest = tx.actor.kind == "guest"
    waits_for = page.blockers_of(task)
    people = page.part_takers_of(task)
    out = TaskOut(
        id=task.id,
        increment_id=task.seq,
        title=page.titles[task.seq],
        original_title=task.title,
        run_id=process.id if process else None,
        checklist_id=process.template_id if process and not process.is_system else None,
        step_id=task.step_id,
        linked_step_id=task.linked_step_id,
        alias=task.alias,
        taskdata=task.taskdata,
        owners=_owners(task, only_guest=tx.actor.guest_email if for_guest else None),
        status=task.status,
        status_label=rules.status_label(task),
        task_type=task.task_type,
        is_approved=task.is_approved,
        is_completable=not waits_for and _is_completable(tx, named, task, process, people),
        position=task.position,
        blueprint_position=task.blueprint_position,
        stage_id=task.stage_id,
        started_at=wire_or_none(task.started_at),
        is_soft_start_date=task.is_soft_start_date,
        deadline=wire_or_none(task.deadline),
        deadline_is_held=task.is_held,
        created_at=wire(task.created_at),
        last_updated=wire(task.updated_at),
        completed_at=wire_or_none(task.completed_at),
        archived_at=wire_or_none(task.archived_at),
        starter_id=task.starter if task.starter is not None or process is None else process.starter,
        completer_id=task.completer,
        completer_guest=task.completer_guest,
        completer_guest_id=_guest_key(task, page),
        is_oneoff_task=task.is_oneoff,
        everyone_must_complete=task.everyone_must_complete,
        approvals_needed=UNSET if task.approvals_needed is None else task.approvals_needed,
        blocked_by=UNSET if task.blocked_by is None else [_blocker(tx, named, each, page) for each in waits_for],
        completion_progress=None if people is None else rules.part_progress(task, people),
        can_complete_only_assignees=task.can_complete_only_assignees,
        max_assignable=task.max_assignable,
        allow_guest_owners=task.allow_guest_owners,
        prevent_guest_comment=task.prevent_guest_comment,
        has_deadline_dependent_child_tasks=task.has_dependents,
        webhook=None if for_guest else task.webhook,
        problem=task.open_problems > 0,
        has_issues=task.open_problems > 0,
        top_secret=task.top_secret,
        send_chromeless=task.send_chromeless,
        run_status=process.shown_status if process else None,  # pyright: ignore[reportArgumentType]  # the column holds only these words
        custom_fields=None if for_guest else task.custom_fields,
    )
    if task.seq in page.summaries:
        out.summary, out.original_summary = page.summaries[task.seq]
    return out


def _blocker(tx: ReadTx, named: frozenset[str], task: Task, page: _Page) -> Blocker:
    return blocker(task, page.titles[task.seq] if may_see_beside(tx.actor, named, task) else None)


def _owners(task: Task, *, only_guest: str | None) -> TaskOwners:
    """A guest does not learn the addresses of others. Spec: api-tasks 16."""
    shown = [each for each in task.owners.guests if only_guest in (None, each)]
    return TaskOwners(users=list(task.owners.users), guests=shown, groups=list(task.owners.groups), taskUrls=[])


def _guest_key(task: Task, page: _Page) -> str | None:
    found = page.guest_ids.get(task.completer_guest or "")
    return None if found is None else str(found)


def _is_completable(
    tx: ReadTx, named: frozenset[str], task: Task, process: ProcessFacts | None, people: frozenset[str] | None
) -> bool:
    """Whether the caller could complete the task now, or their part of it. Spec: api-tasks 2."""
    if not task.is_open or task.archived_at is not None or task.open_problems:
        return False
    if process is not None and not process.is_changeable:
        return False
    me = tx.actor.principal
    if rules.needs_approvals(task) and people is not None and me not in people:
        return False
    part_is_done = (
        people is not None
        and me in people & task.parts.keys()
        and len(people & task.parts.keys()) < rules.parts_needed(task, people)
    )
    return not part_is_done and may_work_on_task(tx.actor, named, task)


def _all_fields(task: Task, page: _Page) -> tuple[Field, ...]:
    """Those of the task and of its process's kick-off form."""
    return (*rules.fields_of(task, page.document_of(task)), *page.kickoff_of(task))


def _add_from_document(out: TaskOut, task: Task, page: _Page, names: frozenset[str]) -> None:
    document, process = page.document_of(task), page.process_of(task)

    def guide(markup: str) -> str:
        return page.texts.guidance(task, markup)

    if "step" in names:
        out.step = One(_step(page.parts.of(task), document, task))
    if "form_fields" in names:
        fields = rules.fields_of(task, document)
        place = {"task_id": task.id, "step_id": task.step_id}
        out.form_fields = Many(present_form(fields, task.taskdata, zone=page.zone, guide=guide, **place))
    if "ko_form_fields" in names:
        answers = process.prerun if process is not None else {}
        out.ko_form_fields = Many(present_form(page.kickoff_of(task), answers, zone=page.zone, guide=guide))
    if "roles" in names:
        out.roles = Many([JobTitle(each) for each in task.roles])


def _step(part: Part | None, document: Template | None, task: Task) -> Any:
    if part is None or document is None or task.step_id is None or document.step(task.step_id) is None:
        return None
    return present_step(part.template_id, document, task.step_id)


async def _add_threads(tx: ReadTx, tasks: Sequence[Task], shown: Sequence[TaskOut], names: frozenset[str]) -> None:
    seqs = [task.seq for task in tasks]
    if not names.isdisjoint({"threads", "issues", "selected_text_comment"}):
        placed = await threads.of_tasks(tx, seqs) if seqs else []
        outs = await present_threads(tx, placed)
        by_task: dict[int, list[Any]] = {seq: [] for seq in seqs}
        for each, out in zip(placed, outs, strict=True):
            by_task[each.thread.task or 0].append(out)
        for task, out in zip(tasks, shown, strict=True):
            if "threads" in names:
                out.threads = Many(by_task[task.seq])
            if "issues" in names:
                out.issues = Many([each for each in by_task[task.seq] if each.label == "problem"])
            if "selected_text_comment" in names:
                out.selected_text_comment = Many([each for each in by_task[task.seq] if each.selected_text is not None])
    if "threads_count" in names:
        counts = await threads.counts_of_tasks(tx, seqs) if seqs else {}
        for task, out in zip(tasks, shown, strict=True):
            out.threads_count = counts.get(task.seq, 0)


async def _add_files(tx: ReadTx, tasks: Sequence[Task], shown: Sequence[TaskOut], page: _Page) -> None:
    """What the task refers to, and the documents that are put on its step. Spec: behaviour-work F7."""
    own = await files.of_tasks(tx, [task.seq for task in tasks])
    on_steps = await files.of_templates(tx, sorted({each.template_id for each in page.processes.values()}))
    for task, out in zip(tasks, shown, strict=True):
        process = page.process_of(task)
        found = on_steps.get(process.template_id, ()) if process is not None and task.step_id is not None else ()
        documents = [each.file for each in found if each.step_id == task.step_id]
        out.assets = present_files([*own.get(task.seq, ()), *documents], tx.organization_id)


async def _add_places(tx: ReadTx, tasks: Sequence[Task], shown: Sequence[TaskOut], names: frozenset[str]) -> None:
    seqs = [task.seq for task in tasks]
    if "tags" in names:
        tags = await task_pages.tags_of(tx, seqs)
        for task, out in zip(tasks, shown, strict=True):
            out.tags = Many([TagLink(t.id, t.tag_id, t.title, t.color, t.type) for t in tags[task.seq]])
    if "folders" in names:
        folders = await task_pages.folders_of(tx, seqs)
        for task, out in zip(tasks, shown, strict=True):
            out.folders = Many([FolderLink(f.id, f.name, f.parent_id, f.relation) for f in folders[task.seq]])
