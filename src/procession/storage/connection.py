"""What storage modules may do with a database connection, whichever database it is."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Table

from procession.storage.dialect import DialectName
from procession.storage.query import Query

Row = tuple[Any, ...]


Read = tuple[Query, Mapping[str, Any]]
Check = Callable[[list[Row]], None]
"""Told the rows of a read; raises NotAsAssumed when they are not as they were taken to be."""
Advised = Callable[[list[list[Row]]], Read | None]
"""Told the rows of some reads; chooses what else to read. None: nothing can be chosen by them."""


class NotAsAssumed(Exception):  # nothing went wrong: the request is answered again, and nothing is assumed
    """What a request took to be so, without looking, is not so."""


class TakesLong(Exception):  # nothing went wrong: the request is answered again, by reads that may take their time
    """A statement that was to be brief is not (decision 12)."""


class Connection(Protocol):
    """One connection inside one transaction. On SQLite every method finishes without suspending."""

    dialect: DialectName
    statements: int  # executed so far; tests assert that lists use a fixed number

    async def rows(self, query: Query, values: Mapping[str, Any]) -> list[Row]: ...

    async def at_once(self, reads: Sequence[Read]) -> list[list[Row]]:
        """The rows of several reads that see the same state; one round trip on PostgreSQL.

        Values of one name are the same in all of them. Where nothing else was read of a connection for reading, the
        state is that of now, and what is read afterwards may see a later one.
        """
        ...

    async def as_advised(self, reads: Sequence[Read], advised: Advised) -> list[list[Row]] | None:
        """The rows of several reads, and of what those advise to read besides, all of the same state. None where they
        advise nothing. Two round trips on PostgreSQL, where what advised may have changed by the second.
        """
        ...

    def stream(self, query: Query, values: Mapping[str, Any]) -> AsyncGenerator[Row]: ...

    async def run(self, query: Query, values: Mapping[str, Any]) -> int:
        """Execute a write; returns the number of rows it touched."""
        ...

    async def run_many(self, query: Query, values: Sequence[Mapping[str, Any]]) -> None:
        """Execute one write for each set of values."""
        ...

    async def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows that all have the same keys, as one statement where the database gains from it."""
        ...

    async def delete(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        """Delete the rows with these primary keys; keys that have no row are passed over."""
        ...

    async def update(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Give the rows with these primary keys these other values."""
        ...

    async def put(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, each in the place of the one with its primary key where there is one."""
        ...

    async def add(self, table: Table, counts: Sequence[Mapping[str, Any]]) -> None:
        """Add each row's `n` to the counter with its primary key, creating the counter where there is none."""
        ...


class Reader(Connection, Protocol):
    """A connection for reading."""

    # Whether a read that waits for the next one saves time: where each is a round trip.
    waits_to_join: bool

    def before(self, read: Read, check: Check) -> None:
        """Read this together with whatever is read next, and check it before anybody sees that. Several may wait."""
        ...

    async def settle(self) -> None:
        """Read and check what still waits for a next read. May raise what its check raises."""
        ...
