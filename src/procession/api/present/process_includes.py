"""What `with=` adds to processes, for a whole page at once. Spec: api-processes 4."""

from collections.abc import Collection, Mapping, Sequence

from procession.api.call import Call
from procession.api.contract.envelope import Many, One
from procession.api.contract.process_answers import RunIncludes
from procession.api.contract.processes import FolderLink, NextTask, RunPermissions, TasksMeta
from procession.api.contract.shared import TagLink
from procession.api.present.files import present_files
from procession.api.present.process_documents import add_from_documents
from procession.api.present.processes import Share
from procession.api.present.tasks import present_tasks
from procession.api.present.threads import present_threads
from procession.api.present.watchers import WATCHERS, add_watchers
from procession.domain.files import File
from procession.domain.permissions import is_assigned_to, may_archive_process
from procession.domain.processes import State
from procession.domain.run_document import read_document
from procession.domain.summary import DUE_SOON_MS
from procession.domain.template_permissions import may_edit
from procession.domain.times import wire_or_none
from procession.storage import (
    access,
    files,
    organizations,
    parts,
    task_pages,
    template_grants,
    templates,
    threads,
)
from procession.storage.listing import includes
from procession.storage.listing.includes import BriefTask
from procession.storage.listing.rows import ListedProcess
from procession.storage.tx import ReadTx
from procession.usecases.task_texts import MARK, texts_of

OFFERED = frozenset(
    {
        "checklist",
        "tasks",
        "tags",
        "assets",
        "next_task",
        "permissions",
        "tasks_meta",
        "ko_form_fields",
        "form_fields",
        "stages",
        "folders",
    }
)
SELECTED = "selected_text_comment"
ON_THREADS = frozenset({"threads", SELECTED})
ON_ONE_ONLY = frozenset({*ON_THREADS, *WATCHERS})
# These are worked out from the visible tasks; they share one statement.
FROM_TASKS = frozenset({"next_task", "tasks_meta", "stages"})
# These need the template versions that the processes run.
FROM_DOCUMENT = frozenset({"checklist", "ko_form_fields", "form_fields", "stages"})
NEEDS_NAMES = frozenset({"permissions", "form_fields", "tasks", "assets", "checklist.steps"})
MAX_DEPTH = 3


def wanted(call: Call, names: Sequence[str], *, one: bool = False) -> frozenset[str]:
    """The includes asked for, parents of nested ones included; unknown names are reported, not refused."""
    offered = OFFERED | ON_ONE_ONLY if one else OFFERED
    found: set[str] = set()
    for name in names:
        parts = name.lower().replace("-", "_").split(".")[:MAX_DEPTH]
        if parts[0] in offered:
            found |= {".".join(parts[: n + 1]) for n in range(len(parts))}
        else:
            call.ignore(f"with:{name}")
    return frozenset(found)


class Viewer:
    """The caller's view of a page of processes: shares of secret tasks and the tasks that includes need."""

    def __init__(self, named: frozenset[str], tasks: Mapping[int, list[BriefTask]] | None) -> None:
        self.named = named
        self.tasks = tasks
        self.shares: dict[int, Share] = {}


async def view(tx: ReadTx, rows: Sequence[ListedProcess], names: Collection[str]) -> Viewer:
    """Load what progress, lateness and task includes need: one statement, only when something needs it."""
    limited = [row.seq for row in rows if row.tasks_secret and not tx.actor.is_admin]
    from_tasks = not FROM_TASKS.isdisjoint(names)
    needs_names = limited or from_tasks or not NEEDS_NAMES.isdisjoint(names)
    named = await access.principals_of_caller(tx) if needs_names else frozenset[str]()
    if not limited and not from_tasks:
        return Viewer(named, None)
    loaded = await includes.brief_tasks_of(tx, [row.seq for row in rows] if from_tasks else limited)
    shown = {
        seq: [task for task in tasks if tx.actor.is_admin or not task.top_secret or is_assigned_to(named, task.owners)]
        for seq, tasks in loaded.items()
    }
    viewer = Viewer(named, shown)
    viewer.shares = {seq: share_of_tasks(shown[seq]) for seq in limited}
    return viewer


