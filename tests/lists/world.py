"""An organization full of different processes."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from procession.domain.actors import Actor, Role
from procession.domain.deadlines import StepDeadline
from procession.domain.fields import Field, FieldType, Option
from procession.domain.processes import Owners, Process
from procession.domain.tasks import fields_of
from procession.domain.templates import Step, Template, TemplateRow
from procession.storage import access, processes, recount, template_versions, templates
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases.guards import save_process
from tests.builders import Organization, Person
from tests.harness import Server
from tests.lists.slow_way import Slow

ROLES: list[Role] = ["standard", "standard", "standard", "light", "light"]
HOUR = 3_600_000
DAY = 24 * HOUR
WORDS = [
    "Onboard",
    "Café",
    "renewal",
    "Çelik",
    "audit",
    "100%",
    "under_score",
    "Ünal",
    "Lease",
    "ab",
    "日本語",
    "O'Neil",
]


class World:
    """About `size` processes in every condition, made through the gate in random steps."""

    def __init__(self, server: Server, *, size: int = 120, seed: int = 1) -> None:
        self.server = server
        self.seen_at = 0
        self.org = Organization(server)
        self.random = random.Random(seed)
        self.people: list[Person] = [self.org.person(role, first_name=f"P{n}") for n, role in enumerate(ROLES)]
        self.groups = [
            self.org.api.data(
                "POST", "/groups", {"name": f"group {n}", "description": "", "members": [p.id for p in some]}
            )["id"]
            for n, some in enumerate([self.people[:2], self.people[2:4], []])
        ]
        self.tags = [self.org.tag(f"tag {n}")["id"] for n in range(4)]
        self.folders = [
            self.org.api.data("POST", "/folders", {"name": f"folder {n}", "folder_type": "run"})["id"] for n in range(3)
        ]
        self.templates = [self.write(self._template(n)) for n in range(3)]
        for n in range(size):
            if n == size // 3:
                self.write(self._mail_becomes_an_address)
            self.launch()
        for process in self.processes():
            for _ in range(self.random.randrange(4)):
                self._change(process)

    def read(self, work: Callable[[ReadTx], Any], actor: Actor | None = None) -> Any:
        async def run() -> Any:
            who = actor or self.actor(self.org.admin)
            async with reading(self.server.database, self.org.number, self.org.id, who, self.server.clock()) as tx:
                return await work(tx)

        return self.server.run(run())

    def write(self, work: Callable[[WriteTx], Any]) -> Any:
        who = self.actor(self.org.admin)
        return self.server.run(
            writing(self.server.database, self.org.number, self.org.id, who, self.server.clock(), work)
        )

    def actor(self, person: Person) -> Actor:
        return Actor(kind="member", id=person.id, role=person.role)  # pyright: ignore[reportArgumentType]  # one of the roles

    def processes(self) -> list[Process]:
        async def everything(tx: ReadTx) -> list[Process]:
            return [process async for process in recount.all_processes(tx)]

        return self.read(everything)

    def named(self, person: Person) -> frozenset[str]:
        return self.read(access.principals_of_caller, self.actor(person))

    def differences(self) -> list[str]:
        return self.read(recount.check)

    def launch(self) -> str:
        pick = self.random
        body = {
            "checklist_id": pick.choice(self.templates),
            "name": " ".join(pick.sample(WORDS, pick.randrange(1, 4))) + pick.choice(["", " x" * 120]),
            "owner_id": pick.choice([self.org.admin, *self.people]).id,
            "tags": pick.sample(self.tags, pick.randrange(3)),
            "folders": pick.sample(self.folders, pick.randrange(2)),
            "users": [p.id for p in pick.sample(self.people, pick.randrange(2))],
            "groups": pick.sample(self.groups, pick.randrange(2)),
        }
        return self.org.api.data("POST", "/runs", body)["id"]

    def _template(self, n: int) -> Callable[[WriteTx], Any]:
        async def work(tx: WriteTx) -> str:
            steps = tuple(
                Step(
                    id=tx.new_id(), alias=f"s{k}", title=f"Step {k}", created_by=1, created_at=tx.now,
                    updated_at=tx.now, deadline=StepDeadline(k, "days", "from", "start_run"),
                )
                for k in range(n + 1)
            )  # fmt: skip
            row = TemplateRow(
                id=tx.new_id(), no=n + 1, title=f"Template {n}", folded_title=f"template {n}", alias=f"t{n}",
                type="form" if n == 0 else "procedure", owner=self.people[n].id, created_by=self.org.admin.id,
                created_at=tx.now, updated_at=tx.now, document=Template(steps=steps),
            )  # fmt: skip
            await templates.add(tx, _with_fields(row, n))
            if n == 2:
                grant = {"template_id": row.id, "permission": "PROCESS_READ", "principal": "everyone"}
                await tx.insert(_grants(), [grant])
            return row.id

        return work

    async def _mail_becomes_an_address(self, tx: WriteTx) -> None:
        """In the first template. What processes of before have in it is a text, and no address."""
        [row] = await templates.lock_many(tx, self.templates[:1])
        kickoff = [replace(each, field_type="email") if each.alias == "mail" else each for each in row.document.kickoff]
        await templates.save(tx, row, replace(row, document=replace(row.document, kickoff=tuple(kickoff))))

    def documents(self) -> dict[tuple[str, int], Template]:
        """The versions that processes run."""

        async def work(tx: ReadTx) -> dict[tuple[str, int], Template]:
            everything = [process async for process in recount.all_processes(tx)]
            pairs = {(each.template_id, each.template_version) for each in everything}
            return {pair: await template_versions.version_document(tx, *pair) for pair in pairs}

        return self.read(work)

    def slow(self, person: Person) -> "Slow":
        return Slow(self.processes(), person, self.named(person), self.server.clock(), self.documents())

    def _change(self, process: Process) -> None:
        """One random change to a process: threads through the API, the rest as use cases do, through the gate."""
        step = self.random.choice(
            ["complete", "assign", "late", "problem", "issue", "archive", "star", "hide", "improve", "answer", "submit"]
        )
        seed = self.random.random()
        task = self.random.choice(process.tasks) if process.tasks else None
        if step == "issue":
            self.org.api.post(f"/runs/{process.id}/problem", {"content": "stop"})
        elif task is not None and step == "problem":
            self.org.api.post(f"/tasks/{task.id}/problem", {"content": "broken"})
        elif task is not None and step == "improve":
            self.org.api.post(f"/tasks/{task.id}/comment", {"content": "better", "label": "improvement"})
        else:
            self.write(self._work(process.id, step, seed))

    def _work(self, process_id: str, step: str, seed: float) -> Callable[[WriteTx], Any]:
        async def work(tx: WriteTx) -> None:
            before = await processes.lock(tx, process_id)
            assert before is not None
            document = await template_versions.version_document(tx, before.template_id, before.template_version)
            await save_process(tx, before, self._changed(before, step, random.Random(seed), tx.now, document))
            tx.record(_noted(before.id))

        return work

    def _changed(self, process: Process, step: str, pick: random.Random, now: int, document: Template) -> Process:
        everybody = [self.org.admin, *self.people]
        if step == "submit":
            return replace(process, prerun=some_answers(document.kickoff, pick))
        if step == "star":
            return replace(process, starred_by=process.starred_by ^ {pick.choice(everybody).id})
        if step == "archive":
            return replace(process, archived_at=None if process.archived_at else now)
        if not process.tasks:
            return process
        task = pick.choice(process.tasks)
        changes: dict[str, dict[str, Any]] = {
            "complete": {"status": "completed", "completed_at": now, "completer": everybody[0].id},
            "assign": {
                "owners": Owners(
                    tuple(p.id for p in pick.sample(everybody, pick.randrange(3))),
                    tuple(pick.sample(["g1@out.example", "g2@out.example"], pick.randrange(2))),
                    tuple(pick.sample(self.groups, pick.randrange(2))),
                )
            },
            "late": {"deadline": now + pick.randrange(-3, 4) * 12 * HOUR + 1, "top_secret": process.seq % 5 == 0},
            "hide": {"status": "auto-skipped"},
            "answer": {"taskdata": some_answers(fields_of(task, document), pick), "top_secret": pick.random() < 0.1},
        }
        return process.with_tasks(replace(task, **changes.get(step, {})))


# What lists find processes by, in every template: alias, type, and whether the kick-off form asks for it.
FIELDS: list[tuple[str, FieldType, bool]] = [
    ("amount", "number", True),
    ("word", "text", True),
    ("mail", "email", True),
    ("pick", "dropdown", True),
    ("when", "date", False),
    ("marks", "multiselect", False),
]
OPTIONS = tuple(Option(n, text) for n, text in enumerate(["Red", "Green", "Blue", "Çelik"], 1))
TEXTS = ["Alpha", "alpha beta", "alpha beta gamma", "alpha beta delta", "beta", "100%", "Ünal", "a_b", "日本語", "7"]
AMOUNTS = [-1200, -37.5, -37, 0, 0.25, 3, 25, 25.3, 25.31, 26, 250, 251.5, 1_000_000]


def _with_fields(row: TemplateRow, n: int) -> TemplateRow:
    """The document with a kick-off form, and one at its last step."""
    made = [
        Field(
            id=f"{n}{alias}", alias=alias, field_type="text" if n == 0 and alias == "mail" else field_type, label=alias,
            required=False, position=place, options=OPTIONS, created_at=0, last_updated=0,
        )
        for place, (alias, field_type, _) in enumerate(FIELDS, 1)
    ]  # fmt: skip
    *steps, last = row.document.steps
    of_form = [asked for _, _, asked in FIELDS]
    last = replace(last, fields=tuple(each for each, asked in zip(made, of_form, strict=True) if not asked))
    kickoff = tuple(each for each, asked in zip(made, of_form, strict=True) if asked)
    return replace(row, document=replace(row.document, kickoff=kickoff, steps=(*steps, last)))


def some_answers(fields: Sequence[Field], pick: random.Random) -> dict[str, Any]:
    """Answers as they are kept, to some of the fields."""
    return {field.id: _answer(field, pick) for field in fields if pick.random() < 0.7}


def _answer(field: Field, pick: random.Random) -> Any:
    chosen = [{"id": option.id, "text": option.text} for option in pick.sample(OPTIONS, pick.randrange(1, 4))]
    return {
        "amount": pick.choice(AMOUNTS),
        "word": pick.choice(TEXTS),
        "mail": f"{pick.choice(['iris', 'otto'])}@{pick.choice(['one', 'two'])}.example",
        "pick": chosen[0],
        "when": f"2026-03-{pick.randrange(1, 9):02}T{pick.choice(['00', '15'])}:00:00.000Z",
        "marks": chosen,
    }[field.alias]


def _grants() -> Any:
    from procession.storage.tables.templates import template_grants

    return template_grants


def _noted(process_id: str) -> Any:
    from procession.domain.events import happened

    return happened("process.updated", process_id)
