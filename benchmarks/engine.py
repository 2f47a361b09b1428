"""The engine without HTTP, on a small data set of its own: completions, rules, launches, moves to a newer version.

python -m benchmarks.engine WORK     (the work as JSON; prints what it took as JSON)
"""

import itertools
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import msgspec
import uvloop
from msgspec.structs import replace

from procession import config, wiring
from procession.domain.actors import Actor
from procession.domain.automations.reacting import react
from procession.domain.automations.rules import Action, Condition, Rule
from procession.domain.automations.state import FRESH, Occurrence, Scene
from procession.domain.calendar import ALL_HOURS, WorkingWeek
from procession.domain.deadlines import StepDeadline
from procession.domain.processes import Process
from procession.domain.tasks import Completer, completed
from procession.domain.templates import Step, Template
from procession.storage import processes, version_moves
from procession.storage.database import Database
from procession.storage.numbers import clock_now
from procession.storage.template_versions import version_document
from procession.storage.tx import WriteTx, writing
from procession.usecases import completion, launching, templates, version_moving
from procession.usecases.launching import Wish
from procession.usecases.reactions import Means
from procession.usecases.setup import add_person, create_organization
from procession.usecases.template_access import editable, save_document
from procession.usecases.version_moving import Wanted

RULES = 50
DEADLINE = StepDeadline(5, "days", "from", "start_run")
WEEK = WorkingWeek((ALL_HOURS,) * 7, "UTC")


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Where, and how much: the database is there and empty."""

    data_dir: str
    database_url: str = ""
    # Processes that are moved, and how often anything else is done.
    processes: int = 1000
    times: int = 60


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of one (the median), and seconds of all processes that were moved."""

    complete_small: float
    complete_large: float
    rules_usual: float
    rules_all: float
    launch_large: float
    dry_run: float
    move: float
    undo: float


def step(number: int) -> Step:
    """With a short id of 32 hex digits, as clients know steps."""
    name = f"{number:032x}"
    return Step(
        id=name, alias=name, title=f"Step {number}", deadline=DEADLINE, created_by=1, created_at=0, updated_at=0
    )


def rule(number: int, asked: Sequence[Step], target: Step) -> Rule:
    """If all of these steps are completed, hide another one."""
    conditions = tuple(
        Condition(id=f"c{number}.{place}", subject="Step", subject_id=each.id, operator="completed")
        for place, each in enumerate(asked)
    )
    hide = Action(id=f"a{number}", verb="hide", target=target.id)
    return Rule(
        id=f"{number:032x}", name=f"Rule {number}", conditions=conditions, actions=(hide,), created_at=0, updated_at=0
    )


def template(steps: int, *, asks_all: bool = False) -> Template:
    """Fifty rules, each about two steps: two others each time, or all about the first one and never met at first."""
    made = [step(number) for number in range(1, steps + 1)]
    rules = [rule(n, (made[0 if asks_all else n % (steps - 2)], made[-2]), made[-1]) for n in range(RULES)]
    return Template(steps=tuple(made), rules=tuple(rules))


def newer(document: Template) -> Template:
    """A step renamed, one gone, one new, one with another deadline, and a rule that hides what is left."""
    first, second, _, *rest = document.steps
    renamed = replace(first, title="Renamed")
    dated = replace(second, deadline=StepDeadline(2, "days", "from", first.id))
    return replace(document, steps=(renamed, dated, *rest, step(900)), rules=(rule(900, (first,), rest[0]),))


