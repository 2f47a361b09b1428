"""Launching, changing, archiving and erasing processes. Spec: api-processes 7, 9, 10, 11."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.process_answers import RunWithTasks
from procession.api.contract.processes import LaunchBody, RunChange, RunParams
from procession.api.first import changed_process
from procession.api.operations import operation
from procession.api.routes.processes import RUNS, one_process
from procession.domain.overrides import unread_keys
from procession.storage.tx import WriteTx
from procession.usecases import going_on, launching, processes
from procession.usecases.launch_requests import Wish

RUN = RUNS + "/{run_id}"

V = TypeVar("V")


@operation("POST", RUNS, tag="processes", status=201)
async def launch_process(tx: WriteTx, call: Call, params: RunParams, body: LaunchBody) -> Item[RunWithTasks]:
    """Launch a process from a template; nothing is created unless everything is right."""
    wish = Wish(
        template_id=(body.checklist_id or body.blueprint_id or "").lower() or None,
        name=body.name,
        summary=body.summary,
        owner=body.owner_id,
        starter=body.user_id,
        starred=bool(body.starred),
        is_public=bool(body.is_public),
        publicly_hidden_fields=tuple(body.publicly_hidden_fields or ()),
        assign_someone_else=bool(body.assign_someone_else),
        parent_id=body.parent_id.lower() if body.parent_id else None,
        prerun=body.prerun,
        tasks=body.tasks,
        roles=body.roles,
        users=_distinct(body.users),
        groups=_ids(body.groups),
        tags=_ids(body.tags),
        folders=_ids(body.folders),
        custom_fields=body.custom_fields if isinstance(body.custom_fields, dict) else None,
    )
    settings = call.settings
    process, ignored = await launching.launch_process(
        tx, wish, means=call.means, map_selects_steps=settings.launch_tasks_map_selects_steps
    )
    call.ignore(*(f"body:prerun.{key}" for key in ignored), *(f"body:{key}" for key in unread_keys(body.tasks)))
    return Item(await one_process(tx, call, process.seq, params))


def _distinct(values: list[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(dict.fromkeys(values))


def _ids(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(dict.fromkeys(each.lower() for each in values))


@operation(["PUT", "PATCH"], RUN, tag="processes", errors=(423,), first=changed_process)
async def update_process(
    tx: WriteTx, call: Call, params: RunParams, run_id: str, body: RunChange
) -> Item[RunWithTasks]:
    """Change a process; what is not sent stays as it is. A body with only `starred` is the caller's own star."""
    changes: dict[str, Any] = {
        "name": body.name,
        "summary": UNSET if body.summary is UNSET else body.summary or "",
        "owner": body.owner_id,
        "starred": body.starred,
        "is_public": body.is_public,
        "publicly_hidden_fields": _or_unset(body.publicly_hidden_fields, tuple),
        "users": _or_unset(body.users, _distinct),
        "groups": _or_unset(body.groups, _ids),
        "prerun": body.prerun,
        "tags": _or_unset(body.tags, lambda ids: frozenset(_ids(ids) or ())),
        "folders": _or_unset(body.folders, _ids),
    }
    process, ignored = await processes.update_process(tx, run_id, processes.Changes(**changes), call.means)
    call.ignore(*(f"body:prerun.{key}" for key in ignored))
    return Item(await one_process(tx, call, process.seq, params))


def _or_unset(value: list[V] | UnsetType, read: Callable[[list[V]], Any]) -> Any:
    return UNSET if isinstance(value, UnsetType) else read(value)


@operation("DELETE", RUN, tag="processes", errors=(422, 423))
async def archive_process(tx: WriteTx, call: Call, run_id: str) -> Item[RunWithTasks]:
    """Archive a process; repeating it answers the same."""
    process = await processes.archive_process(tx, run_id)
    return Item(await one_process(tx, call, process.seq))


@operation("PUT", RUN + "/activate", tag="processes", errors=(422,))
async def activate_process(tx: WriteTx, call: Call, run_id: str) -> Item[RunWithTasks]:
    """Restore an archived process with everything that was archived with it."""
    process = await going_on.activate_process(tx, run_id, call.means)
    return Item(await one_process(tx, call, process.seq))


@operation("DELETE", RUN + "/delete", tag="processes", errors=(422,))
async def delete_process(tx: WriteTx, run_id: str) -> None:
    """Erase an archived process for good; administrators only."""
    await processes.delete_process(tx, run_id)


@operation("POST", RUN + "/complete-prerun", tag="processes", errors=(422, 423))
async def complete_prerun(tx: WriteTx, call: Call, run_id: str) -> Item[RunWithTasks]:
    """Submit the kick-off form; 422 while a required answer is missing."""
    process = await processes.submit_kickoff(tx, run_id, call.means)
    return Item(await one_process(tx, call, process.seq))


@operation("DELETE", RUN + "/complete-prerun", tag="processes", errors=(422, 423))
async def reopen_prerun(tx: WriteTx, call: Call, run_id: str) -> Item[RunWithTasks]:
    """Reopen the kick-off form; a complete process becomes active."""
    process = await processes.reopen_kickoff(tx, run_id)
    return Item(await one_process(tx, call, process.seq))
