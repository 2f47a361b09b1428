"""Lists of tasks worked out task by task, straight from the words of the specification. Spec: api-tasks 3, 5, 7."""

from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

from sqlalchemy import bindparam, select

from procession.domain.processes import Process, Task
from procession.domain.times import DAY, wire
from procession.storage.processes import task_rows
from procession.storage.query import Query
from procession.storage.tables.processes import tasks
from procession.storage.tx import ReadTx
from tests.builders import Person

_alone = Query(select(*task_rows.columns).where(tasks.c.org == bindparam("org"), tasks.c.process.is_(None)))


async def tasks_alone(tx: ReadTx) -> list[Task]:
    return [task_rows.read(row) for row in await tx.tuples(_alone)]


class Asked(NamedTuple):
    """A query, and which tasks it is about."""

    query: str
    holds: Callable[[Task, int | None], bool]


class SlowTasks:
    """What one member's lists of live, shown tasks hold; `seen` are the ids of the processes they may see."""

    def __init__(
        self,
        processes: Iterable[Process],
        alone: Iterable[Task],
        seen: set[str],
        person: Person,
        named: frozenset[str],
        now: int,
    ) -> None:
        self._now = now
        own = {each for each in named if each.startswith(("m:", "g:"))}
        self.mine: list[Task] = []
        self.visible: list[Task] = []
        placed = [(task, process) for process in processes if not process.is_archived for task in process.tasks]
        for task, process in [*placed, *((task, None) for task in alone)]:
            if not task.is_visible:
                continue
            is_mine = bool(task.owners.principals & own)
            of_place = process.id in seen if process else person.role != "light" or task.starter == person.id
            if is_mine:
                self.mine.append(task)
            if person.role == "admin" or is_mine or (of_place and not task.top_secret):
                self.visible.append(task)

    def queries(self, random: Random) -> list[Asked]:
        """A word, a day, and both."""
        now = self._now
        word, means = random.choice([
            ("active", lambda t, _: t.is_open), ("complete", lambda t, _: t.is_completed),
            ("not-started", lambda t, _: t.status == "not-started"),
            ("in-progress", lambda t, _: t.status == "in-progress"),
            ("overdue", lambda t, due: t.is_open and due is not None and due < now),
            ("due-soon", lambda t, due: t.is_open and due is not None and now <= due <= now + DAY),
            ("on-time", lambda t, due: t.is_open and (due is None or due >= now)),
        ])  # fmt: skip
        day = now // DAY * DAY + random.randrange(-2, 4) * DAY
        name, lies = random.choice([
            ("deadline_on", lambda due: day <= due < day + DAY), ("deadline_before", lambda due: due < day),
            ("deadline_after", lambda due: due >= day + DAY), ("deadline_start_range", lambda due: due >= day),
        ])  # fmt: skip
        dated = f"{name}={wire(day)[:10]}"
        return [
            Asked("status=all", lambda *_: True),
            Asked(f"status={word}", means),
            Asked(f"status=all&{dated}", lambda _, due: due is not None and lies(due)),
            Asked(f"status={word}&{dated}", lambda t, due: due is not None and lies(due) and means(t, due)),
        ]

    def expected(self, among: Iterable[Task], asked: Asked) -> tuple[list[str], int, int]:
        """The ids by deadline, and how many of them are overdue and due soon."""
        found = [(due, task) for task in among if asked.holds(task, due := counting_deadline(task))]
        open_ones = [due for due, task in found if task.is_open and due is not None]
        ordered = sorted(found, key=lambda pair: (1 << 62 if pair[0] is None else pair[0], pair[1].seq))
        overdue = sum(due < self._now for due in open_ones)
        return [task.id for _, task in ordered], overdue, sum(due <= self._now + DAY for due in open_ones) - overdue


def counting_deadline(task: Task) -> int | None:
    return None if task.is_held and task.is_open else task.deadline
