"""What happened in the demo's organization: launches and work, in the order of time, by the people who did it."""

import heapq
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, Literal

import msgspec

from procession.demo import company
from procession.demo.blueprints import BLUEPRINTS, Blueprint
from procession.demo.founding import CHANNEL, Company
from procession.domain import tasks as task_rules
from procession.domain.actors import Actor
from procession.domain.fields import Field
from procession.domain.processes import Process, Task, ThreadLabel
from procession.domain.times import DAY, HOUR, MINUTE, Millis, wire
from procession.domain.values import People
from procession.seed import words
from procession.seed.answers import answers
from procession.storage import access, processes
from procession.storage.tx import WriteTx
from procession.usecases import (
    assigning,
    completion,
    launching,
    one_off_tasks,
    process_threads,
    tasks,
    threads,
)
from procession.usecases import processes as process_uses
from procession.usecases.launching import Wish
from procession.usecases.processes import Changes
from procession.usecases.thread_writing import Draft

Fate = Literal["smooth", "slow", "stuck", "problem", "issue", "abandoned"]

# Out of a hundred processes.
FATES: dict[Fate, int] = {"smooth": 60, "slow": 20, "stuck": 11, "problem": 5, "issue": 1, "abandoned": 3}
# Problems that old have been solved.
PATIENCE = 40 * DAY
ARCHIVED_AFTER = 30 * DAY
RECENT = 20 * DAY

Action = Callable[[Millis], Awaitable[None]]


class Story(msgspec.Struct):
    """A process as it is told: `steps` are left until its fate catches up with it."""

    blueprint: Blueprint
    process_id: str
    owner: int
    fate: Fate
    launched_at: Millis
    steps: int
    had_a_problem: bool = False


