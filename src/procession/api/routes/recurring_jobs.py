"""Recurring launches. Spec: api-processes 21."""

from typing import Any

from msgspec import UNSET, UnsetType

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.process_answers import RunWithTasks
from procession.api.contract.processes import RunParams
from procession.api.contract.recurring_jobs import (
    NextRuns,
    RecurrenceBody,
    RecurringJob,
    RecurringJobBody,
    RecurringJobChange,
    RecurringJobListParams,
)
from procession.api.lists import answered, asked_page, contains
from procession.api.operations import operation
from procession.api.present.recurring_jobs import present_next_runs, present_recurring_job
from procession.api.routes.processes import one_process
from procession.domain.errors import Invalid
from procession.domain.names import fold
from procession.domain.recurrence import Recurrence, faults
from procession.domain.schedules import Launch, Schedule
from procession.domain.times import SECOND, parse_instant
from procession.storage import schedules
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import schedules as change

JOBS = "/organizations/{org_id}/recurring-jobs"
JOB = JOBS + "/{job_id}"


@operation("GET", JOBS, tag="recurring launches")
async def list_recurring_jobs(tx: ReadTx, call: Call, params: RecurringJobListParams) -> Paginated[RecurringJob]:
    """List recurring launches, the oldest first: one's own, administrators everybody's."""
    asked, page = asked_page(call, params, sorts=schedules.SORTS, default_sort="created_at")
    where: dict[str, Any] = {} if tx.actor.is_admin else {"owner": tx.actor.id}
    if params.q:
        where["pattern"] = contains(fold(params.q))
    if params.checklist_id is not None:
        where["template_id"] = params.checklist_id.lower()
    if params.is_active is not None:
        where["is_active"] = int(params.is_active)
    rows, total = await schedules.list_page(tx, where, asked)
    zone = await change.zone_of(tx)
    return answered(call, [present_recurring_job(row, zone, tx.now) for row in rows], total, page)


@operation("GET", JOB, tag="recurring launches")
async def get_recurring_job(tx: ReadTx, job_id: int) -> Item[RecurringJob]:
    """Read a recurring launch with its next ten slots."""
    return Item(await _shown(tx, await change.readable(tx, job_id)))


@operation("POST", JOBS, tag="recurring launches", status=201)
async def create_recurring_job(tx: WriteTx, body: RecurringJobBody) -> Item[RecurringJob]:
    """Launch a template by itself, again and again; what it is given is checked now and at each launch."""
    said = _said(body)
    when: dict[str, Any] = {
        "starts_at": tx.now // SECOND * SECOND,
        **{name: said[name] for name in Recurrence.__struct_fields__ if name in said},
    }
    launch = {name: said[name] for name in Launch.__struct_fields__ if name in said}
    own = {name: said[name] for name in ("skip_if_open", "catch_up", "is_active") if name in said}
    schedule = Schedule(
        id=0,
        template_id=body.checklist_id.lower(),
        owner=said.get("owner", 0),
        recurrence=Recurrence(**when),
        launch=Launch(**launch),
        created_at=tx.now,
        updated_at=tx.now,
        **own,
    )
    return Item(await _shown(tx, await change.create(tx, schedule)))


@operation("PUT", JOB, tag="recurring launches", first=change.readable)
async def update_recurring_job(tx: WriteTx, job_id: int, body: RecurringJobChange) -> Item[RecurringJob]:
    """Change, pause or resume a recurring launch; what is not sent stays."""
    return Item(await _shown(tx, await change.update(tx, job_id, _said(body))))


@operation("DELETE", JOB, tag="recurring launches", status=204)
async def delete_recurring_job(tx: WriteTx, job_id: int) -> None:
    """Delete a recurring launch; what it launched stays."""
    await change.delete(tx, job_id)


@operation("POST", JOB + "/run", tag="recurring launches", status=201)
async def run_recurring_job(tx: WriteTx, call: Call, params: RunParams, job_id: int) -> Item[RunWithTasks]:
    """Launch now, once more than planned; the next slot stays."""
    process = await change.run_now(tx, job_id, call.means)
    return Item(await one_process(tx, call, process.seq, params))


@operation("POST", JOBS + "/preview", tag="recurring launches", status=200, errors=(422,))
async def preview_recurring_job(tx: WriteTx, body: RecurrenceBody) -> Item[NextRuns]:
    """The next ten slots of a schedule; nothing is stored."""
    said: dict[str, Any] = {"starts_at": tx.now, **_said(body)}
    when = Recurrence(**said)
    if errors := faults(when):
        raise Invalid(errors)
    return Item(present_next_runs(when, await change.zone_of(tx), tx.now))


async def _shown(tx: ReadTx, schedule: Schedule) -> RecurringJob:
    return present_recurring_job(schedule, await change.zone_of(tx), tx.now)


def _said(body: RecurrenceBody) -> dict[str, Any]:
    """What the body mentions, by the names and types of the domain. Raises Invalid."""
    errors: dict[str, list[Any]] = {}
    said: dict[str, Any] = {}
    for name in body.__struct_fields__:
        value: Any = getattr(body, name)
        if value is UNSET or isinstance(value, UnsetType) or name == "checklist_id":
            continue
        if name in ("starts_at", "ends_at") and value is not None:
            try:
                value = parse_instant(value)
            except ValueError as fault:
                errors[name] = [str(fault)]
        if name in ("tags", "folders", "groups") and value is not None:
            value = tuple(dict.fromkeys(each.lower() for each in value))
        if name in ("weekdays", "times", "users") and value is not None:
            value = tuple(value)
        said["owner" if name == "owner_id" else name] = value
    if errors:
        raise Invalid(errors)
    return said
