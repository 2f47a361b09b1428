"""Bulk launches on the wire. Spec: api-processes 21.1."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from procession.api.params import PageParams, Params
from procession.domain.bulk_columns import Meaning
from procession.domain.bulk_launches import BulkStatus, RowStatus


class BulkColumn(msgspec.Struct):
    header: str
    meaning: Meaning
    key: Annotated[str | None, Meta(description="The kick-off field or step that the column is about.")]


class BulkLaunchOut(msgspec.Struct):
    """A template that is launched once for each row of a table."""

    id: int
    checklist_id: str
    user_id: Annotated[int, Meta(description="The member who asked for it, in whose name rows are launched.")]
    dry_run: bool
    status: BulkStatus
    error: Annotated[str | None, Meta(description="Why it was stopped.")]
    columns: list[BulkColumn]
    total: int
    waiting: int
    done: Annotated[int, Meta(description="Rows that were launched; of a dry run those that could be.")]
    failed: int
    created_at: str
    last_updated: str
    finished_at: str | None


class BulkRowOut(msgspec.Struct):
    """What became of a row."""

    row: Annotated[int, Meta(description="Its place in the file, where the header is 1.")]
    status: RowStatus
    name: Annotated[str | None, Meta(description="Of the process; of a dry run's row the one it would have.")]
    run_id: str | None
    errors: Annotated[dict[str, list[str]], Meta(description="By header; `row` for what no column is to blame for.")]


class BulkLaunchParams(Params, frozen=True, kw_only=True):
    EXACT: ClassVar[frozenset[str]] = frozenset({"sheet"})

    dry_run: Annotated[bool | None, Meta(description="Check every row and launch none.")] = None
    sheet: Annotated[str | None, Meta(description="Of a workbook: the name of the sheet; default its first.")] = None


class BulkLaunchListParams(PageParams, frozen=True, kw_only=True):
    checklist_id: Annotated[str | None, Meta(description="The template that is launched.")] = None
    status: Annotated[str | None, Meta(description="running, finished, cancelled or stopped.")] = None


class BulkRowListParams(PageParams, frozen=True, kw_only=True):
    status: Annotated[str | None, Meta(description="waiting, launched, valid, failed or cancelled.")] = None