class Stories:
    """Tells stories up to a time; whoever tells on gives a later one."""

    def __init__(self, made: Company, random: Random, now: Millis) -> None:
        self.made = made
        self.random = random
        self.now = now
        self.told: list[Story] = []
        # The first process of each template, as it was launched.
        self.first: dict[str, Process] = {}
        self._coming: list[tuple[Millis, int, Action]] = []
        self._number = 0

    def plan(self, at: Millis, action: Action) -> None:
        """What lies in the future has not happened."""
        if at < self.now:
            self._number += 1
            heapq.heappush(self._coming, (at, self._number, action))

    def plan_launches(self, many: int, since: Millis) -> None:
        """Business grows: later days see more launches. Every fifth is the next template's turn in any case."""
        span = self.now - since - HOUR
        times = sorted(since + int(span * (1 - self.random.random() ** 2)) for _ in range(many))
        for number, at in enumerate(times):
            blueprint = BLUEPRINTS[number % len(BLUEPRINTS)] if number < 4 else self.random.choice(BLUEPRINTS)
            fates = list(FATES)
            fate = self.random.choices(fates, [FATES[each] for each in fates])[0] if number >= 4 else "smooth"
            self.plan(at, self._launching(blueprint, fate))

    async def tell(self, until: Millis) -> None:
        """Everything planned before `until`, in the order of time."""
        while self._coming and self._coming[0][0] < until:
            at, _, action = heapq.heappop(self._coming)
            await action(at)

    def _launching(self, blueprint: Blueprint, fate: Fate) -> Action:
        async def launch(at: Millis) -> None:
            await self._launch(blueprint, fate, at)

        return launch

    async def _launch(self, blueprint: Blueprint, fate: Fate, at: Millis) -> None:
        made, random = self.made, self.random
        starter = random.choice(["maya", "tomas", "priya", "jonas", blueprint.owner])
        actor, row = made.actor(starter), made.templates[blueprint.key]
        parents = [each for each in self.told if each.owner == actor.id and each.launched_at > at - RECENT]
        wish = Wish(
            template_id=row.id,
            summary=random.choice(words.COMMENTS) if random.random() < 0.2 else None,
            starred=random.random() < 0.1,
            prerun=self._kickoff(blueprint, row.document.kickoff, at),
            roles={"account manager": {"users": [made.people[random.choice(["jonas", "tomas"])]]}},
            users=(made.people["ellie"],) if random.random() < 0.1 else None,
            groups=(made.groups["people"],) if random.random() < 0.05 else None,
            tags=tuple(made.tags[each] for each in random.sample(sorted(made.tags), random.choice([0, 0, 1, 1, 2]))),
            folders=(made.folders["key"],) if blueprint.key == "customer" and random.random() < 0.3 else None,
            parent_id=random.choice(parents).process_id if parents and random.random() < 0.08 else None,
        )
        process, _ = await made.do(
            at, actor, lambda tx: launching.launch_process(tx, wish, secrets=made.secrets)
        )
        self.first.setdefault(blueprint.key, process)
        most = len(process.tasks)
        steps = most if fate in ("smooth", "slow") else random.randrange(1, most)
        story = Story(blueprint, process.id, process.owner, fate, at, steps)
        self.told.append(story)
        self.plan(self._next_at(story, process, at), self._working(story))
        self._plan_extras(story, at)

    def _kickoff(self, blueprint: Blueprint, fields: tuple[Field, ...], at: Millis) -> dict[str, object]:
        """Generic answers, with those that make the process's name."""
        random = self.random
        found = answers(fields, random.randrange(4), self._people())
        match blueprint.topic:
            case "person":
                name = f"{random.choice(words.FIRST_NAMES)} {random.choice(words.LAST_NAMES)}"
            case "month":
                name = random.choice(words.MONTHS)
            case _:
                name = f"{random.choice(words.SUPPLIER_NAMES)} {random.choice(words.SUPPLIER_KINDS)}"
        for field in fields:
            if field.field_type == "date":
                found[field.id] = wire(at + random.randint(5, 25) * DAY)
        return {**found, fields[0].id: name}

    def _people(self) -> People:
        return People(members=frozenset(self.made.people.values()), groups=frozenset(self.made.groups.values()))

    def _next_at(self, story: Story, process: Process, at: Millis) -> Millis:
        """When the next task is done: smoothly before it is due, or whenever."""
        task = _next_task(process)
        left = (task.deadline if task is not None and task.deadline else at) - at
        share = self.random.uniform(0.9, 1.7) if story.fate == "slow" else self.random.uniform(0.2, 0.95)
        return at + max(int(left * share), self.random.randint(20, 300) * MINUTE)

    def _working(self, story: Story) -> Action:
        async def work(at: Millis) -> None:
            await self._work(story, at)

        return work

    async def _work(self, story: Story, at: Millis) -> None:
        """The next task is completed; or the story ends as it must."""
        process = await self._process(story, at)
        task = _next_task(process)
        if task is None:
            return
        if story.steps == 0:
            await self._end(story, task, at)
            return
        if self.random.random() < 0.2:
            await self._say(self._somebody(task), task, random_of(self.random, words.COMMENTS), "comment", at)
        if self.random.random() < 0.015:
            await self._say(self._somebody(task), task, random_of(self.random, words.IMPROVEMENTS), "improvement", at)
        process = await self._complete(task, process, at)
        story.steps -= task.id not in [each.id for each in process.tasks if each.is_open]
        if _next_task(process) is None:
            self._plan_afterwards(story, at)
        else:
            self.plan(self._next_at(story, process, at), self._working(story))

    async def _process(self, story: Story, at: Millis) -> Process:
        async def read(tx: WriteTx) -> Process:
            found = await processes.find(tx, story.process_id)
            if found is None:
                raise LookupError(story.process_id)
            return found

        return await self.made.do(at, self.made.actor("maya"), read)

    async def _complete(self, task: Task, process: Process, at: Millis) -> Process:
        """Answered and completed, or a part of it, by somebody it is assigned to."""
        made, random = self.made, self.random
        document = made.templates[next(each.blueprint.key for each in self.told if each.process_id == process.id)].document
        fields = task_rules.fields_of(task, document)
        sent = answers(fields, random.randrange(4), self._people()) if fields else {}
        body = {"task_id": task.id}
        if task.task_type == "approval":
            body["is_approved"] = random.random() < 0.92
        actor = await self._completer(task, at)

        async def work(tx: WriteTx) -> Process:
            if sent:
                await tasks.update_task(
                    tx, task.id, {"taskdata": sent}, process_id=process.id, secrets=made.secrets
                )
            if actor.kind == "guest":
                named = await access.principals_of_caller(tx)
                done = await completion.complete_as_guest(tx, body, named, hourly_limit=0)
            else:
                done = await completion.complete_task(tx, body, process_id=process.id, hourly_limit=0)
            assert done.seen.process is not None
            return done.seen.process

        return await made.do(at, actor, work)

    async def _completer(self, task: Task, at: Millis) -> Actor:
        made, owners = self.made, task.owners

        async def everybody(tx: WriteTx) -> frozenset[str]:
            return task_rules.everybody(owners, await assigning.people_of(tx, owners))

        people = await made.do(at, made.actor("maya"), everybody)
        left = sorted(people - task.parts.keys())
        guests = [each for each in left if each.startswith("e:")]
        if guests:
            return Actor(kind="guest", guest_email=guests[0][2:], channel=CHANNEL)
        return made.member(int(self.random.choice(left)[2:])) if left else made.actor("maya")

    def _somebody(self, task: Task) -> Actor:
        """Whoever writes: a member the task is assigned to, or the administrator."""
        users = [each for each in task.owners.users if self.made.roles.get(each) != "light"]
        return self.made.member(self.random.choice(users)) if users else self.made.actor("maya")
