"""An organization's rows when everybody has gone home."""

import json
from typing import Any

from sqlalchemy import bindparam, select

from procession.storage.query import Query
from procession.storage.tables.events import events, organization_states
from procession.storage.tables.people import groups, guests
from procession.storage.tables.processes import processes, tasks
from tests.builders import Organization

_events = Query(
    select(events.c.position, events.c.kind, events.c.subject_id)
    .where(events.c.org == bindparam("org"))
    .order_by(events.c.position)
)
_position = Query(select(organization_states.c.position).where(organization_states.c.org == bindparam("org")))
_processes = Query(
    select(processes.c.seq, processes.c.created_at).where(processes.c.org == bindparam("org")).order_by(processes.c.seq)
)
_owners = Query(select(tasks.c.id, tasks.c.owners).where(tasks.c.org == bindparam("org")).order_by(tasks.c.seq))
_groups = Query(select(groups.c.id).where(groups.c.org == bindparam("org")))
_guests = Query(select(guests.c.email).where(guests.c.org == bindparam("org")))


class Afterwards:
    def __init__(self, org: Organization) -> None:
        self.org = org

    def happened(self, kind: str) -> list[str]:
        """Whom or what the events of this kind are about, in their order."""
        return [subject for _, each, subject in self._rows(_events) if each == kind]

    def rebuild(self) -> None:
        """What the server does every other second."""
        self.org.rebuild_stale()

    def assert_counted_right(self) -> None:
        assert self.org.differences() == []

    def assert_log_is_whole(self) -> None:
        """Positions without a gap or a repeat."""
        positions = [position for position, _, _ in self._rows(_events)]
        assert positions == list(range(1, len(positions) + 1))
        assert self._rows(_position) == [(len(positions),)]

    def assert_numbers_rise(self) -> None:
        """Order by creation is order by number."""
        instants = [at for _, at in self._rows(_processes)]
        assert instants == sorted(instants)

    def assert_nobody_is_named_who_is_gone(self) -> None:
        """Groups that were deleted, and guests that were removed, where the task was never completed.

        Completed tasks keep the name of a guest, also when they are reopened. Spec: behaviour-people GR1, C1.
        """
        groups_left = {row[0] for row in self._rows(_groups)}
        guests_left = {row[0] for row in self._rows(_guests)}
        once_completed = set(self.happened("task.completed"))
        for task, text in self._rows(_owners):
            owners = json.loads(text)
            assert set(owners["groups"]) <= groups_left, task
            assert task in once_completed or set(owners["guests"]) <= guests_left, task

    def assert_all_well(self) -> None:
        self.assert_counted_right()
        self.assert_log_is_whole()
        self.assert_numbers_rise()
        self.assert_nobody_is_named_who_is_gone()

    def _rows(self, query: Query) -> list[Any]:
        async def read() -> list[Any]:
            async with self.org.server.database.reading() as connection:
                return await connection.rows(query, {"org": self.org.number})

        return self.org.server.run(read())
