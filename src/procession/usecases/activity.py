"""The activity feed: whose, and how much of it the caller may see. Spec: api-content 7, K-A3."""

from collections.abc import Callable, Collection
from functools import partial

import msgspec
from msgspec.structs import replace

from procession.domain.activity import Called, Context, Happening, edited_template, origin_of, tell, verb_of
from procession.domain.activity_kinds import EntityType
from procession.domain.errors import NotAllowed, NotFound
from procession.domain.names import fold
from procession.domain.permissions import may_see_task
from procession.domain.processes import Process
from procession.domain.template_permissions import may_read
from procession.storage import access, activity, former_tasks, template_grants, templates, threads, version_history
from procession.storage.activity import Asked
from procession.storage.tx import ReadTx
from procession.usecases import guards
from procession.usecases.activity_words import worded

UNPERMITTED = "You may not see the activity of this."

ONE_KIND = frozenset({"commented", "issue-reported"})

Test = Callable[[Happening], bool]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asks for; `asked` is what the log itself can tell apart."""

    asked: Asked
    entity: tuple[EntityType, str] | None = None
    # Verbs that the kind of an event does not tell apart.
    verbs: frozenset[str] = frozenset()
    # Folded text that descriptions have to contain.
    search: str | None = None
    field: str | None = None
    # What launched processes by itself: "checklist", "run", "step" or "task", and the id of one.
    origin: tuple[str, str | None] | None = None


class Feed(msgspec.Struct, frozen=True):
    rows: list[Happening]
    context: Context
    total: int


async def feed(tx: ReadTx, wanted: Wanted, *, limit: int, offset: int) -> Feed:
    """One page. Raises NotAllowed for what the caller may not see or what is not there."""
    asked, tests = await _scope(tx, wanted)
    if not wanted.verbs.isdisjoint(ONE_KIND):
        tests.append(lambda row: verb_of(row) in wanted.verbs)
    if wanted.field is not None:
        tests.append(lambda row: wanted.field in (row.payload.get("changed") or row.payload.get("fields") or ()))
    if wanted.origin is not None:
        tests.append(partial(_comes_from, *wanted.origin))
    named = await access.principals_of_caller(tx)
    if not asked.kinds:
        return Feed([], Context(), 0)
    # Whose drafts there are to leave out is known once the rows are.
    is_of_everything = wanted.entity is None and not tx.actor.is_admin
    if not tests and wanted.search is None and not is_of_everything:
        rows = await activity.page(tx, asked, named, limit=limit, offset=offset)
        context = await worded(tx, rows, await activity.context_of(tx, rows), named)
        return Feed(rows, context, await activity.count(tx, asked, named))
    found = await activity.page(tx, asked, named, limit=asked.reach, offset=0)
    if is_of_everything:
        edited = {template for row in found if (template := edited_template(row)) is not None}
        tests += await _without_drafts(tx, edited)
    found = [row for row in found if all(test(row) for test in tests)]
    told = found if wanted.search is not None else found[offset : offset + limit]
    context = await worded(tx, told, await activity.context_of(tx, told), named)
    if wanted.search is not None:
        whole = Called("organization", tx.organization_id, "")
        found = [row for row in found if wanted.search in fold(tell(row, context, whole).description)]
    return Feed(found[offset : offset + limit], context, len(found))


def _comes_from(kind: str, key: str | None, row: Happening) -> bool:
    origin = origin_of(row)
    return origin is not None and (key is None or origin.ids[kind] == key)


async def _scope(tx: ReadTx, wanted: Wanted) -> tuple[Asked, list[Test]]:
    """Where to read, and what of it to keep."""
    if wanted.entity is None:
        return wanted.asked, []
    kind, key = wanted.entity
    try:
        match kind:
            case "run":
                return await _of_process(tx, wanted.asked, await guards.readable_process(tx, key))
            case "task":
                return _of_task(wanted.asked, await guards.readable_task(tx, key))
            case "checklist":
                return await _of_template(tx, wanted.asked, key), await _without_drafts(tx, [key])
            case "step":
                return await _of_step(tx, wanted.asked, key)
            case "thread":
                return await _of_thread(tx, wanted.asked, key)
    except NotFound:
        raise NotAllowed(UNPERMITTED) from None


async def _of_process(tx: ReadTx, asked: Asked, seen: guards.Seen) -> tuple[Asked, list[Test]]:
    return replace(asked, process=seen.process.seq), await _without_secrets(tx, seen.process, seen.named)


async def _without_secrets(tx: ReadTx, process: Process, named: frozenset[str]) -> list[Test]:
    """Nothing of secret tasks that are not the caller's, also of those that have left the process."""
    if tx.actor.is_admin:
        return []
    seen = [task for task in process.tasks if may_see_task(tx.actor, named, task, process)]
    former, has_others = await former_tasks.seen_of(tx, process.seq, named)
    if len(seen) == len(process.tasks) and not has_others:
        return []
    shown = former | {key for task in seen for key in (task.id, task.seq)}

    def is_shown(row: Happening) -> bool:
        task = row.subject_id if row.subject_kind == "task" else row.payload.get("task")
        return task is None or task in shown

    return [is_shown]


