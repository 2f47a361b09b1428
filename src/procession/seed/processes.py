"""Seeded processes: variations of the first process of a template, settled and stored as every other one.

All of this runs without a database; `make` turns a chunk into a batch.
"""

import asyncio
from random import Random

from msgspec.structs import replace

from procession.domain import tasks as task_rules
from procession.domain.actors import BOT, Actor
from procession.domain.events import happened
from procession.domain.names import fold
from procession.domain.processes import Process, Task, ThreadLabel
from procession.domain.summary import INDEXED_NAME_LENGTH, settle
from procession.domain.task_events import assigned, completion_event
from procession.domain.tasks import Completer
from procession.domain.threads import Thread, thread_event, with_process_thread, with_thread
from procession.domain.timers import closing_times
from procession.domain.times import HOUR, Millis
from procession.seed import words
from procession.seed.answers import answers
from procession.seed.crew import Crews, Weighted, tail
from procession.seed.ground import PROCESSES_PER_ONE_OFF, TAGS_PER_PROCESS, THREADS_PER_PROCESS, Chunk, Model
from procession.seed.lives import Life, Span, live, next_deadline
from procession.storage import processes, threads
from procession.storage.bulk import Batch, CollectingTx

CHANNEL = "seed"
VARIANTS = 4
# With an improvement, a problem and an issue, these make THREADS_PER_PROCESS.
MOST_COMMENTS = 2


async def make(chunk: Chunk) -> tuple[Batch, dict[str, int]]:
    """The chunk's rows, and how many of its processes were launched from each template."""
    making = _Making(chunk)
    for index in range(chunk.first, chunk.first + chunk.many):
        await making.process(index)
        if index % PROCESSES_PER_ONE_OFF == PROCESSES_PER_ONE_OFF - 1:
            await making.one_off(index)
    return await making.tx.collected(), making.launches


def make_elsewhere(chunk: Chunk) -> tuple[Batch, dict[str, int]]:
    """`make`, for a process that does nothing else."""
    return asyncio.run(make(chunk))


def member(account: int) -> Actor:
    return Actor(kind="member", id=account, channel=CHANNEL)


