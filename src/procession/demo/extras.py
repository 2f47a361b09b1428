"""What else happened in the demo's organization: one-off tasks, tasks skipped, reopened or due today, favourites."""

from typing import Any

import msgspec

from procession.demo.founding import Company
from procession.demo.stories import Stories, Story
from procession.domain.processes import Process
from procession.domain.times import DAY, HOUR, MINUTE, Millis, wire
from procession.storage import processes
from procession.storage.tx import ReadTx
from procession.usecases import completion, hiding, one_off_tasks, tasks, templates
from procession.usecases.templates import TemplateInput


class OneOff(msgspec.Struct, frozen=True):
    """A task without a template: made so many days ago, due so many days from now, perhaps done since."""

    title: str
    maker: str
    owners: tuple[str, ...]
    made_days_ago: int
    due_in_days: int
    becomes: str = "open"


ONE_OFFS = (
    OneOff("Repair the lift in the east wing", "maya", ("ellie",), 9, -2),
    OneOff("Order new linen for the season", "ellie", ("ellie", "tomas"), 4, 1),
    OneOff("Renew the fire certificate", "maya", ("group:people",), 30, 12),
    OneOff("Ask three printers for offers", "jonas", ("jonas",), 20, -5, "completed"),
    OneOff("Return the rented chairs", "tomas", ("ellie",), 60, -40, "archived"),
    OneOff("Answer the insurer", "priya", ("group:finance",), 2, 3),
    OneOff("Translate the breakfast card", "jonas", ("lucia",), 6, 5),
    OneOff("Water damage in room 12", "ellie", ("maya", "ellie"), 1, 0),
)


class Extras:
    def __init__(self, stories: Stories) -> None:
        self.stories = stories
        self.made: Company = stories.made
        self.random = stories.random

    def plan(self) -> None:
        """Everything that does not hang on single processes."""
        for one_off in ONE_OFFS:
            self._plan_one_off(one_off)

    def _plan_one_off(self, one_off: OneOff) -> None:
        made, now = self.made, self.stories.now
        made_at = now - one_off.made_days_ago * DAY - 2 * HOUR
        body: dict[str, Any] = {
            "title": one_off.title,
            "task_type": "task",
            "owners": {
                "users": [made.people[who] for who in one_off.owners if who in made.people],
                "guests": [made.guests[who] for who in one_off.owners if who in made.guests],
                "groups": [made.groups[who[6:]] for who in one_off.owners if who.startswith("group:")],
            },
            "deadline": wire(now + one_off.due_in_days * DAY + 5 * HOUR),
            "tags": [made.tags["urgent"]] if one_off.due_in_days == 0 else [],
        }

        async def make(at: Millis) -> None:
            task = await made.do(
                at, made.actor(one_off.maker), lambda tx: one_off_tasks.create_task(tx, body, secrets=made.secrets)
            )
            await self._go_on(one_off, task.seen.task.id, at + DAY)

        self.stories.plan(made_at, make)

    async def _go_on(self, one_off: OneOff, task_id: str, at: Millis) -> None:
        maya = self.made.actor("maya")

        async def complete(at: Millis) -> None:
            body = {"task_id": task_id, "comment": "Done."}
            means = self.made.means
            await self.made.do(
                at,
                maya,
                lambda tx: completion.complete_task(tx, body, process_id=None, means=means, hourly_limit=0),
            )

        async def archive(at: Millis) -> None:
            await self.made.do(at, maya, lambda tx: one_off_tasks.archive_task(tx, task_id))

        if one_off.becomes != "open":
            self.stories.plan(at, complete)
        if one_off.becomes == "archived":
            self.stories.plan(at + DAY, archive)

    async def of_the_last_hour(self) -> None:
        """Deadlines moved to today, a task skipped, one reopened, one added, favourites chosen."""
        at = self.stories.now - 30 * MINUTE
        found = [(story, await self._process(story, at)) for story in self.stories.told[-60:]]
        healthy = [
            (story, process)
            for story, process in found
            if process.status == "active" and not process.is_archived and (process.next_deadline or 0) > at
        ]
        for place, (_, process) in enumerate(healthy[:5]):
            await self._due_today(process, at, self.stories.now + (3 + 4 * place) * HOUR)
        for _, process in healthy[5:7]:
            await self._skip_last(process, at + MINUTE)
        for _, process in healthy[7:9]:
            await self._add_to(process, at + 2 * MINUTE)
        for _, process in healthy[9:11]:
            await self._reopen(process, at + 3 * MINUTE)
        await self._favour(at + 4 * MINUTE)

    async def _process(self, story: Story, at: Millis) -> Process:
        async def look(tx: ReadTx) -> Process:
            found = await processes.find(tx, story.process_id)
            if found is None:
                raise LookupError(story.process_id)
            return found

        return await self.made.look(at, look)

    async def _due_today(self, process: Process, at: Millis, deadline: Millis) -> None:
        waiting = [task for task in process.tasks if task.clock_deadline is not None]
        first = min(waiting, key=lambda task: task.deadline or 0)
        change = {"deadline": wire(deadline), "started_at": None}
        await self.made.do(
            at,
            self.made.actor("maya"),
            lambda tx: tasks.update_task(tx, first.id, change, process_id=process.id, means=self.made.means),
        )

    async def _skip_last(self, process: Process, at: Millis) -> None:
        last = [task for task in process.tasks if task.is_open and not task.is_oneoff][-1]
        await self.made.do(at, self.made.actor("maya"), lambda tx: hiding.hide_task(tx, process.id, last.id))

    async def _add_to(self, process: Process, at: Millis) -> None:
        body = {
            "title": "Ask whether anything is missing",
            "task_type": "task",
            "owners": {"users": [self.made.people["jonas"]]},
            "deadline": wire(at + 3 * DAY),
            "run_id": process.id,
        }
        await self.made.do(
            at,
            self.made.actor("maya"),
            lambda tx: one_off_tasks.create_task(tx, body, secrets=self.made.secrets),
        )

    async def _reopen(self, process: Process, at: Millis) -> None:
        done = [task for task in process.tasks if task.is_completed]
        if done:
            await self.made.do(
                at,
                self.made.actor("maya"),
                lambda tx: completion.reopen_task(tx, done[-1].id, process_id=process.id, means=self.made.means),
            )

    async def _favour(self, at: Millis) -> None:
        """Two people mark their favourite templates."""
        for who, key in (("maya", "vendor"), ("tomas", "employee")):
            row = self.made.templates[key]
            given = TemplateInput(title=row.title, starred=True)

            async def star(tx: Any, given: TemplateInput = given, template_id: str = row.id) -> None:
                names = frozenset({"starred"})
                opened = await templates.to_update(tx, template_id, names=names, title=given.title)
                await templates.update_template(tx, opened, given)

            await self.made.do(at, self.made.actor(who), star)