def _of_task(asked: Asked, seen: guards.SeenTask) -> tuple[Asked, list[Test]]:
    task = seen.task
    if task.process is None:
        return replace(asked, topics=[f"task:{task.id}", f"task:{task.seq}"]), []

    def is_own(row: Happening) -> bool:
        return row.subject_id == task.id or (row.subject_kind == "thread" and row.payload.get("task") == task.seq)

    return replace(asked, process=task.process), [is_own]


async def _of_template(tx: ReadTx, asked: Asked, template_id: str) -> Asked:
    """Editors and readers of it, archived or not; light members never. Spec: behaviour-templates 14."""
    row = await templates.find(tx, template_id)
    if row is None:
        raise NotFound
    standing = await template_grants.standing(tx, row)
    if tx.actor.is_light or not may_read(standing):
        raise NotFound
    return replace(asked, topics=[f"template:{row.id}"])


async def _of_step(tx: ReadTx, asked: Asked, step_id: str) -> tuple[Asked, list[Test]]:
    holders = await templates.mentioning(tx, "step", step_id)
    if not holders:
        raise NotFound

    def is_own(row: Happening) -> bool:
        return step_id in (row.subject_id, row.payload.get("step"))

    return await _of_template(tx, asked, holders[0]), [is_own, *await _without_drafts(tx, holders[:1])]


async def _without_drafts(tx: ReadTx, template_ids: Collection[str]) -> list[Test]:
    """Nothing of what somebody else's drafts of these change before they are published. Spec: T-10.7."""
    if tx.actor.is_admin or not template_ids:
        return []
    drafts = await version_history.drafts_of_others(tx, template_ids, await access.principals_of_caller(tx))
    if not drafts:
        return []

    def is_told(row: Happening) -> bool:
        template = edited_template(row)
        if template not in drafts:
            return True
        published_at = drafts[template]
        return published_at is not None and row.at < published_at

    return [is_told]


async def _of_thread(tx: ReadTx, asked: Asked, thread_id: str) -> tuple[Asked, list[Test]]:
    thread = await threads.find(tx, thread_id)
    if thread is None:
        raise NotFound
    own: list[Test] = [lambda row: row.subject_id == thread_id]
    if thread.template_id is not None:
        return await _of_template(tx, asked, thread.template_id), own
    if thread.task is not None:
        seen = await guards.readable_task(tx, await guards.task_id_at(tx, thread.task))
        return _of_task(asked, seen)[0], own
    process_id = await guards.process_id_at(tx, thread.process or 0)
    seen = await guards.readable_process(tx, process_id or "")
    return replace(asked, process=seen.process.seq), own
