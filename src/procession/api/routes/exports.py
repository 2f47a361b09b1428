"""Processes as tables. Spec: api-processes 13, api-content 9."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from msgspec import Meta

from procession.api.answer_filters import with_answers
from procession.api.call import Answer, Call, Streamed
from procession.api.contract.envelope import Item
from procession.api.contract.processes import RunListParams
from procession.api.filters import to_filter_and_order
from procession.api.operations import operation
from procession.api.params import Params
from procession.api.routes.processes import RUNS, with_tag_ids
from procession.domain.actors import Actor
from procession.domain.filters import Order, ProcessFilter
from procession.domain.permissions import require
from procession.storage.access import principals_of_caller, sight_of
from procession.storage.listing import plan
from procession.storage.tx import ReadTx
from procession.transfer.process_table import csv_text, table_of
from procession.usecases.guards import readable_process

CSV = "text/csv"


class ExportParams(Params, frozen=True, kw_only=True):
    format: Annotated[str | None, Meta(description="`csv` for a CSV file; JSON rows otherwise.")] = None


def _require_export(actor: Actor) -> None:
    require(actor.role in ("admin", "standard"), to="export processes")


@operation("POST", RUNS + "/{run_id}/export", tag="processes", media_types=("application/json", CSV))
async def export_process(
    tx: ReadTx, call: Call, params: ExportParams, run_id: str
) -> Item[list[dict[str, Any]]] | Answer:
    """Export a process: 49 columns, a row for each task, field and comment. Times are UTC.

    CSV with `Accept: text/csv` or `?format=csv`, else JSON rows with the same keys.
    """
    seen = await readable_process(tx, run_id)
    _require_export(tx.actor)
    rows = await table_of(tx, seen.process.seq, seen.named)
    wants_csv = (params.format or "").lower() == "csv" or CSV in call.request.headers.get("accept", "")
    if not wants_csv:
        return Item(rows)
    headers = {"Content-Disposition": f'attachment; filename="process-{seen.process.seq}-utc.csv"'}
    return Answer(csv_text(rows, header=True), headers=headers, media_type=CSV)


@operation("GET", RUNS + "/export.csv", tag="processes", media_types=(CSV,))
async def export_processes(tx: ReadTx, call: Call, params: RunListParams) -> str | Streamed:
    """Export every process the list's filters select, as one CSV file. Times are UTC."""
    _require_export(tx.actor)
    where, order = await with_answers(tx, params, *to_filter_and_order(call, await with_tag_ids(tx, params)))
    headers = {"Content-Disposition": 'attachment; filename="processes-utc.csv"'}
    return Streamed(lambda later: _tables(later, where, order), media_type=CSV, headers=headers)


async def _tables(tx: ReadTx, where: ProcessFilter, order: Order) -> AsyncGenerator[bytes]:
    named = await principals_of_caller(tx)
    yield csv_text([], header=True)
    async with aclosing(plan.stream(tx, where, order, await sight_of(tx))) as rows:
        async for row in rows:
            yield csv_text(await table_of(tx, row.seq, named), header=False)
