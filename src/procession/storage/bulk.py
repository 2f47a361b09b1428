"""Many rows at once: what storage functions write is collected in memory, then loaded without their statements.

`CollectingTx` stands in for a write transaction where nothing has to be read first: rows, counts and events arrive in a
`Batch`, exactly as the functions of the other modules make them. `storage.bulk_loading` puts batches into a database.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NoReturn

import msgspec
from sqlalchemy import Table

from procession.domain.actors import BOT, Actor
from procession.domain.events import Event
from procession.domain.process_values import Name
from procession.domain.templates import Template
from procession.storage import viewing
from procession.storage.changes import Touch
from procession.storage.connection import Advised, Connection, Read, Row
from procession.storage.dialect import DialectName
from procession.storage.log import append_events
from procession.storage.query import Query
from procession.storage.schema import metadata
from procession.storage.template_versions import Frozen
from procession.storage.tx import ReadTx, WriteTx

Key = tuple[Any, ...]


class Batch(msgspec.Struct):
    """Rows by table with the names of their columns, in the table's order; changes of counters by table and key."""

    names: dict[str, tuple[str, ...]] = {}
    rows: dict[str, list[Row]] = {}
    counts: dict[str, dict[Key, int]] = {}

    def add(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows that all have the same keys, which are those of the rows that came before."""
        names = self.names.get(table.name)
        if names is None:
            names = self.names[table.name] = tuple(column.name for column in table.columns if column.name in rows[0])
        self.rows.setdefault(table.name, []).extend(map(_picker(names), rows))

    def sort(self) -> None:
        """Order the rows of side tables by their keys: neighbours in the database are loaded together."""
        for name, rows in self.rows.items():
            if len(metadata.tables[name].primary_key.columns) == len(self.names[name]):
                rows.sort()


@cache
def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Row]:
    return itemgetter(*names)  # pyright: ignore[reportUnknownVariableType]  # of several names it makes tuples


class NothingToRead(RuntimeError):
    """What collects rows has no database behind it."""

    def __init__(self) -> None:
        super().__init__("rows in bulk are written without reading, changing or removing any")


class _Collector:
    """The connection of a collecting transaction: rows come in, nothing can be asked."""

    # The names that SQLite searches are entered when a batch is loaded.
    dialect: DialectName = "postgresql"

    def __init__(self) -> None:
        self.statements = 0
        self.batch = Batch()

    async def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.batch.add(table, rows)

    async def delete(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        if keys:
            _refuse(table)

    async def update(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            _refuse(table)

    async def run_many(self, query: Query, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            _refuse(query)

    async def rows(self, query: Query, values: Mapping[str, Any]) -> list[Row]:
        _refuse(query, values)

    async def at_once(self, reads: Sequence[Read]) -> list[list[Row]]:
        _refuse(reads)

    async def as_advised(self, reads: Sequence[Read], advised: Advised) -> list[list[Row]] | None:
        _refuse(reads, advised)

    async def run(self, query: Query, values: Mapping[str, Any]) -> int:
        _refuse(query, values)

    async def put(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        _refuse(table, rows)

    async def add(self, table: Table, counts: Sequence[Mapping[str, Any]]) -> None:
        _refuse(table, counts)

    async def stream(self, query: Query, values: Mapping[str, Any]) -> AsyncGenerator[Row]:
        _refuse(query, values)
        yield ()


def _refuse(*_: object) -> NoReturn:
    raise NothingToRead


class CollectingTx(WriteTx):
    """A write transaction into a batch. `at` says who acts when; `numbers` are the next free ones of each kind.

    Events carry positions that tell their order within the batch only.
    """

    def __init__(self, org: int, organization_id: str, numbers: Mapping[str, int]) -> None:
        self._collector = _Collector()
        connection: Connection = self._collector
        # Not WriteTx's own: there is no database.
        ReadTx.__init__(self, connection, org, organization_id, BOT, 0)
        self._numbers = dict(numbers)
        self._counted: dict[str, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
        self._happened: list[tuple[Actor, int, Event]] = []

    def knows(self, template_id: str, version: int, document: Template, field_numbers: dict[Name, int]) -> None:
        """What would be read of a template whose processes come in."""
        self.versions[template_id, version] = Frozen(document, frozenset())
        self.value_fields[template_id] = field_numbers

    def at(self, now: int, actor: Actor) -> None:
        self.now = now
        self.actor = actor

    def record(self, *happened: Event) -> None:
        self._happened.extend((self.actor, self.now, event) for event in happened)

    def count(self, table: Table, key: Key, change: int) -> None:
        self._counted[table.name][key] += change

    def touch(self, *things: Touch) -> None:
        """Nothing: copies of the organization begin again after the load (`bulk_loading.Growing.close`)."""

    def sighted(self, *changes: viewing.Sighting) -> None:
        """Nothing: viewers' counters are rebuilt when everything is loaded."""

    def rights_changed(self, viewers: Iterable[int] | None = None) -> None:
        """Nothing: as `sighted`."""

    async def next_number(self, kind: str, many: int = 1) -> int:
        first = self._numbers[kind]
        self._numbers[kind] = first + many
        return first

    async def reserve(self, kind: str, many: int) -> tuple[int, int]:
        return await self.next_number(kind, many), self.now

    async def finish(self) -> None:
        """Enter events and counts into the batch."""
        for position, (actor, at, event) in enumerate(self._happened):
            await append_events(self.connection, self.org, position, [event], actor=actor, at=at)
        self._collector.batch.counts = {
            table: {key: n for key, n in counts.items() if n} for table, counts in self._counted.items()
        }

    async def collected(self) -> Batch:
        await self.finish()
        self._collector.batch.sort()
        return self._collector.batch
