"""The template that is launched for each new member. Spec: behaviour-launching 11."""

from procession.domain.actors import BOT, Actor
from procession.domain.calendar import local_time
from procession.domain.errors import DomainError
from procession.domain.events import happened
from procession.domain.names import fold
from procession.domain.schedules import default_name
from procession.domain.times import Millis
from procession.storage import members, organizations, tags, templates, timers
from procession.storage.database import Database
from procession.storage.tags import TagRow
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases.launch_requests import Wish
from procession.usecases.launching import launch_process
from procession.usecases.reactions import Means
from procession.usecases.template_access import as_launched

TAG = "onboarding"


async def template_fault(tx: ReadTx, template_id: str) -> str | None:
    """Why this template cannot be launched for new members. Spec: L-11.1."""
    found = await templates.find(tx, template_id)
    if found is None:
        return "The selected onboarding template id is invalid."
    [row] = await as_launched(tx, [found])
    if row.type != "procedure" or not row.document.steps or any(field.required for field in row.document.kickoff):
        return "The onboarding template must be a procedure with a step and without required kick-off fields."
    return None


async def plan(tx: WriteTx, account: int) -> None:
    """The member has just become active: what is launched for them comes right after, and hinders nothing of it."""
    settings = await organizations.settings_of(tx, tx.org)
    if settings.enable_onboarding_template and settings.onboarding_template_id is not None:
        await timers.remove(tx, "onboard", [account])
        await timers.put(tx, "onboard", {account: tx.now})


async def launch(database: Database, org: int, organization_id: str, account: int, now: Millis, means: Means) -> None:
    """Launch with the new member as launcher, whether they may launch the template or not; once.

    What is refused is noted in the log and not tried again.
    """
    async with reading(database, org, organization_id, BOT, now) as tx:
        member = await members.find(tx, account)
    if member is None:
        await _settle(database, org, organization_id, account, now, None)
        return
    actor = Actor(kind="member", id=account, role=member.role, channel="schedule")

    async def work(tx: WriteTx) -> None:
        if not await timers.due(tx, "onboard", [account]):
            return
        settings = await organizations.settings_of(tx, tx.org)
        if settings.enable_onboarding_template and settings.onboarding_template_id is not None:
            wish = Wish(
                template_id=settings.onboarding_template_id,
                name_pattern=default_name(local_time(tx.now, settings.timezone)),
                tags=(await _tag(tx),),
                is_by_setting=True,
            )
            await launch_process(tx, wish, means=means)
        await timers.remove(tx, "onboard", [account])

    try:
        await writing(database, org, organization_id, actor, now, work)
    except DomainError as refusal:
        await _settle(database, org, organization_id, account, now, refusal.message)


async def _settle(
    database: Database, org: int, organization_id: str, account: int, now: Millis, refused: str | None
) -> None:
    async def work(tx: WriteTx) -> None:
        await timers.remove(tx, "onboard", [account])
        if refused is not None:
            tx.record(happened("onboarding.refused", account, error=refused))

    await writing(database, org, organization_id, BOT, now, work)


async def _tag(tx: WriteTx) -> str:
    """The id of the tag that says so, made the first time. Spec: L-11.3."""
    known = await tags.titled(tx, fold(TAG))
    if known is not None:
        return known.id
    row = TagRow(
        id=tx.new_id(),
        title=TAG,
        folded_title=fold(TAG),
        color=None,
        auto_generated=1,
        type=None,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await tags.add(tx, row)
    tx.record(happened("tag.created", row.id, title=row.title))
    return row.id
