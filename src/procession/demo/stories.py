"""What happened in the demo's organization: launches and work in the order of time, by the people who did it."""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Literal, TypeVar

import msgspec

from procession.demo import company
from procession.demo.blueprints import BLUEPRINTS, Blueprint
from procession.demo.founding import CHANNEL, Company
from procession.domain import tasks as task_rules
from procession.domain.actors import Actor
from procession.domain.calendar import local_day
from procession.domain.fields import Field
from procession.domain.processes import Process, Task, ThreadLabel
from procession.domain.times import DAY, HOUR, MINUTE, Millis, wire
from procession.domain.values import People
from procession.seed import words
from procession.seed.answers import answers
from procession.storage import access, processes
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import assigning, completion, launching, process_threads, tasks, threads
from procession.usecases import processes as process_uses
from procession.usecases.launch_requests import Wish
from procession.usecases.processes import Changes
from procession.usecases.thread_writing import Draft

T = TypeVar("T")

Fate = Literal["smooth", "slow", "stuck", "problem", "issue", "abandoned"]
Action = Callable[[Millis], Awaitable[None]]

# Out of a hundred processes.
FATES: dict[Fate, int] = {"smooth": 59, "slow": 20, "stuck": 11, "problem": 6, "issue": 2, "abandoned": 2}
# Problems and issues that old have been resolved.
PATIENCE = 30 * DAY
RECENT = 20 * DAY
LAUNCHERS = ("maya", "tomas", "priya", "jonas")
ACCOUNT_MANAGERS = ("jonas", "tomas")
SOLUTIONS = ("Cleared up on the phone.", "We have the missing page now.", "Agreed with everybody.")


class Story(msgspec.Struct):
    """A process as it is told; when no `steps` are left, its fate catches up with it."""

    blueprint: Blueprint
    process_id: str
    owner: int
    fate: Fate
    launched_at: Millis
    steps: int


class Scene(msgspec.Struct, frozen=True):
    """A process at some time: the task whose turn it is, and who has not done their part of it."""

    process: Process
    task: Task | None
    people: frozenset[str] = frozenset()