def share_of_tasks(tasks: list[BriefTask]) -> Share:
    deadlines = sorted(t.deadline for t in tasks if t.deadline is not None and t.is_open and not t.is_held)
    due = max((t.deadline for t in tasks if t.deadline is not None and not t.is_held), default=None)
    return Share(len(tasks), sum(not t.is_open for t in tasks), tuple(deadlines), due)


async def add_includes(
    tx: ReadTx,
    call: Call,
    rows: Sequence[ListedProcess],
    runs: Sequence[RunIncludes],
    names: frozenset[str],
    viewer: Viewer,
    *,
    with_answers: bool,
) -> None:
    """Fill the asked-for includes of each run; each kind costs a fixed number of statements."""
    await _add_relations(tx, rows, runs, names, viewer.named)
    if viewer.tasks is not None:
        for row, run in zip(rows, runs, strict=True):
            _add_from_tasks(row, run, names, viewer.tasks.get(row.seq, []), call)
        await _fill_titles(tx, rows, [each for run in runs if run.next_task for each in run.next_task.data])
    if not FROM_DOCUMENT.isdisjoint(names):
        await add_from_documents(
            tx, rows, runs, names, named=viewer.named, tasks=viewer.tasks, with_answers=with_answers
        )
    if "tasks" in names:
        await _add_tasks(tx, rows, runs, names, viewer)
    if "permissions" in names:
        await _add_permissions(tx, rows, runs, viewer)
    await add_watchers(tx, "process", [row.seq for row in rows], runs, names)
    if not names.isdisjoint(ON_THREADS):
        for row, run in zip(rows, runs, strict=True):
            found = await present_threads(tx, await threads.of_process(tx, row.seq))
            if "threads" in names:
                run.threads = Many(found)
            if SELECTED in names:
                run.selected_text_comment = Many([each for each in found if each.selected_text is not None])


async def _add_relations(
    tx: ReadTx,
    rows: Sequence[ListedProcess],
    runs: Sequence[RunIncludes],
    names: frozenset[str],
    named: frozenset[str],
) -> None:
    numbers = [row.seq for row in rows]
    if "tags" in names:
        tags = await includes.tags_of(tx, numbers)
        for row, run in zip(rows, runs, strict=True):
            run.tags = Many([TagLink(t.id, t.tag_id, t.title, t.color, t.type) for t in tags[row.seq]])
    if "folders" in names:
        folders = await includes.folders_of(tx, numbers)
        for row, run in zip(rows, runs, strict=True):
            run.folders = Many([FolderLink(f.id, f.name, f.parent_id, f.relation) for f in folders[row.seq]])
    if "assets" in names:
        found = await _files_of(tx, numbers, named)
        for row, run in zip(rows, runs, strict=True):
            run.assets = present_files(found[row.seq], tx.organization_id)


async def _files_of(tx: ReadTx, numbers: Sequence[int], named: frozenset[str]) -> dict[int, list[File]]:
    """What the processes refer to, and those of their tasks that the caller sees; each file once."""
    found: dict[int, dict[int, File]] = {seq: {} for seq in numbers}
    for seq, listed in (await files.of_processes(tx, numbers)).items():
        found[seq] |= {file.no: file for file in listed}
    for each in await files.of_tasks_of(tx, numbers):
        if tx.actor.is_admin or not each.is_secret or is_assigned_to(named, each.owners):
            found[each.process][each.file.no] = each.file
    return {seq: list(listed.values()) for seq, listed in found.items()}


def _add_from_tasks(
    row: ListedProcess, run: RunIncludes, names: frozenset[str], tasks: list[BriefTask], call: Call
) -> None:
    if "next_task" in names:
        run.next_task = Many([_next_task(task) for task in _first_due(tasks)])
    if "tasks_meta" in names:
        run.tasks_meta = One(_tasks_meta(row, tasks, call))


def _first_due(tasks: list[BriefTask]) -> list[BriefTask]:
    """At most one: earliest deadline, nulls last, then position. Spec: api-processes 4.1, behaviour-work N-1."""
    open_tasks = [task for task in tasks if task.is_open]
    if not open_tasks:
        return []
    return [min(open_tasks, key=lambda t: (t.deadline is None, t.deadline or 0, t.position, t.id))]


