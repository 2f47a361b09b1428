"""Founding the demo's organization: people, groups, folders, tags and templates, all by the use cases."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from procession.adapters.secrets import Secrets
from procession.demo import company
from procession.demo.blueprints import BLUEPRINTS, Blueprint, StepPlan
from procession.domain.actors import BOT, Actor, Role
from procession.domain.deadlines import START_RUN, StepDeadline
from procession.domain.people import Profile
from procession.domain.template_permissions import Permission
from procession.domain.templates import TemplateRow
from procession.domain.times import Millis
from procession.storage import accounts
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.members import NewMember
from procession.storage.numbers import new_uuid
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import (
    attaching,
    folders,
    groups,
    guests,
    job_titles,
    members,
    organizations,
    setup,
    stages,
    step_fields,
    steps,
    tags,
    template_access,
    template_permissions,
    templates,
)
from procession.usecases.reactions import Means
from procession.usecases.steps import StepInput
from procession.usecases.template_permissions import PermissionList
from procession.usecases.templates import TemplateInput

T = TypeVar("T")

CHANNEL = "demo"


class Company(msgspec.Struct, kw_only=True):
    """The organization by the keys of `demo.company` and `demo.blueprints`."""

    database: Database
    secrets: Secrets
    org: int
    organization_id: str
    people: dict[str, int] = {}
    roles: dict[int, Role] = {}
    guests: dict[str, str] = {}
    groups: dict[str, str] = {}
    job_titles: dict[str, str] = {}
    tags: dict[str, str] = {}
    folders: dict[str, str] = {}
    templates: dict[str, TemplateRow] = {}

    @property
    def means(self) -> Means:
        return Means(self.secrets)

    def actor(self, key: str) -> Actor:
        return self.member(self.people[key])

    def member(self, account: int) -> Actor:
        return Actor(kind="member", id=account, role=self.roles[account], channel=CHANNEL)

    def groups_of(self, account: int) -> list[str]:
        """The principals of the groups that somebody is in."""
        keys = [key for key, (_, people) in company.GROUPS.items() if account in map(self.people.get, people)]
        return [f"g:{self.groups[key]}" for key in keys]

    async def do(self, at: Millis, actor: Actor, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        """What somebody did back then."""
        return await writing(self.database, self.org, self.organization_id, actor, at, work)

    async def look(self, at: Millis, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """What there was to see back then."""
        async with reading(self.database, self.org, self.organization_id, BOT, at) as tx:
            return await work(tx)


async def found(database: Database, secrets: Secrets, *, password_hash: str, now: Millis) -> Company:
    """The organization without processes."""
    organization_id = new_uuid(now)

    async def enter(connection: Connection) -> Company:
        tx = await setup.found(
            database,
            connection,
            organization_id,
            name=company.ORGANIZATION,
            timezone=company.TIMEZONE,
            actor=BOT,
            now=now,
        )
        made = Company(database=database, secrets=secrets, org=tx.org, organization_id=organization_id)
        for person in company.PEOPLE:
            await _person(tx, made, person, password_hash if person is company.PEOPLE[0] else None)
        await tx.finish()
        return made

    made = await database.write(enter)
    maya = made.actor("maya")
    await made.do(now, maya, lambda tx: organizations.update(tx, name=None, changes=company.SETTINGS))
    await made.do(now, maya, lambda tx: _surroundings(tx, made))
    for blueprint in BLUEPRINTS:
        await made.do(now, maya, lambda tx, blueprint=blueprint: _template(tx, made, blueprint))
    return made


async def _person(tx: WriteTx, made: Company, person: company.Person, password_hash: str | None) -> None:
    account = await accounts.create(
        tx.connection,
        email=person.email,
        password_hash=password_hash,
        first_name=person.first_name,
        last_name=person.last_name,
        timezone=company.TIMEZONE,
        now=tx.now,
    )
    profile = Profile(job_title=person.job_title)
    await accounts.save_profile(
        tx.connection,
        account,
        first_name=person.first_name,
        last_name=person.last_name,
        timezone=company.TIMEZONE,
        profile=profile,
        now=tx.now,
    )
    await members.enter(
        tx,
        NewMember(
            account=account,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            role=person.role,
            status="active",
            timezone=company.TIMEZONE,
            invited_by=None,
            profile=profile,
        ),
    )
    made.people[person.key] = account
    made.roles[account] = person.role


async def _surroundings(tx: WriteTx, made: Company) -> None:
    for outsider in company.OUTSIDERS:
        record = {
            "first_name": outsider.first_name,
            "last_name": outsider.last_name,
            "company_name": outsider.company_name,
        }
        guest, _ = await guests.create(tx, made.secrets, outsider.email, record)
        made.guests[outsider.key] = guest.email
    for key, (name, people) in company.GROUPS.items():
        chosen = [made.people[each] for each in people]
        group = await groups.create(tx, made.secrets, name=name, description="", members=chosen, guest_emails=())
        made.groups[key] = group.id
    for name, people in company.JOB_TITLES.items():
        holders = [made.people[each] for each in people]
        made.job_titles[name] = (await job_titles.create(tx, name=name, users=holders)).id
    for title, color in company.TAGS.items():
        made.tags[title] = (await tags.create_tag(tx, title=title, color=color, kind=None)).id
    for key, name, _ in company.TEMPLATE_FOLDERS:
        made.folders[f"template:{key}"] = (await folders.create(tx, name=name, kind="checklist", parent_id=None)).id
    for key, name, parent in company.PROCESS_FOLDERS:
        inside = made.folders[parent] if parent else None
        made.folders[key] = (await folders.create(tx, name=name, kind="run", parent_id=inside)).id


async def _template(tx: WriteTx, made: Company, blueprint: Blueprint) -> None:
    given = TemplateInput(
        title=blueprint.title,
        type="procedure",
        owner=made.people[blueprint.owner],
        folder_id=made.folders[f"template:{blueprint.folder}"],
        settings={
            "summary": blueprint.summary,
            "kickoff_title": "Before we start",
            "default_process_name_format": blueprint.process_name,
            "default_folder": made.folders[blueprint.process_folder],
            "folderize_process": True,
        },
        kickoff=blueprint.kickoff,
    )
    row = await templates.create_template(tx, given)
    known: dict[str, str] = {}
    for plan in blueprint.steps:
        row, step = await steps.add_step(tx, row, StepInput(title=plan.title, values=_values(made, plan)))
        known[plan.key] = step.id
        for field in plan.fields:
            await step_fields.add_field(tx, row, step.id, field)
            row = await template_access.editable(tx, row.id)
    for plan in blueprint.steps:
        anchor = START_RUN if plan.due.of is None else known[plan.due.of]
        rule = StepDeadline(plan.due.value, plan.due.unit, plan.due.option, anchor)
        row, _ = await steps.update_step(
            tx, row, known[plan.key], StepInput(title=plan.title, values={"deadline": rule})
        )
    for name in dict.fromkeys(plan.stage for plan in blueprint.steps):
        _, stage = await stages.add_stage(tx, row, name=name, position=None)
        row = await template_access.editable(tx, row.id)
        inside = [known[plan.key] for plan in blueprint.steps if plan.stage == name]
        await stages.update_stage(tx, row, stage.id, name=None, position=None, steps=inside)
        row = await template_access.editable(tx, row.id)
    await template_permissions.change_permissions(tx, row, _permissions(made, blueprint))
    for tag in blueprint.tags:
        await attaching.attach_tag(tx, tag_id=made.tags[tag], subject_type="Checklist", subject_id=row.id)
    made.templates[blueprint.key] = row


def _values(made: Company, plan: StepPlan) -> dict[str, Any]:
    return {
        "step_type": plan.kind,
        "summary": plan.summary,
        "assignees": tuple(made.people[who] for who in plan.who if who in made.people),
        "guests": tuple(made.guests[who] for who in plan.who if who in made.guests),
        "groups": tuple(made.groups[who.removeprefix("group:")] for who in plan.who if who.startswith("group:")),
        "roles": tuple(made.job_titles[who.removeprefix("role:")] for who in plan.who if who.startswith("role:")),
        **plan.switches,
    }


def _permissions(made: Company, blueprint: Blueprint) -> dict[Permission, tuple[int, PermissionList]]:
    """Everybody may read and launch; who sees the processes depends on the template."""
    everyone = PermissionList(everyone=True)
    readers = everyone if blueprint.readers == "everyone" else PermissionList(groups=[made.groups[blueprint.readers]])
    return {"READ": (0, everyone), "LAUNCH": (1, everyone), "PROCESS_READ": (2, readers)}
