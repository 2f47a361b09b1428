"""The columns of a listed process; documents stay JSON text, which the answer carries as it is."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, exists, select

from procession.domain.processes import State
from procession.storage.dialect import constant
from procession.storage.tables.processes import process_stars, processes


class ListedProcess(msgspec.Struct, frozen=True):
    """One row of the list. `starred` is the caller's star."""

    seq: int
    id: str
    template_id: str
    template_version: int
    template_title: str
    type: str
    name: str
    summary: str
    status: str
    state: State
    owner: int
    starter: int
    prerun: str
    prerun_status: str | None
    prerun_completed_at: int | None
    prerun_completed_by: int | None
    prerun_length: int
    assign_someone_else: int
    users: str
    groups: str
    collaborators: str
    publicly_hidden_fields: str
    is_public: int
    can_add_oot: int
    parent_id: str | None
    custom_fields: str
    tasks_visible: int
    tasks_done: int
    tasks_secret: int
    open_issues: int
    open_deadlines: str
    due_date: int | None
    max_task_deadline: int | None
    created_at: int
    started_at: int
    updated_at: int
    completed_at: int | None
    archived_at: int | None
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