class _Making:
    """One chunk on its way."""

    def __init__(self, chunk: Chunk) -> None:
        self.ground = ground = chunk.ground
        first, numbers = chunk.first, ground.numbers
        self.random = Random(f"{ground.random_seed}:{first}")  # noqa: S311  # variety, not secrecy
        self.crews = Crews(ground, self.random)
        self.tags = Weighted(tail(len(ground.tags)))
        self.themes = Weighted(tail(len(ground.models)))
        self.people_of_groups = {
            group: (frozenset(found), frozenset[str]()) for group, found in ground.people_of_groups.items()
        }
        self.launches: dict[str, int] = {}
        self.former: Process | None = None
        people, variants = ground.people, range(VARIANTS)
        self.waits = [model.waits for model in ground.models]
        self.answers = [
            [[answers(step.fields, variant, people) for variant in variants] for step in model.steps]
            for model in ground.models
        ]
        self.kickoffs = [[answers(model.kickoff, variant, people) for variant in variants] for model in ground.models]
        self.tx = CollectingTx(
            ground.org,
            ground.organization_id,
            {
                "tag_link": numbers.tag_link + first * TAGS_PER_PROCESS,
                "folder_link": numbers.folder_link + first,
                "thread": numbers.thread + first * THREADS_PER_PROCESS,
            },
        )

        for model in ground.models:
            launched = model.process
            self.tx.knows(launched.template_id, launched.template_version, model.document, model.field_numbers)

    def launched_at(self, index: int) -> Millis:
        """Launches are spread evenly, in the order of their numbers."""
        ground = self.ground
        return ground.since + int((ground.until - ground.since) * (index + self.random.random()) / ground.processes)

    async def process(self, index: int) -> None:
        theme = self.themes.draw(self.random)
        model = self.ground.models[theme]
        span = Span(self.launched_at(index), self.ground.until, self.ground.now)
        life = live(self.random, self.waits[theme], span, self.ground.week)
        launched = self._launched(index, theme, life)
        process = self._worked(launched, theme, life)
        process = replace(process, starred_by=self._stars(process, life))
        process = await self._discussed(process, life)
        if life.archived_at is not None:
            process = replace(process, archived_at=life.archived_at, updated_at=life.archived_at)
        settled = settle(process, process.updated_at)
        self._record(launched, settled, life)
        self.tx.at(life.launched_at, member(launched.starter))
        await processes.add(self.tx, settled)
        self.launches[model.process.template_id] = self.launches.get(model.process.template_id, 0) + 1
        self.former = settled

    def _launched(self, index: int, theme: int, life: Life) -> Process:
        """The process as it was launched: people, deadlines and name are its own, everything else the model's."""
        random, at = self.random, life.launched_at
        model = self.ground.models[theme]
        self.tx.at(at, self.tx.actor)
        owner = self.crews.owner()
        starter = owner if random.random() < 0.7 else self.crews.owner()
        crew = self.crews.crew(owner)
        seq = self.ground.numbers.process + index
        name = self._name(model, index)
        folded = fold(name)
        first_task = self.ground.numbers.task + index * self.ground.tasks_each + index // PROCESSES_PER_ONE_OFF
        tasks = tuple(
            replace(
                task,
                seq=first_task + place,
                id=self.tx.new_id(),
                process=seq,
                owners=self.crews.assignees(crew, starter),
                started_at=due.planned - 2 * HOUR if task.is_soft_start_date else at,
                deadline=due.at,
                is_held=due.is_held,
                deadline_by_hand=due.by_hand,
                starter=starter,
                created_at=at,
                updated_at=at,
            )
            for place, (task, due) in enumerate(zip(model.process.tasks, life.due, strict=True))
        )
        return replace(
            model.process,
            seq=seq,
            id=self.tx.new_id(),
            name=name,
            folded_name=folded,
            sort_name=folded[:INDEXED_NAME_LENGTH],
            owner=owner,
            starter=starter,
            involved=(),
            prerun=self.kickoffs[theme][index % VARIANTS],
            prerun_completed_at=at if model.kickoff else None,
            prerun_completed_by=starter if model.kickoff else None,
            parent_id=self.former.id if self.former and random.random() < 0.015 else None,
            created_at=at,
            started_at=at,
            updated_at=life.last_at,
            tasks=tasks,
            tags=self._tags(),
            folder=random.choice(self.ground.folders) if random.random() < 0.35 else None,
        )

    def _name(self, model: Model, index: int) -> str:
        random = self.random
        match model.topic:
            case "person":
                about = f"{random.choice(words.FIRST_NAMES)} {random.choice(words.LAST_NAMES)}"
            case "supplier":
                about = f"{random.choice(words.SUPPLIER_NAMES)} {random.choice(words.SUPPLIER_KINDS)}"
            case "town":
                about = f"{random.choice(words.TOWNS)} {random.randint(1, 99)}"
            case _:
                about = f"{random.choice(words.MONTHS)} in {random.choice(words.TOWNS)}"
        return f"{model.prefix} {about} {index:05d}" if random.random() < 0.5 else f"{model.prefix} {about}"

    def _tags(self) -> frozenset[str]:
        """None to three."""
        many = int(self.random.random() ** 1.5 * (TAGS_PER_PROCESS + 1))
        return frozenset(self.ground.tags[self.tags.draw(self.random)] for _ in range(many))

    def _worked(self, process: Process, theme: int, life: Life) -> Process:
        """With tasks completed in order, the next one perhaps begun and a later one perhaps skipped, and what had to be
        acknowledged by now expired.
        """
        tasks = list(process.tasks)
        for place, at in enumerate(life.completions):
            tasks[place] = self._completed(tasks[place], self.answers[theme][place], at)
        if life.done < len(tasks) and life.done and self.random.random() < 0.5:
            begun = self._answered(tasks[life.done], self.answers[theme][life.done])
            tasks[life.done] = replace(begun, updated_at=life.last_at)
        if life.done + 1 < len(tasks) and self.random.random() < 0.02:
            tasks[-1] = replace(task_rules.hidden_by_hand(tasks[-1]), updated_at=life.last_at)
        process = replace(process, tasks=tuple(tasks))
        return self._expired(process) if life.fate == "open" else process

    def _expired(self, process: Process) -> Process:
        """As the server would have left it that was there when the deadlines passed."""
        due = {seq: at for seq, at in closing_times(process).items() if at < self.ground.now}
        if not due:
            return process
        closed = [
            replace(task_rules.closed_by_clock(task, due[task.seq]), updated_at=due[task.seq])
            for task in process.tasks
            if task.seq in due
        ]
        return replace(process.with_tasks(*closed), updated_at=max(process.updated_at, *due.values()))

    def _answered(self, task: Task, variants: list[dict[str, object]]) -> Task:
        return task_rules.answered(task, variants[task.seq % VARIANTS])

    def _completed(self, task: Task, variants: list[dict[str, object]], at: Millis) -> Task:
        by = Completer(*self.crews.completer(task.owners))
        decision = task_rules.decision_on(task, sent=True)
        done = task_rules.completed(self._answered(task, variants), by, at, decision=decision)
        parts = task.parts
        if task_rules.has_parts(task):
            parts = dict.fromkeys(sorted(task_rules.everybody(task.owners, self.people_of_groups)), at)
        return replace(done, parts=parts, updated_at=at)

    def _stars(self, process: Process, life: Life) -> frozenset[int]:
        if self.random.random() >= 0.03:
            return frozenset()
        stars = frozenset({self.crews.owner(), process.owner})
        for account in sorted(stars):
            self.tx.at(life.last_at, member(account))
            self.tx.record(happened("process.starred", process.id, process=process.seq))
        return stars

    async def _discussed(self, process: Process, life: Life) -> Process:
        """With comments on some tasks, problems on a few open ones, and now and then an issue that locks it."""
        random, last = self.random, len(process.tasks) - 1
        reached = next((place for place, task in enumerate(process.tasks) if task.is_open), last)
        for _ in range(MOST_COMMENTS):
            if random.random() < 0.12:
                process = await self._commented(process, reached, "comment", random.choice(words.COMMENTS), life)
        if random.random() < 0.02:
            process = await self._commented(process, reached, "improvement", random.choice(words.IMPROVEMENTS), life)
        if life.fate == "open" and random.random() < 0.02:
            process = await self._commented(process, reached, "problem", random.choice(words.PROBLEMS), life)
        if life.fate == "open" and random.random() < 0.003:
            thread = await self._thread(process, None, "problem", random.choice(words.ISSUES), life)
            process = with_process_thread(process, None, thread)
        return process

    async def _commented(self, process: Process, place: int, label: ThreadLabel, text: str, life: Life) -> Process:
        task = process.tasks[place]
        thread = await self._thread(process, task, label, text, life)
        changed = with_thread(task, None, thread)
        return process if changed == task else process.with_tasks(replace(changed, updated_at=life.last_at))

    async def _thread(self, process: Process, task: Task | None, label: ThreadLabel, text: str, life: Life) -> Thread:
        self.tx.at(life.last_at, member(process.owner))
        thread = Thread(
            no=await threads.next_number(self.tx),
            id=self.tx.new_id(),
            process=None if task else process.seq,
            task=task.seq if task else None,
            label=label,
            state="hide-for-guests",
            is_issue=label == "problem",
            author_kind="user",
            author=process.owner,
            content=text,
            created_at=life.last_at,
            updated_at=life.last_at,
        )
        await threads.add(self.tx, thread)
        self.tx.record(thread_event("thread.added", thread, process=process.seq))
        return thread

    def _record(self, launched: Process, process: Process, life: Life) -> None:
        self.tx.at(life.launched_at, member(launched.starter))
        self.tx.record(
            happened(
                "process.launched",
                launched.id,
                process=launched.seq,
                template=launched.template_id,
                version=launched.template_version,
                name=launched.name,
                tasks=len(launched.tasks),
            )
        )
        for task in process.tasks:
            if task.completed_at is not None:
                guest = task.completer_guest
                actor = BOT if task.completer is None else member(task.completer)
                if guest is not None:
                    actor = Actor(kind="guest", guest_email=guest, channel=CHANNEL)
                self.tx.at(task.completed_at, actor)
                self.tx.record(completion_event(task))
        if life.archived_at is not None:
            self.tx.at(life.archived_at, member(process.owner))
            self.tx.record(happened("process.archived", process.id, process=process.seq))

    async def one_off(self, index: int) -> None:
        """A task that stands alone, made right after the process with this index."""
        at, owner = self.former.created_at if self.former else self.ground.since, self.crews.owner()
        behind = (index + 1) * self.ground.tasks_each + index // PROCESSES_PER_ONE_OFF
        self.tx.at(at, member(owner))
        task = replace(
            self.ground.one_off,
            seq=self.ground.numbers.task + behind,
            id=self.tx.new_id(),
            owners=self.crews.assignees(self.crews.crew(owner), owner),
            started_at=at,
            deadline=next_deadline(self.random, Span(at, self.ground.until, self.ground.now)),
            starter=owner,
            created_at=at,
            updated_at=at,
        )
        await processes.add_task(self.tx, task)
        self.tx.record(
            happened("task.created", task.id, process=None, title=task.title, task_type=task.task_type), assigned(task)
        )
