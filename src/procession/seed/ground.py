"""What the processes of one seeded organization are made of, as plain data that other processes can be handed."""

import msgspec

from procession.domain.fields import Field
from procession.domain.processes import Process, Task
from procession.domain.templates import Step
from procession.domain.times import Millis

# At most this many comments are on one seeded process.
THREADS_PER_PROCESS = 5
TAGS_PER_PROCESS = 3
# One stand-alone task comes with so many processes.
PROCESSES_PER_ONE_OFF = 50


class Model(msgspec.Struct, frozen=True):
    """A template, by the first process launched from it."""

    process: Process
    steps: tuple[Step, ...]
    kickoff: tuple[Field, ...]
    prefix: str
    topic: str


class Numbers(msgspec.Struct, frozen=True):
    """The first of the numbers kept free for what is to come."""

    process: int
    task: int
    tag_link: int
    folder_link: int
    thread: int


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
    # How many processes are to come, and between when they are launched.
    processes: int
    since: Millis
    until: Millis


class Chunk(msgspec.Struct, frozen=True):
    """Some of an organization's processes, counted from 0."""

    ground: Ground
    first: int
    many: int
