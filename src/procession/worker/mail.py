"""Outgoing mail: sent as it comes, looked after when it cannot be. Spec: behaviour-people ML1 to ML6."""

from collections.abc import Callable

from procession import logs
from procession.adapters.smtp import Transport
from procession.storage import inbound_mails, mails, organizations
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.usecases import noticing, sending
from procession.usecases.means import Means

log = logs.get("procession.mail")


async def send(database: Database, clock: Callable[[], int], means: Means, transport: Transport | None) -> None:
    """Hand over what is due; a mail server that cannot be talked to is reported."""
    if transport is None:
        return
    outcome = await sending.send_due(database, clock, means.secrets, transport)
    if outcome.problem is not None:
        log.warning("the mail server takes no mail", problem=outcome.problem, put_off=outcome.put_off)
    if outcome.failed:
        log.warning("mails were given up", number=outcome.failed)


async def tell_people(database: Database, clock: Callable[[], int], means: Means) -> None:
    """Write to everybody what concerns them, in every organization. Spec: ML7."""
    async with database.reading() as connection:
        everywhere = await organizations.directory(connection)
    for org, organization_id in everywhere:
        await noticing.tell_people(database, org, organization_id, clock, means)


async def look_after(database: Database, now: int, transport: Transport | None) -> None:
    """Give up what is too old, forget what is long done, and say so when mail waits for a server that is not set up."""
    given_up = await sending.give_up_old(database, now, is_set_up=transport is not None)
    if given_up:
        log.warning("mails were given up", number=given_up)

    async def forget(connection: Connection) -> None:
        await mails.forget(connection, now)
        await inbound_mails.forget(connection, now)

    await database.write(forget)
    if transport is None:
        async with database.reading() as connection:
            waiting = await mails.waiting(connection)
        if waiting.number:
            log.warning("mail waits, but no mail server is set up: see PROCESSION_SMTP_HOST", number=waiting.number)
