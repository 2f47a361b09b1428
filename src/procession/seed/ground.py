"""What the processes of one seeded organization are made of, as plain data that other processes can be handed."""

import msgspec

from procession.domain.calendar import WorkingWeek
from procession.domain.deadlines import StepDeadline
from procession.domain.fields import Field
from procession.domain.process_values import Name
from procession.domain.processes import Process, Task
from procession.domain.templates import Step, Template
from procession.domain.times import Millis
from procession.domain.values import People
from procession.seed.words import Topic
from procession.storage.tx import WriteTx

# At most this many comments are on one seeded process.
THREADS_PER_PROCESS = 5
TAGS_PER_PROCESS = 3
# One stand-alone task comes with so many processes.
PROCESSES_PER_ONE_OFF = 50


class Wait(msgspec.Struct, frozen=True):
    """A step is due so long after an earlier one, at this place (from 0), was completed."""

    place: int
    rule: StepDeadline


class Model(msgspec.Struct, frozen=True):
    """A template, by the first process launched from it, as it was then."""

    process: Process
    document: Template
    # Of the fields that lists find processes by.
    field_numbers: dict[Name, int]
    prefix: str
    topic: Topic

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.document.steps

    @property
    def kickoff(self) -> tuple[Field, ...]:
        return self.document.kickoff

    @property
    def waits(self) -> list[Wait | None]:
        places = {step.id: place for place, step in enumerate(self.steps)}
        return [
            Wait(places[step.deadline.step], step.deadline)
            if step.deadline.option == "from" and places.get(step.deadline.step, place) < place
            else None
            for place, step in enumerate(self.steps)
        ]


class Numbers(msgspec.Struct, frozen=True):
    """The first of the numbers kept free for what is to come."""

    process: int
    task: int
    tag_link: int
    folder_link: int
    thread: int


async def numbers_kept(tx: WriteTx, processes: int, *, tasks_each: int, until: Millis) -> Numbers:
    """Numbers for so many processes, so that what is made after `until` goes on behind them."""
    before, tx.now = tx.now, until
    numbers = Numbers(
        process=(await tx.reserve("process", processes))[0],
        task=(await tx.reserve("task", processes * tasks_each + processes // PROCESSES_PER_ONE_OFF))[0],
        tag_link=await tx.next_number("tag_link", processes * TAGS_PER_PROCESS),
        folder_link=await tx.next_number("folder_link", processes),
        thread=await tx.next_number("thread", processes * THREADS_PER_PROCESS),
    )
    tx.now = before
    return numbers


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """One organization with its people and templates, ready for processes."""

    org: int
    organization_id: str
    random_seed: str
    # Members who own processes, the busiest first; then light members, who are only assigned.
    owners: tuple[int, ...]
    helpers: tuple[int, ...]
    guests: tuple[str, ...]
    groups: tuple[str, ...]
    people_of_groups: dict[str, tuple[int, ...]]
    tags: tuple[str, ...]
    folders: tuple[str, ...]
    models: tuple[Model, ...]
    one_off: Task
    numbers: Numbers
    # How many processes are to come, between when they are launched and worked on, and what time it is.
    processes: int
    since: Millis
    until: Millis
    now: Millis
    week: WorkingWeek
    # Numbers kept for the tasks of each process.
    tasks_each: int

    @property
    def people(self) -> People:
        """Whom answers may name."""
        return People(members=frozenset(self.helpers), groups=frozenset(self.groups))


class Chunk(msgspec.Struct, frozen=True):
    """Some of an organization's processes, counted from 0."""

    ground: Ground
    first: int
    many: int
