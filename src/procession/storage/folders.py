"""Folders, and how much of what lies in them the caller sees."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, update

from procession.domain.folders import Folder, FolderKind, lineage
from procession.domain.processes import State
from procession.storage.access import sight_of
from procession.storage.dialect import constant, is_in
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.content import folder_links, folders
from procession.storage.tables.lists import process_access, task_access
from procession.storage.tables.processes import tasks
from procession.storage.tables.templates import template_grants, templates
from procession.storage.tx import ReadTx, WriteTx

_rows = Mapper(Folder, folders)
_F, _L, _T = folders.c, folder_links.c, templates.c

_one = Query(select(*_rows.columns).where(_F.org == bindparam("org"), _F.id == bindparam("id")))
_of_kind = Query(
    select(*_rows.columns)
    .where(_F.org == bindparam("org"), _F.kind == bindparam("kind"))
    .order_by(_F.position, _F.id)
)
_save = Query(
    update(folders)
    .where(_F.org == bindparam("org_is"), _F.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name not in ("id", "kind")})
)