def _next_task(task: BriefTask) -> NextTask:
    owners = task.owners
    return NextTask(
        id=task.id,
        increment_id=task.seq,
        title=task.title,
        alias=task.alias,
        owners={"users": list(owners.users), "guests": list(owners.guests), "groups": list(owners.groups)},
        deadline=wire_or_none(task.deadline),
    )


async def _fill_titles(tx: ReadTx, rows: Sequence[ListedProcess], following: Sequence[NextTask]) -> None:
    """Replace the variables in the titles of next tasks; no statement when there are none. Spec: L-7.10."""
    quoting = {each.increment_id: each for each in following if MARK in each.title}
    if not quoting:
        return
    quoted = [task for task in await includes.tasks_of(tx, [row.seq for row in rows]) if task.seq in quoting]
    processes = await task_pages.processes_at(tx, (task.process for task in quoted if task.process is not None))
    found = await parts.loaded(tx, processes.values(), quoted)
    texts = await texts_of(tx, quoted, [None] * len(quoted), processes, found)
    for task in quoted:
        quoting[task.seq].title = texts.title(task)


def _tasks_meta(row: ListedProcess, tasks: list[BriefTask], call: Call) -> TasksMeta:
    live = [t.deadline for t in tasks if t.is_open and t.deadline is not None and not t.is_held]
    deadlines = [] if row.state == State.ARCHIVED else live
    for each in deadlines:
        call.changes_at(each + 1)
        call.changes_at(each - DUE_SOON_MS)
    return TasksMeta(
        total=len(tasks),
        completed=sum(not task.is_open for task in tasks),
        in_progress=sum(task.status == "in-progress" for task in tasks),
        not_started=sum(task.status == "not-started" for task in tasks),
        overdue=sum(each < call.now for each in deadlines),
        due_soon=sum(call.now <= each <= call.now + DUE_SOON_MS for each in deadlines),
        problems=sum(task.open_problems > 0 for task in tasks),
    )


async def _add_tasks(
    tx: ReadTx, rows: Sequence[ListedProcess], runs: Sequence[RunIncludes], names: frozenset[str], viewer: Viewer
) -> None:
    """Visible tasks, secret ones only for those who may see them; `tasks.x` adds x to each."""
    nested = frozenset(name.removeprefix("tasks.") for name in names if name.startswith("tasks."))
    loaded = await includes.tasks_of(tx, [row.seq for row in rows])
    seen = [t for t in loaded if tx.actor.is_admin or not t.top_secret or is_assigned_to(viewer.named, t.owners)]
    shown = await present_tasks(tx, viewer.named, seen, nested)
    for row, run in zip(rows, runs, strict=True):
        run.tasks = Many([out for task, out in zip(seen, shown, strict=True) if task.process == row.seq])


async def _add_permissions(
    tx: ReadTx, rows: Sequence[ListedProcess], runs: Sequence[RunIncludes], viewer: Viewer
) -> None:
    """What the caller may do with each process they see. Spec: behaviour-people Q6, 3.2."""
    actor, named = tx.actor, viewer.named
    may_archive = may_archive_process(
        actor, organization_allows=(await organizations.settings_of(tx, tx.org)).allow_archive
    )
    heads = await templates.many(tx, sorted({row.template_id for row in rows}))
    standings = await template_grants.standings(tx, heads)
    for row, run in zip(rows, runs, strict=True):
        standing = standings.get(row.template_id)
        document = read_document(row.document)
        related = actor.id in (document.owner_id, document.started_by) or f"t:{row.template_id}" in named
        edits_template = standing is not None and may_edit(standing)
        is_editor = actor.is_admin or (actor.role == "standard" and (related or edits_template))
        is_live = row.state != State.ARCHIVED
        is_free = is_live and not document.has_open_issue
        run.permissions = One(
            RunPermissions(
                can_edit=is_editor and is_free,
                can_archive=may_archive and (is_free or not is_live),
                can_delete=actor.is_admin and not is_live,
                can_reassign=actor.role in ("admin", "standard") and is_free,
                can_complete=is_free,
                can_add_oot=document.can_add_oot and is_free,
            )
        )