class Stories:
    """Plans what is to happen and lets it happen."""

    def __init__(self, made: Company, random: Random, now: Millis) -> None:
        self.made = made
        self.random = random
        self.now = now
        self.told: list[Story] = []
        # The first process of each template, as it was launched.
        self.first: dict[str, Process] = {}
        self._coming: list[tuple[Millis, int, Action]] = []
        self._planned = 0

    def plan(self, at: Millis, action: Action) -> None:
        """What lies in the future does not happen."""
        if at < self.now:
            self._planned += 1
            heapq.heappush(self._coming, (at, self._planned, action))

    async def tell(self, until: Millis) -> None:
        """Everything planned for before `until`, in the order of time."""
        while self._coming and self._coming[0][0] < until:
            at, _, action = heapq.heappop(self._coming)
            await action(at)

    def plan_launches(self, many: int, since: Millis) -> None:
        """More and more as time goes by."""
        span, fates = self.now - since - HOUR, list(FATES)
        for at in sorted(since + int(span * (1 - self.random.random() ** 2)) for _ in range(many)):
            [fate] = self.random.choices(fates, [FATES[each] for each in fates])
            self.plan_launch(at, self.random.choice(BLUEPRINTS), fate)

    def plan_launch(self, at: Millis, blueprint: Blueprint, fate: Fate) -> None:
        async def launch(at: Millis) -> None:
            await self._launch(blueprint, fate, at)

        self.plan(at, launch)

    def _plan_work(self, story: Story, scene: Scene, at: Millis) -> None:
        """When the next task's turn has come: in good time, or when it is too late."""
        due = scene.task.deadline if scene.task is not None else None
        share = self.random.uniform(0.9, 1.7) if story.fate == "slow" else self.random.uniform(0.2, 0.95)
        wait = max(int(((due or at) - at) * share), self.random.randint(20, 300) * MINUTE)

        async def work(at: Millis) -> None:
            await self._work(story, at)

        self.plan(at + wait, work)

    async def _launch(self, blueprint: Blueprint, fate: Fate, at: Millis) -> None:
        made, random = self.made, self.random
        starter = made.actor(random.choice((*LAUNCHERS, blueprint.owner)))
        row = made.templates[blueprint.key]
        parents = [each for each in self.told if each.owner == starter.id and each.launched_at > at - RECENT]
        tags = random.sample(sorted(made.tags), random.choice((0, 0, 1, 1, 2)))
        wish = Wish(
            template_id=row.id,
            summary=random.choice(words.COMMENTS) if random.random() < 0.2 else None,
            starred=random.random() < 0.1,
            prerun=self._kickoff(blueprint, row.document.kickoff, at),
            roles={made.job_titles["Account manager"]: {"users": [made.people[random.choice(ACCOUNT_MANAGERS)]]}},
            users=(made.people["ellie"],) if random.random() < 0.1 else None,
            groups=(made.groups["people"],) if random.random() < 0.05 else None,
            tags=tuple(made.tags[each] for each in tags),
            folders=(made.folders["key"],) if blueprint.key == "customer" and random.random() < 0.3 else None,
            parent_id=random.choice(parents).process_id if parents and random.random() < 0.08 else None,
        )
        process, _ = await made.do(at, starter, lambda tx: launching.launch_process(tx, wish, means=made.means))
        self.first.setdefault(blueprint.key, process)
        steps = len(process.tasks) if fate in ("smooth", "slow") else random.randrange(1, len(process.tasks))
        story = Story(blueprint, process.id, process.owner, fate, at, steps)
        self.told.append(story)
        self._plan_work(story, Scene(process, _next_task(process)), at)
        if random.random() < 0.12:
            self._plan_star(story, made.actor(random.choice(LAUNCHERS)), at + random.randint(1, 48) * HOUR)

    def _kickoff(self, blueprint: Blueprint, fields: Sequence[Field], at: Millis) -> dict[str, object]:
        """Some answers, of which the first makes the process's name."""
        random = self.random
        match blueprint.topic:
            case "person":
                name = f"{random.choice(words.FIRST_NAMES)} {random.choice(words.LAST_NAMES)}"
            case "month":
                name = words.MONTHS[local_day(at - 20 * DAY, company.TIMEZONE).month - 1]
            case _:
                name = f"{random.choice(words.SUPPLIER_NAMES)} {random.choice(words.SUPPLIER_KINDS)}"
        found = answers(fields, random.randrange(4), self._people())
        days = {field.id: wire(at + random.randint(5, 25) * DAY) for field in fields if field.field_type == "date"}
        return {**found, **days, fields[0].id: name}

    def _people(self) -> People:
        return People(members=frozenset(self.made.people.values()), groups=frozenset(self.made.groups.values()))

    def _plan_star(self, story: Story, actor: Actor, at: Millis) -> None:
        async def star(at: Millis) -> None:
            if await self._sees(actor, story, at):
                change, means = Changes(starred=True), self.made.means
                await self.made.do(
                    at, actor, lambda tx: process_uses.update_process(tx, story.process_id, change, means)
                )

        self.plan(at, star)

    async def _sees(self, actor: Actor, story: Story, at: Millis) -> bool:
        """Not everybody sees everything."""
        scene = await self._scene(story, at)
        named = {actor.principal, "everyone", *self.made.groups_of(actor.id)}
        return actor.is_admin or not named.isdisjoint((*scene.process.involved, *scene.process.readers))

    async def _scene(self, story: Story, at: Millis) -> Scene:
        async def look(tx: ReadTx) -> Scene:
            process = await processes.find(tx, story.process_id)
            if process is None:
                raise LookupError(story.process_id)
            task = _next_task(process)
            if task is None:
                return Scene(process, None)
            people = task_rules.everybody(task.owners, await assigning.people_of(tx, task.owners))
            return Scene(process, task, people - task.parts.keys())

        return await self.made.look(at, look)

    async def _work(self, story: Story, at: Millis) -> None:
        """The task whose turn it is gets done, unless the story ends here."""
        scene = await self._scene(story, at)
        if scene.task is None or scene.process.is_archived or scene.process.is_locked:
            return
        if story.steps <= 0:
            await self._end(story, scene.task, at)
            return
        if self.random.random() < 0.2:
            await self._comment(scene.task, self.random.choice(words.COMMENTS), at)
        if self.random.random() < 0.02:
            await self._comment(scene.task, self.random.choice(words.IMPROVEMENTS), at, label="improvement")
        done = await self._complete(story, scene, scene.task, at)
        story.steps -= done.task(scene.task.id).is_completed
        following = Scene(done, _next_task(done))
        if following.task is not None:
            self._plan_work(story, following, at)
        elif self.random.random() < 0.3:
            self._plan_archiving(story, at + self.random.randint(5, 40) * DAY)

    async def _complete(self, story: Story, scene: Scene, task: Task, at: Millis) -> Process:
        """Answered and completed (or a part of it) by somebody who is to do it."""
        made, random = self.made, self.random
        fields = task_rules.fields_of(task, made.templates[story.blueprint.key].document)
        sent = answers(fields, random.randrange(4), self._people())
        body: dict[str, object] = {"task_id": task.id}
        if task.task_type == "approval":
            body["is_approved"] = random.random() < 0.92
        actor = self._completer(scene)

        async def work(tx: WriteTx) -> Process:
            if sent:
                change = {"taskdata": sent}
                await tasks.update_task(tx, task.id, change, process_id=story.process_id, means=made.means)
            if actor.kind == "guest":
                named = await access.principals_of_caller(tx)
                done = await completion.complete_as_guest(tx, body, named, means=made.means, hourly_limit=0)
            else:
                done = await completion.complete_task(
                    tx, body, process_id=story.process_id, means=made.means, hourly_limit=0
                )
            if done.seen.process is None:
                raise LookupError(story.process_id)
            return done.seen.process

        return await made.do(at, actor, work)

    def _completer(self, scene: Scene) -> Actor:
        """A guest where one is asked, else any of those it is assigned to."""
        guests = sorted(each for each in scene.people if each.startswith("e:"))
        if guests:
            return Actor(kind="guest", guest_email=guests[0][2:], channel=CHANNEL)
        members = sorted(int(each[2:]) for each in scene.people)
        return self.made.member(self.random.choice(members)) if members else self.made.actor("maya")

    async def _comment(self, task: Task, text: str, at: Millis, *, label: ThreadLabel = "comment") -> str:
        """By a member the task is assigned to, or the administrator, sometimes to a colleague; the comment's id."""
        users = [each for each in task.owners.users if each in self.made.roles]
        author = self.made.member(self.random.choice(users)) if users else self.made.actor("maya")
        if self.random.random() < 0.15:
            text = f"@[{self.made.people[self.random.choice(LAUNCHERS)]}] {text}"
        draft = Draft(content=text, label=label)
        means = self.made.means
        placed = await self.made.do(
            at, author, lambda tx: threads.comment_on_task(tx, task.id, draft, means=means, hourly_limit=0)
        )
        return placed.thread.id

    async def _end(self, story: Story, task: Task, at: Millis) -> None:
        """What keeps the process from going on; old troubles are over after some days, and then it does."""
        maya = self.made.actor("maya")
        match story.fate:
            case "problem":
                thread_id = await self._comment(task, self.random.choice(words.PROBLEMS), at, label="problem")
                self._plan_relief(
                    story,
                    at,
                    lambda tx, draft: threads.resolve_problem(
                        tx, task.id, thread_id, draft, means=self.made.means, hourly_limit=0
                    ),
                )
            case "issue":
                draft = Draft(content=self.random.choice(words.ISSUES))
                placed = await self.made.do(
                    at, maya, lambda tx: process_threads.report_issue(tx, story.process_id, draft, hourly_limit=0)
                )
                thread_id = placed.thread.id
                self._plan_relief(
                    story,
                    at,
                    lambda tx, draft: process_threads.resolve_issue(
                        tx, story.process_id, thread_id, draft, hourly_limit=0
                    ),
                )
            case "abandoned":
                self._plan_archiving(story, at + self.random.randint(1, 9) * DAY)
            case _:
                return

    def _plan_relief(self, story: Story, at: Millis, resolve: Callable[[WriteTx, Draft], Awaitable[object]]) -> None:
        if at > self.now - PATIENCE:
            return

        async def relieve(at: Millis) -> None:
            draft = Draft(content=self.random.choice(SOLUTIONS))
            await self.made.do(at, self.made.actor("maya"), lambda tx: resolve(tx, draft))
            story.fate, story.steps = "smooth", len(story.blueprint.steps)
            self._plan_work(story, await self._scene(story, at), at)

        self.plan(at + self.random.randint(6, 72) * HOUR, relieve)

    def _plan_archiving(self, story: Story, at: Millis) -> None:
        async def archive(at: Millis) -> None:
            await self.made.do(
                at, self.made.actor("maya"), lambda tx: process_uses.archive_process(tx, story.process_id)
            )

        self.plan(at, archive)


def _next_task(process: Process) -> Task | None:
    """Whose turn it is: the first open task."""
    waiting = [task for task in process.tasks if task.is_open and task.archived_at is None]
    return min(waiting, key=lambda task: (task.position, task.seq), default=None)
