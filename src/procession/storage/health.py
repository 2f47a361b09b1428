"""Whether the database answers, and with the schema this program needs."""

import apsw
import psycopg
from sqlalchemy import Text, column, select, table

from procession.storage.connection import Connection
from procession.storage.query import Query

# The database is there no more, or too busy: the same request may succeed a little later.
Unavailable: tuple[type[Exception], ...] = (
    apsw.BusyError,
    apsw.FullError,
    apsw.IOError,
    apsw.InterruptError,  # closed while it was read
    psycopg.OperationalError,
)

_revision = Query(select(column("version_num", Text)).select_from(table("alembic_version")))


async def revision(connection: Connection) -> str | None:
    """The schema the database has."""
    rows = await connection.rows(_revision, {})
    return rows[0][0] if rows else None
