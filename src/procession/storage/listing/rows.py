"""The columns of a listed process: what the clock and the caller decide about, and its document as it is sent."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, exists, select

from procession.domain.processes import State
from procession.storage.dialect import constant
from procession.storage.tables.processes import process_stars, processes


class ListedProcess(msgspec.Struct, frozen=True):
    """One row of the list. `document` is the text of a `domain.run_document`, `starred` the caller's star."""

    seq: int
    template_id: str
    template_version: int
    status: str
    state: State
    tasks_visible: int
    tasks_done: int
    tasks_secret: int
    open_deadlines: str
    due_date: int | None
    document: str
    starred: int


def row_columns() -> list[ColumnElement[Any]]:
    """What to select for `ListedProcess`, in its order; binds `me`."""
    star = exists(
        select(constant(1)).where(
            process_stars.c.org == bindparam("org"),
            process_stars.c.process == processes.c.seq,
            process_stars.c.account == bindparam("me"),
        )
    ).label("starred")
    names = ListedProcess.__struct_fields__[:-1]
    return [*[processes.c[name] for name in names], star]


WIDTH = len(ListedProcess.__struct_fields__)
