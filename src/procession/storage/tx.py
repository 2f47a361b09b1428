"""Transactions bound to one organization: what use cases and storage modules are handed.

The edge opens one per request or job and commits once (`reading`, `writing`); nobody else commits.
"""

from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy import Table

from procession.domain.actors import Actor
from procession.domain.events import Event
from procession.domain.process_values import Name
from procession.storage import changes, viewing
from procession.storage.changes import Kind, Touch
from procession.storage.connection import Connection, Read, Reader, Row
from procession.storage.database import Database
from procession.storage.log import advance_position, append_events, append_topics, position_query
from procession.storage.numbers import new_uuid, take_numbers
from procession.storage.postgres import PostgresDatabase
from procession.storage.query import Query
from procession.storage.tables import lists

if TYPE_CHECKING:
    from procession.storage.listing.sets import KnownSets

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

Values = Mapping[str, Any]

MAX_REMEMBERED = 10_000
# So many questions for fields are remembered, of so many characters and with so many fields found at most.
QUESTIONS_KEPT, QUESTION_LENGTH, FIELDS_KEPT = 1_000, 2_000, 200


class Remembered(OrderedDict[tuple[int, int, bool], tuple[int, frozenset[str]]]):
    """What members are named by (storage.access), by organization, member and whether they are light, each with the
    rights epoch it was read in: as long as that is the organization's, nothing of it has changed.
    """

    def put(self, key: tuple[int, int, bool], epoch: int, principals: frozenset[str]) -> None:
        self[key] = (epoch, principals)
        if len(self) > MAX_REMEMBERED:
            self.popitem(last=False)


class RememberedFields(OrderedDict[tuple[int, tuple[str, ...]], list[Row]]):
    """What was found of the fields that lists know (storage.value_fields), by organization and aliases."""

    def put(self, question: tuple[int, tuple[str, ...]], found: list[Row]) -> None:
        """Remember this, where it is not too much."""
        if sum(map(len, question[1])) > QUESTION_LENGTH or not 0 < len(found) <= FIELDS_KEPT:
            return
        self[question] = found
        if len(self) > QUESTIONS_KEPT:
            self.popitem(last=False)


class ReadTx:
    """A snapshot of one organization, seen by `actor` at `now` (milliseconds, UTC)."""

    def __init__(self, connection: Connection, org: int, organization_id: str, actor: Actor, now: int) -> None:
        self.connection = connection
        self.org = org
        self.organization_id = organization_id
        self.actor = actor
        self.now = now
        # Template versions read so far, by (template, version): they never change (storage.template_versions).
        self.versions: dict[tuple[str, int], Any] = {}
        # Numbers of the fields that lists know, by template (storage.value_fields).
        self.value_fields: dict[str, dict[Name, int]] = {}
        # The organization's rights epoch as this transaction knows it, with what is remembered; None: nothing is.
        self.rights: tuple[int, Remembered] | None = None
        # What is remembered of fields, and what reads it again; None: nothing may be taken to hold still.
        self.fields: tuple[Reader, RememberedFields] | None = None
        # Sets of processes that are remembered (storage.listing.sets); None: lists are counted.
        self.sets: KnownSets | None = None

    def new_id(self) -> str:
        """A fresh 32-hex id (UUIDv7), ordered by this transaction's time."""
        return new_uuid(self.now)

    async def rows(self, shape: type[S], query: Query, **values: Any) -> list[S]:
        """Every row as a `shape`; the statement selects its fields in their order. `org` is always bound."""
        return [shape(*row) for row in await self.connection.rows(query, {**values, "org": self.org})]

    async def row(self, shape: type[S], query: Query, **values: Any) -> S | None:
        found = await self.connection.rows(query, {**values, "org": self.org})
        return shape(*found[0]) if found else None

    async def tuples(self, query: Query, **values: Any) -> list[Row]:
        return await self.connection.rows(query, {**values, "org": self.org})

    async def value(self, query: Query, **values: Any) -> Any:  # the column's type; None when there is no row
        found = await self.connection.rows(query, {**values, "org": self.org})
        return found[0][0] if found else None

    async def at_once(self, *reads: Read) -> list[list[Row]]:
        """The rows of several reads that see the same state; one round trip on PostgreSQL."""
        return await self.connection.at_once([(query, {**values, "org": self.org}) for query, values in reads])

    def stream(self, query: Query, **values: Any) -> AsyncGenerator[Row]:
        return self.connection.stream(query, {**values, "org": self.org})


