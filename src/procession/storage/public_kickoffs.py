"""The links of public kick-off forms: a code that says which template a visitor's form starts. Spec: T-9.5."""

import msgspec
from sqlalchemy import bindparam, delete, select

from procession.storage.connection import Connection
from procession.storage.query import Query
from procession.storage.tables.control import organizations, public_kickoffs
from procession.storage.tx import ReadTx, WriteTx

_K = public_kickoffs.c

_find = Query(
    select(_K.org, organizations.c.id, _K.template_id)
    .join(organizations, organizations.c.org == _K.org)
    .where(_K.code == bindparam("code"))
)
_of_template = Query(select(_K.code, _K.made_at).where(_K.org == bindparam("org"), _K.template_id == bindparam("id")))
_remove = Query(delete(public_kickoffs).where(_K.org == bindparam("org"), _K.template_id == bindparam("id")))


class Place(msgspec.Struct, frozen=True):
    """Where a code leads."""

    org: int
    organization_id: str
    template_id: str


class Link(msgspec.Struct, frozen=True):
    code: str
    made_at: int


async def find(connection: Connection, code: str) -> Place | None:
    rows = await connection.rows(_find, {"code": code})
    return Place(*rows[0]) if rows else None


async def of_template(tx: ReadTx, template_id: str) -> Link | None:
    return await tx.row(Link, _of_template, id=template_id)


async def put(tx: WriteTx, template_id: str, code: str) -> Link:
    """The template's link from now on; a former one leads nowhere. The template is locked."""
    await remove(tx, template_id)
    await tx.insert(public_kickoffs, [{"template_id": template_id, "code": code, "made_at": tx.now}])
    return Link(code, tx.now)


async def remove(tx: WriteTx, template_id: str) -> None:
    await tx.run(_remove, id=template_id)
