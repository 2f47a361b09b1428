"""Making the demo's organization when the database is empty, and access to it whenever a server starts."""

from random import Random
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from procession.adapters.identity import hash_off_loop, is_password_off_loop
from procession.demo import company
from procession.demo.blueprints import BLUEPRINTS, Blueprint
from procession.demo.extras import Extras
from procession.demo.founding import Company, found
from procession.demo.stories import LAUNCHERS, Stories
from procession.domain.times import DAY, HOUR, Millis, wire
from procession.seed.ground import Ground, Model, numbers_kept
from procession.seed.seeding import load
from procession.storage import accounts, organizations, value_fields
from procession.storage.bulk_loading import organizations_in
from procession.storage.database import Database
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import one_off_tasks
from procession.usecases.calendars import calendar_of
from procession.usecases.setup import issue_token
from procession.usecases.viewers import rebuild_stale

if TYPE_CHECKING:
    from procession.api.app import Application

EMAIL = company.PEOPLE[0].email
# For demo data only, and said aloud whenever a server with it starts.
PASSWORD = "Demo-Harbour-7"  # noqa: S105  # as above
CHANGED = "(the one you chose)"
TOKEN_NAME = "Demo"  # noqa: S105  # what it is called
TOKEN_DAYS = 183

USUAL_RUNS = 200
# More than this come in bulk, launched before the time that is told in detail.
MOST_TOLD = 400
TOLD_DAYS = 150
BULK_DAYS = 540
RANDOM_SEED = 20


class Access(msgspec.Struct, frozen=True):
    """How to sign in to the demo's organization as its administrator."""

    organization_id: str
    user_id: int
    email: str
    password: str
    token: str


async def ensure_demo(application: "Application", *, runs: int | None = None) -> Access | None:
    """Make the demo's organization with so many processes, unless it is there; None in a database of other people.

    The application is started.
    """
    edge = application.edge
    now = edge.clock()
    access = await _existing(edge.database, now)
    if access is not None or await organizations_in(edge.database):
        return access
    await make_demo(application, runs=USUAL_RUNS if runs is None else runs, now=now)
    return await _existing(edge.database, edge.clock())


async def _existing(database: Database, now: Millis) -> Access | None:
    async with database.reading() as connection:
        account = await accounts.by_email(connection, EMAIL)
        theirs = await organizations.of_account(connection, account.id) if account else []
    if account is None or not theirs:
        return None
    token = await issue_token(
        database,
        account=account.id,
        org=theirs[0].org,
        name=TOKEN_NAME,
        kind="personal",
        days=TOKEN_DAYS,
        now=now,
    )
    is_known = await is_password_off_loop(account.password_hash, PASSWORD)
    return Access(theirs[0].id, account.id, EMAIL, PASSWORD if is_known else CHANGED, token)


async def make_demo(application: "Application", *, runs: int, now: Millis) -> None:
    """Enter the organization and tell what happened there until now."""
    edge = application.edge
    told = runs if runs <= MOST_TOLD else USUAL_RUNS
    begin = now - (TOLD_DAYS if told == runs else BULK_DAYS) * DAY
    made = await found(edge.database, edge.secrets, password_hash=await hash_off_loop(PASSWORD), now=begin - 20 * DAY)
    stories = Stories(made, Random(RANDOM_SEED), now)  # noqa: S311  # variety, not secrecy
    extras = Extras(stories)
    extras.plan()
    first = BLUEPRINTS[:told]
    for place, blueprint in enumerate(first):
        stories.plan_launch(begin + place * DAY, blueprint, "smooth")
    stories.plan_launches(told - len(first), now - TOLD_DAYS * DAY)
    if told < runs:
        since, until = begin + 60 * DAY, now - TOLD_DAYS * DAY
        await stories.tell(since)
        await _fill(made, stories, runs - told, since=since, until=until)
    await stories.tell(now - HOUR)
    await extras.of_the_last_hour()
    await rebuild_stale(edge.database, made.org, made.organization_id, now)


async def _fill(made: Company, stories: Stories, processes: int, *, since: Millis, until: Millis) -> None:
    """Many more processes from the same templates, as variations of the first of each."""
    owners = [made.people[key] for key in LAUNCHERS]
    tasks_each = max(len(made.templates[blueprint.key].document.steps) for blueprint in BLUEPRINTS)

    async def prepare(tx: WriteTx) -> Ground:
        body = {"title": "Check the notice board", "task_type": "task", "owners": {"users": owners[:1]}}
        due = {"deadline": wire(since + DAY)}
        one_off = await one_off_tasks.create_task(tx, {**body, **due}, secrets=made.secrets)
        settings = await organizations.settings_of(tx, tx.org)
        return Ground(
            org=tx.org,
            organization_id=tx.organization_id,
            random_seed=str(RANDOM_SEED),
            owners=tuple(owners),
            helpers=tuple(made.people.values()),
            guests=tuple(made.guests.values()),
            groups=tuple(made.groups.values()),
            people_of_groups={
                made.groups[key]: tuple(made.people[each] for each in people)
                for key, (_, people) in company.GROUPS.items()
            },
            tags=tuple(made.tags.values()),
            folders=tuple(made.folders[key] for key, _, _ in company.PROCESS_FOLDERS),
            models=tuple([await _model(tx, made, stories, blueprint) for blueprint in BLUEPRINTS]),
            one_off=one_off.seen.task,
            processes=processes,
            numbers=await numbers_kept(tx, processes, tasks_each=tasks_each, until=until),
            since=since,
            until=until,
            now=stories.now,
            week=calendar_of(settings),
            tasks_each=tasks_each,
        )

    ground = await made.do(since, made.actor("maya"), prepare)
    await load(made.database, [ground], _unheard)


async def _model(tx: ReadTx, made: Company, stories: Stories, blueprint: Blueprint) -> Model:
    row = made.templates[blueprint.key]
    launched = replace(stories.first[blueprint.key], starred_by=frozenset(), involved=())
    numbers = await value_fields.ids_of(tx, row.id)
    return Model(launched, row.document, numbers, blueprint.prefix, blueprint.topic)


def _unheard(what: str, done: int, total: int) -> None:
    """Nobody watches."""