class WriteTx(ReadTx):
    """A read-write transaction. Events and counters are held back until `finish`, just before the commit."""

    def __init__(
        self, database: Database, connection: Connection, org: int, organization_id: str, actor: Actor, now: int
    ) -> None:
        super().__init__(connection, org, organization_id, actor, now)
        self._database = database
        self._events: list[Event] = []
        self._counts: dict[Table, dict[tuple[Any, ...], int]] = {}
        self._touched: list[Touch] = []
        self._placed: list[tuple[Table, Values]] = []
        self._sightings: list[viewing.Sighting] = []
        self._rights_changed = False
        self._stale_viewers: set[int] | None = set()

    async def run(self, query: Query, **values: Any) -> int:
        return await self.connection.run(query, {**values, "org": self.org})

    async def insert(self, table: Table, rows: Sequence[Values]) -> None:
        await self.connection.insert(table, [{**row, "org": self.org} for row in rows])

    async def update(self, table: Table, rows: Sequence[Values]) -> None:
        await self.connection.update(table, [{**row, "org": self.org} for row in rows])

    async def delete(self, table: Table, keys: Sequence[Values]) -> None:
        await self.connection.delete(table, [{**key, "org": self.org} for key in keys])

    def record(self, *happened: Event) -> None:
        """Append to the event log; readers see it once this transaction has committed."""
        self._events.extend(happened)

    def touch(self, *things: Touch) -> None:
        """These were created, changed or erased: copies of them are to follow."""
        self._touched.extend(things)

    def is_touched(self, kind: Kind, seq: int) -> bool:
        """Whether this transaction has changed it already."""
        return any((each.kind, each.seq) == (kind, seq) and not each.only_for for each in self._touched)

    def put_at_position(self, table: Table, row: Values) -> None:
        """Put this row, with the position that the transaction gets; only together with a change."""
        self._placed.append((table, row))

    def count(self, table: Table, key: tuple[Any, ...], change: int) -> None:
        """Add `change` to a counter; `key` is its primary key without the organization."""
        if change:
            counts = self._counts.setdefault(table, defaultdict(int))
            counts[key] += change

    def sighted(self, *changes: viewing.Sighting) -> None:
        """A process became visible to, or vanished for, these principals: their counters follow."""
        self._sightings.extend(changes)

    def rights_changed(self, viewers: Iterable[int] | None = None) -> None:
        """Roles, groups, grants or owners changed: what these members (None = everybody) see is counted afresh."""
        self._rights_changed = True
        if viewers is None:
            self._stale_viewers = None
        elif self._stale_viewers is not None:
            self._stale_viewers.update(viewers)

    async def next_number(self, kind: str, many: int = 1) -> int:
        """The first of `many` fresh integers of this kind; numbers of a refused transaction may be handed out again."""
        last, _ = await take_numbers(self.connection, self.org, kind, many, self.now)
        return last - many + 1

    async def reserve(self, kind: str, many: int) -> tuple[int, int]:
        """Fresh integers for hot kinds, with the instant they were taken at: (first number, milliseconds).

        On PostgreSQL in a short transaction of its own, so that launches do not queue for one row; a refused
        launch leaves a gap. Numbers and instants rise together.
        """
        if isinstance(self._database, PostgresDatabase):
            async with self._database.numbering() as connection:
                last, at = await take_numbers(connection, self.org, kind, many, self.now)
        else:
            last, at = await take_numbers(self.connection, self.org, kind, many, self.now)
        return last - many + 1, at

    async def finish(self) -> tuple[int, int] | None:
        """Advance the organization's position, append the events, apply the counters: last before the commit.

        Returns the new position and the rights epoch, None where nothing is to be written.

        The position's row is the organization's lock, so a reader never passes an event that commits later, and
        who belongs to a group is read while nobody can change the counters that follow from it.
        """
        if not (self._events or self._touched or self._counts or self._sightings or self._rights_changed):
            return None
        # A change that recorded nothing takes a position, too: who has read up to the last one has not seen it.
        happened = len(self._events) or int(bool(self._touched))
        position, epoch = await advance_position(self.connection, self.org, happened, rights=self._rights_changed)
        await append_events(self.connection, self.org, position, self._events, actor=self.actor, at=self.now)
        await append_topics(self.connection, self.org, position, self._events)
        if self._touched:
            await changes.write(self, position, self._touched)
        for table, row in self._placed:
            await self.connection.put(table, [{"org": self.org, **row, "position": position}])
        if self._rights_changed:
            await viewing.mark_stale(self, self._stale_viewers)
        for key, change in (await viewing.expand(self, self._sightings)).items():
            self.count(lists.viewer_counters, key, change)
        for table in sorted(self._counts, key=lambda each: each.name):
            await self._apply(table, self._counts[table])
        return position, epoch

    async def _apply(self, table: Table, counts: Mapping[tuple[Any, ...], int]) -> None:
        names = [column.name for column in table.primary_key.columns][1:]
        changed = sorted((key, n) for key, n in counts.items() if n)
        await self.connection.add(
            table, [{"org": self.org, **dict(zip(names, key, strict=True)), "n": n} for key, n in changed]
        )


@asynccontextmanager
async def reading(database: Database, org: int, organization_id: str, actor: Actor, now: int) -> AsyncGenerator[ReadTx]:
    async with database.reading() as connection:
        yield ReadTx(connection, org, organization_id, actor, now)


@asynccontextmanager
async def streaming(
    database: Database, org: int, organization_id: str, actor: Actor, now: int
) -> AsyncGenerator[ReadTx]:
    """As `reading`, for an answer that takes as long as its reader."""
    async with database.streaming() as connection:
        yield ReadTx(connection, org, organization_id, actor, now)


async def writing(
    database: Database,
    org: int,
    organization_id: str,
    actor: Actor,
    now: int,
    work: Callable[[WriteTx], Awaitable[T]],
) -> T:
    """Run `work` in a write transaction and commit. It may run more than once: after a deadlock, or when a group
    of writes has to be taken apart; it must not change anything but the transaction.
    """

    async def whole(connection: Connection) -> T:
        tx = WriteTx(database, connection, org, organization_id, actor, now)
        result = await work(tx)
        await tx.finish()
        return result

    return await database.write(whole)


async def writing_at(
    database: Database,
    org: int,
    organization_id: str,
    actor: Actor,
    now: int,
    work: Callable[[WriteTx], Awaitable[T]],
) -> tuple[T, tuple[int, int]]:
    """As `writing`, with the organization's position and rights epoch as the commit leaves them."""

    async def whole(connection: Connection) -> tuple[T, tuple[int, int]]:
        tx = WriteTx(database, connection, org, organization_id, actor, now)
        result = await work(tx)
        version = await tx.finish()
        return result, await version_of(tx) if version is None else version

    return await database.write(whole)


async def version_of(tx: ReadTx) -> tuple[int, int]:
    """How far the organization's events go, and how often anybody's rights changed."""
    rows = await tx.tuples(position_query)
    return (rows[0][0], rows[0][1]) if rows else (0, 0)
