"""What `with=` adds to processes, for a whole page at once. Spec: api-processes 4."""

from collections.abc import Collection, Mapping, Sequence

from procession.api.call import Call
from procession.api.contract.envelope import Many, One
from procession.api.contract.processes import FolderLink, NextTask, Run, TasksMeta
from procession.api.contract.shared import TagLink
from procession.api.present.processes import Share
from procession.domain.permissions import is_assigned_to
from procession.domain.processes import State
from procession.domain.summary import DUE_SOON_MS
from procession.domain.times import wire_or_none
from procession.storage import access
from procession.storage.listing import includes
from procession.storage.listing.includes import BriefTask
from procession.storage.listing.rows import ListedProcess
from procession.storage.tx import ReadTx

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
ON_ONE_ONLY = frozenset({"threads", "selected_text_comment"})
# These are worked out from the visible tasks; they share one statement.
FROM_TASKS = frozenset({"next_task", "tasks_meta", "stages"})
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
    if not limited and not from_tasks:
        return Viewer(frozenset(), None)
    named = await access.principals_of_caller(tx)
    loaded = await includes.brief_tasks_of(tx, [row.seq for row in rows] if from_tasks else limited)
    shown = {
        seq: [task for task in tasks if tx.actor.is_admin or not task.top_secret or is_assigned_to(named, task.owners)]
        for seq, tasks in loaded.items()
    }
    viewer = Viewer(named, shown)
    viewer.shares = {seq: _share(shown[seq]) for seq in limited}
    return viewer


def _share(tasks: list[BriefTask]) -> Share:
    deadlines = sorted(t.deadline for t in tasks if t.deadline is not None and t.is_open and not t.is_held)
    due = max((t.deadline for t in tasks if t.deadline is not None and not (t.is_held and t.is_open)), default=None)
    return Share(len(tasks), sum(not t.is_open for t in tasks), tuple(deadlines), due)


async def add_includes(
    tx: ReadTx, call: Call, rows: Sequence[ListedProcess], runs: Sequence[Run], names: frozenset[str], viewer: Viewer
) -> None:
    """Fill the asked-for includes of each run; each kind costs a fixed number of statements."""
    numbers = [row.seq for row in rows]
    if "tags" in names:
        tags = await includes.tags_of(tx, numbers)
        for row, run in zip(rows, runs, strict=True):
            run.tags = Many([TagLink(t.id, t.tag_id, t.title, t.color, t.type) for t in tags[row.seq]])
    if "folders" in names:
        folders = await includes.folders_of(tx, numbers)
        for row, run in zip(rows, runs, strict=True):
            run.folders = Many([FolderLink(f.id, f.name, f.parent_id, f.relation) for f in folders[row.seq]])
    if viewer.tasks is not None:
        for row, run in zip(rows, runs, strict=True):
            _add_from_tasks(row, run, names, viewer.tasks.get(row.seq, []), call)
    if "assets" in names:
        for run in runs:
            run.assets = Many([])


def _add_from_tasks(
    row: ListedProcess, run: Run, names: frozenset[str], tasks: list[BriefTask], call: Call
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


def _tasks_meta(row: ListedProcess, tasks: list[BriefTask], call: Call) -> TasksMeta:
    live = [t.deadline for t in tasks if t.is_open and t.deadline is not None and not t.is_held]
    deadlines = [] if row.state == State.ARCHIVED else live
    call.changes_at([each + 1 for each in deadlines] + [each - DUE_SOON_MS for each in deadlines])
    return TasksMeta(
        total=len(tasks),
        completed=sum(not task.is_open for task in tasks),
        in_progress=sum(task.status == "in-progress" for task in tasks),
        not_started=sum(task.status == "not-started" for task in tasks),
        overdue=sum(each < call.now for each in deadlines),
        due_soon=sum(call.now <= each <= call.now + DUE_SOON_MS for each in deadlines),
        problems=sum(task.open_problems > 0 for task in tasks),
    )
