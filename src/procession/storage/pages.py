"""Lists of one table, page by page: two statements whatever the page, one when the whole list is wanted."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, func, select

from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tx import ReadTx

S = TypeVar("S", bound=msgspec.Struct)
Order = Sequence[ColumnElement[Any]]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are wanted and in which order; the whole list when `limit` is None."""

    sort: str
    descending: bool = False
    limit: int | None = None
    offset: int = 0


class Listing(Generic[S]):
    """How a tenant table is listed.

    `filters` are conditions by name; each binds one value under its own name. `sorts` are orders by name, all of
    columns that are never null; `tie` makes every order total, either way.
    """

    def __init__(
        self,
        mapper: Mapper[S],
        *,
        sorts: Mapping[str, Order],
        tie: ColumnElement[Any],
        filters: Mapping[str, ColumnElement[bool]],
    ) -> None:
        self.sorts = sorts
        self._mapper = mapper
        self._tie = tie
        self._filters = filters
        self._pages: dict[tuple[frozenset[str], str, bool, bool], Query] = {}
        self._counts: dict[frozenset[str], Query] = {}

    async def page(self, tx: ReadTx, where: Mapping[str, Any], page: Page) -> tuple[list[S], int]:
        """The rows of the page and how many there are on all pages."""
        rows = await tx.tuples(self._page(frozenset(where), page), **where, limit=page.limit, offset=page.offset)
        items = [self._mapper.read(row) for row in rows]
        return items, len(items) if page.limit is None else await tx.value(self._count(frozenset(where)), **where)

    def _page(self, names: frozenset[str], page: Page) -> Query:
        key = (names, page.sort, page.descending, page.limit is None)
        if key not in self._pages:
            order = [*self.sorts[page.sort], self._tie]
            directed = [each.desc() if page.descending else each.asc() for each in order]
            statement = self._matching(select(*self._mapper.columns), names).order_by(*directed)
            if page.limit is not None:
                statement = statement.limit(bindparam("limit")).offset(bindparam("offset"))
            self._pages[key] = Query(statement)
        return self._pages[key]

    def _count(self, names: frozenset[str]) -> Query:
        if names not in self._counts:
            statement = select(func.count()).select_from(self._mapper.table)
            self._counts[names] = Query(self._matching(statement, names))
        return self._counts[names]

    def _matching(self, statement: Select[Any], names: frozenset[str]) -> Select[Any]:
        conditions = [self._filters[name] for name in sorted(names)]
        return statement.where(self._mapper.table.c.org == bindparam("org"), *conditions)