class Bench:
    """An organization with one administrator, who does everything."""

    def __init__(self, database: Database, org: int, organization_id: str, account: int, means: Means) -> None:
        self.database = database
        self.org = org
        self.organization_id = organization_id
        self.actor = Actor(kind="member", id=account, role="admin")
        self.means = means
        self._names = itertools.count(1)

    async def run(self, job: Callable[[WriteTx], Awaitable[Any]]) -> Any:
        return await writing(self.database, self.org, self.organization_id, self.actor, clock_now(), job)

    async def template(self, document: Template) -> str:
        async def work(tx: WriteTx) -> str:
            me = tx.actor.id
            row = await templates.new_row(
                tx, title="Measured", kind="procedure", document=document, owner=me, created_by=me, folder_id=None
            )
            await templates.enter(tx, row, grants=await templates.new_grants(tx))
            return row.id

        return await self.run(work)

    async def launch(self, template_id: str) -> Process:
        wish = Wish(template_id=template_id, name=f"Measured {next(self._names)}")
        return (await self.run(lambda tx: launching.launch_process(tx, wish, means=self.means)))[0]

    async def complete(self, process: Process, place: int) -> None:
        body = {"task_id": process.tasks[place].id}

        async def work(tx: WriteTx) -> object:
            return await completion.complete_task(tx, body, process_id=process.id, means=self.means, hourly_limit=0)

        await self.run(work)

    async def completions(self, document: Template, times: int) -> float:
        """Of the first, second ... task of several processes."""
        made = await self.template(document)
        each = min(10, len(document.steps) - 3)
        took: list[float] = []
        for _ in range(max(times // each, 1)):
            process = await self.launch(made)
            took += [await timed(partial(self.complete, process, place)) for place in range(each)]
        return 1000 * median(took)

    async def launches(self, document: Template, times: int) -> float:
        made = await self.template(document)
        return 1000 * median([await timed(lambda: self.launch(made)) for _ in range(times)])

    async def moves(self, many: int) -> tuple[float, float, float]:
        """Seconds of a dry run, the move and its undo, from the request to the last process."""
        document = replace(template(12), rules=())
        made = await self.template(document)
        for _ in range(many):
            process = await self.launch(made)
            await self.complete(process, 0)

        async def change(tx: WriteTx) -> None:
            await save_document(tx, await editable(tx, made), newer(document))

        await self.run(change)
        dry = await timed(lambda: self._move(made, many, is_dry_run=True))
        began = perf_counter()
        number = await self._move(made, many, is_dry_run=False)
        moved = perf_counter() - began
        return dry, moved, await timed(lambda: self._undo(number))

    async def _move(self, made: str, many: int, *, is_dry_run: bool) -> int:
        wanted = Wanted(versions=(1,), is_dry_run=is_dry_run)
        move = await self.run(lambda tx: version_moving.create(tx, made, wanted))
        done = await self._carried_out(move.id)
        if (done.status, done.moved) != ("finished", many):
            raise SystemExit(f"the move came to {done}")
        return move.id

    async def _undo(self, number: int) -> None:
        await self.run(lambda tx: version_moving.undo(tx, number, None, minutes=1))
        done = await self._carried_out(number)
        if (done.status, done.moved) != ("undone", 0):
            raise SystemExit(f"the undo came to {done}")

    async def _carried_out(self, number: int) -> Any:
        """As servers do it, without leaving half of the time to others."""
        while True:
            await version_moving.run_due(self.database, self.org, self.organization_id, number, clock_now, self.means)
            move = await self.run(lambda tx: version_moves.find(tx, number))
            if not move.is_under_way:
                return move

    async def rules(self, document: Template, times: int) -> float:
        """The rules alone, of a process as it is stored, after its first task was completed."""
        made = await self.template(document)
        launched = await self.launch(made)

        async def load(tx: WriteTx) -> tuple[Process, Template]:
            found = await processes.at(tx, launched.seq)
            assert found is not None
            return found, await version_document(tx, made, found.template_version)

        process, stored = await self.run(load)
        first = next(task for task in process.tasks if task.step_id == document.steps[0].id)
        done = process.with_tasks(completed(first, Completer(member=1), clock_now(), decision=None))
        scene, occurrence = Scene(document=stored, week=WEEK, now=clock_now()), Occurrence("completed", first.step_id)
        took: list[float] = []
        for _ in range(10 * times):
            began = perf_counter()
            react(done, FRESH, occurrence, scene)
            took.append(perf_counter() - began)
        return 1000 * median(took)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    began = perf_counter()
    await work()
    return perf_counter() - began


async def measured(work: Work) -> Figures:
    url = {"database_url": work.database_url} if work.database_url else {}
    settings = config.load({}, data_dir=Path(work.data_dir), **url)
    means = Means(wiring.make_secrets(settings))
    async with wiring.opened(settings) as database:
        org, organization_id = await create_organization(database, name="Engine", timezone="UTC", now=clock_now())
        account = await add_person(
            database,
            org,
            organization_id,
            email="engine@bench.test",
            first_name="Mira",
            last_name="Okoye",
            role="admin",
            timezone="UTC",
            password_hash=None,
            now=clock_now(),
        )
        bench = Bench(database, org, organization_id, account, means)
        dry_run, move, undo = await bench.moves(work.processes)
        return Figures(
            complete_small=await bench.completions(template(12), work.times),
            complete_large=await bench.completions(template(200), work.times),
            rules_usual=await bench.rules(template(200), work.times),
            rules_all=await bench.rules(template(200, asks_all=True), work.times),
            launch_large=await bench.launches(template(200), work.times),
            dry_run=dry_run,
            move=move,
            undo=undo,
        )


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.argv[1], type=Work)
    print(msgspec.json.encode(uvloop.run(measured(asked))).decode())
