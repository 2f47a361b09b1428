"""The `with=` of tasks: which names there are, and the processes of a page of tasks. Spec: api-tasks 6."""

from collections.abc import Sequence

from msgspec.structs import replace

from procession.api.call import Call
from procession.api.contract.activity import ActivityRow
from procession.api.contract.envelope import Many
from procession.api.contract.process_answers import RunIncludes
from procession.api.contract.tasks import RunOfTask, TaskOut
from procession.api.present import process_includes
from procession.api.present.activity import present_activity
from procession.api.present.processes import Share
from procession.api.present.processes import shown as shown_process
from procession.api.present.tasks import ALIASES, INCLUDES, present_tasks
from procession.domain.activity_kinds import kinds_of
from procession.domain.permissions import is_assigned_to
from procession.domain.processes import Task
from procession.domain.run_document import for_guest
from procession.storage import access, task_pages
from procession.storage.activity import Asked
from procession.storage.listing import includes
from procession.storage.listing.rows import ListedProcess
from procession.storage.tx import ReadTx
from procession.usecases.activity import Wanted, feed

RUN = "run"
# Of one task only.
ACTIVITIES = "activities"
MOST_ACTIVITIES = 20


def wanted(call: Call, names: Sequence[str], *, whole: bool = False) -> frozenset[str]:
    """The includes asked for, `run` with what is nested in it as dotted names; unknown names are reported.

    `whole`: one task, which always comes with its text.
    """
    found: set[str] = {"summary"} if whole else set()
    nested: list[str] = []
    for name in names:
        head, _, rest = name.lower().replace("-", "_").partition(".")
        head = ALIASES.get(head, head)
        if head == RUN:
            found.add(RUN)
            if rest:
                nested.append(rest)
        elif head in INCLUDES or (whole and head == ACTIVITIES):
            found.add(head)
        else:
            call.ignore(f"with:{name}")
    return frozenset(found | {f"{RUN}.{each}" for each in process_includes.wanted(call, nested)})


async def present(
    tx: ReadTx, call: Call, tasks: Sequence[Task], names: frozenset[str], *, named: frozenset[str] | None = None
) -> list[TaskOut]:
    """Tasks with their includes, as the caller sees them."""
    if named is None:
        named = await access.principals_of_caller(tx)
    shown = await present_tasks(tx, named, tasks, names)
    if ACTIVITIES in names and tx.actor.kind == "member":
        for task, out in zip(tasks, shown, strict=True):
            out.activities = Many(await _activities(tx, task))
    if RUN in names:
        await _add_runs(tx, call, tasks, shown, names, named)
    return shown


async def _activities(tx: ReadTx, task: Task) -> list[ActivityRow]:
    of_task = Wanted(asked=Asked(kinds=kinds_of((), ())), entity=("task", task.id))
    return await present_activity(tx, await feed(tx, of_task, limit=MOST_ACTIVITIES, offset=0))


async def _add_runs(
    tx: ReadTx,
    call: Call,
    tasks: Sequence[Task],
    shown: Sequence[TaskOut],
    names: frozenset[str],
    named: frozenset[str],
) -> None:
    listed = await task_pages.listed_at(tx, (task.process for task in tasks if task.process is not None))
    rows = list(listed.values())
    nested = frozenset(name.removeprefix(f"{RUN}.") for name in names if name.startswith(f"{RUN}."))
    if tx.actor.kind == "guest":
        nested = frozenset[str]()
        shares = await _shares_of_guest(tx, rows, named)
        viewer = process_includes.Viewer(named, None)
        rows = [_for_guest(row) for row in rows]
    else:
        viewer = await process_includes.view(tx, rows, nested)
        shares = viewer.shares
    included = [RunIncludes() for _ in rows]
    await process_includes.add_includes(tx, call, rows, included, nested, viewer, with_answers=False)
    by_seq = {
        row.seq: shown_process(row, call, shares.get(row.seq), includes_of_row)
        for row, includes_of_row in zip(rows, included, strict=True)
    }
    for task, out in zip(tasks, shown, strict=True):
        out.run = RunOfTask(by_seq.get(task.process) if task.process is not None else None)


async def _shares_of_guest(tx: ReadTx, rows: Sequence[ListedProcess], named: frozenset[str]) -> dict[int, Share]:
    """A guest's process is what they do in it. Spec: behaviour-work G1."""
    loaded = await includes.brief_tasks_of(tx, [row.seq for row in rows])
    return {
        seq: process_includes.share_of_tasks([task for task in tasks if is_assigned_to(named, task.owners)])
        for seq, tasks in loaded.items()
    }


def _for_guest(row: ListedProcess) -> ListedProcess:
    """Without the people and the answers of the process."""
    return replace(row, document=for_guest(row.document))
