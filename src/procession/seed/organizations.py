"""Founding seeded organizations: people, groups, templates and the first process of each, all by the use cases."""

from random import Random

import msgspec

from procession.adapters.secrets import Secrets
from procession.domain.actors import BOT, Actor, Role
from procession.domain.organizations import OrganizationSettings
from procession.domain.processes import Task
from procession.domain.times import DAY, Millis, wire
from procession.domain.values import People
from procession.seed import plan as sizes
from procession.seed import words
from procession.seed.answers import answers
from procession.seed.ground import Ground, Model, numbers_kept
from procession.seed.plan import Plan
from procession.seed.templates import make_template
from procession.storage import accounts, value_fields
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.members import NewMember
from procession.storage.numbers import new_uuid
from procession.storage.tx import WriteTx
from procession.usecases import folders, groups, guests, launching, members, one_off_tasks, setup, tags
from procession.usecases.launch_requests import Wish
from procession.usecases.reactions import Means

MONTH = 30 * DAY
CHANNEL = "seed"


class Founded(msgspec.Struct, frozen=True):
    """A seeded organization: its name, its administrator, and what its processes are made of."""

    name: str
    admin: int
    email: str
    ground: Ground


async def found(database: Database, secrets: Secrets, plan: Plan, index: int, *, now: Millis) -> Founded:
    """The `index`-th organization of the plan, with one process from each of its templates."""
    since = now - sizes.MONTHS * MONTH
    organization_id = new_uuid(since)

    async def work(connection: Connection) -> Founded:
        made = _Founding(database, secrets, plan, index)
        founded = await made.organization(connection, organization_id, since=since, until=now)
        await made.tx.finish()
        return founded

    return await database.write(work)


class _Founding:
    """One organization on its way."""

    tx: WriteTx

    def __init__(self, database: Database, secrets: Secrets, plan: Plan, index: int) -> None:
        self.database = database
        self.secrets = secrets
        self.plan = plan
        self.index = index
        self.seed = f"{plan.random_seed}:{index}"
        self.random = Random(self.seed)  # noqa: S311  # variety, not secrecy

    async def organization(
        self, connection: Connection, organization_id: str, *, since: Millis, until: Millis
    ) -> Founded:
        known, again = (
            words.ORGANIZATIONS[self.index % len(words.ORGANIZATIONS)],
            self.index // len(words.ORGANIZATIONS),
        )
        name = f"{known} {again + 1}" if again else known
        self.tx = tx = await setup.found(
            self.database, connection, organization_id, name=name, timezone="UTC", actor=BOT, now=since
        )
        domain = f"org-{organization_id[-12:]}.example"
        everybody = [await self._person(number, domain) for number in range(self.plan.users)]
        admin, email = everybody[0][0], everybody[0][2]
        tx.actor = Actor(kind="member", id=admin, role="admin", channel=CHANNEL)
        owners = tuple(account for account, role, _ in everybody[1:] if role != "light")
        people_of_groups = await self._groups([account for account, _, _ in everybody])
        addresses = tuple([await self._guest(number, domain) for number in range(sizes.GUESTS)])
        tag_ids = [(await tags.create_tag(tx, title=title, color=color, kind=None)).id for title, color in words.TAGS]
        folder_ids = await self._folders()
        processes = self.plan.runs_of_each()[self.index]
        models = await self._models(tuple(people_of_groups), processes)
        one_off = await self._one_off(admin)
        ground = Ground(
            org=tx.org,
            organization_id=organization_id,
            random_seed=self.seed,
            owners=owners,
            helpers=tuple(account for account, _, _ in everybody),
            guests=addresses,
            groups=tuple(people_of_groups),
            people_of_groups=people_of_groups,
            tags=tuple(tag_ids),
            folders=folder_ids,
            models=models,
            one_off=one_off,
            processes=processes - len(models),
            numbers=await numbers_kept(tx, processes - len(models), tasks_each=self.plan.tasks_per_run, until=until),
            since=since,
            until=until,
            now=until,
            week=OrganizationSettings().working_week(),
            tasks_each=self.plan.tasks_per_run,
        )
        return Founded(name, admin, email, ground)

    async def _person(self, number: int, domain: str) -> tuple[int, Role, str]:
        """The first is an administrator, of the others every tenth a light member and every fiftieth an admin."""
        tx = self.tx
        first_name, last_name = self.random.choice(words.FIRST_NAMES), self.random.choice(words.LAST_NAMES)
        role: Role = "admin" if number % 50 == 0 else "light" if number % 10 == 9 else "standard"
        email = f"person{number + 1}@{domain}"
        account = await accounts.create(
            tx.connection,
            email=email,
            password_hash=None,
            first_name=first_name,
            last_name=last_name,
            timezone="UTC",
            now=tx.now,
        )
        await members.enter(
            tx,
            NewMember(
                account=account,
                email=email,
                first_name=first_name,
                last_name=last_name,
                role=role,
                status="active",
                timezone="UTC",
                invited_by=None,
            ),
        )
        return account, role, email

    async def _groups(self, everybody: list[int]) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for number, name in enumerate(words.GROUPS):
            chosen = tuple(sorted(everybody[number % len(everybody) :: sizes.GROUPS][:12]))
            group = await groups.create(
                self.tx, self.secrets, name=name, description="", members=chosen, guest_emails=()
            )
            found[group.id] = chosen
        return found

    async def _guest(self, number: int, domain: str) -> str:
        email = f"guest{number + 1}@partners.{domain}"
        first_name, last_name = self.random.choice(words.FIRST_NAMES), self.random.choice(words.LAST_NAMES)
        record = {"first_name": first_name, "last_name": last_name}
        guest, _ = await guests.create(self.tx, self.secrets, email, record)
        return guest.email

    async def _folders(self) -> tuple[str, ...]:
        """Two levels of process folders."""
        found: list[str] = []
        for number, name in enumerate(words.FOLDERS):
            parent = found[number - 3] if number >= 3 else None
            found.append((await folders.create(self.tx, name=name, kind="run", parent_id=parent)).id)
        return tuple(found)

    async def _models(self, group_ids: tuple[str, ...], processes: int) -> tuple[Model, ...]:
        """All templates, and the first process of as many of them as there are processes to be."""
        found: list[Model] = []
        for number, theme in enumerate(words.THEMES):
            row = await make_template(self.tx, number, tasks=self.plan.tasks_per_run, group_ids=group_ids)
            if number < processes:
                wish = Wish(
                    template_id=row.id,
                    name=f"{theme.prefix} the first one",
                    prerun=answers(row.document.kickoff, 0, People()),
                )
                process, _ = await launching.launch_process(self.tx, wish, means=Means(self.secrets))
                numbers = await value_fields.ids_of(self.tx, row.id)
                found.append(Model(process, row.document, numbers, theme.prefix, theme.topic))
        return tuple(found)

    async def _one_off(self, admin: int) -> Task:
        body = {
            "title": "Order new badges",
            "task_type": "task",
            "owners": {"users": [admin]},
            "deadline": wire(self.tx.now + DAY),
        }
        return (await one_off_tasks.create_task(self.tx, body, secrets=self.secrets)).seen.task
