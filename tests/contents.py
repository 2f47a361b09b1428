"""Everything that a database holds of one organization, to compare before and after."""

from functools import cache

from sqlalchemy import Table, bindparam, select

from procession.storage.connection import Row
from procession.storage.query import Query
from procession.storage.schema import TENANT_TABLES, metadata
from procession.storage.tables import control
from tests.harness import Server

# What stands about an organization in the shared tables.
SHARED = (control.organizations, control.memberships, control.public_templates, control.public_kickoffs, control.tokens)


@cache
def _rows_of(table: Table) -> Query:
    return Query(select(table).where(table.c.org == bindparam("org")).order_by(*table.primary_key.columns))


def contents(server: Server, org: int) -> dict[str, list[Row]]:
    """All rows of an organization, by table; when a token was last used does not count, nor how often a file was sent
    that was not accepted.
    """
    tables = [metadata.tables[name] for name in sorted(TENANT_TABLES)] + list(SHARED)

    async def read() -> dict[str, list[Row]]:
        async with server.database.reading() as connection:
            found = await connection.at_once([(_rows_of(each), {"org": org}) for each in tables])
            return {each.name: rows for each, rows in zip(tables, found, strict=True)}

    found = server.run(read())
    found["sequence"] = [row for row in found["sequence"] if "file" not in row]
    last_used = list(control.tokens.columns.keys()).index("last_used_at")
    return {**found, "token": [(*row[:last_used], *row[last_used + 1 :]) for row in found["token"]]}
