"""The periodic jobs there are."""

from collections.abc import Callable

from procession.adapters.files import FileStore
from procession.adapters.smtp import Transport
from procession.storage import limits
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.usecases import forgetting
from procession.usecases.reactions import Means
from procession.worker import mail, timers
from procession.worker.loop import Periodic


def periodic_jobs(
    database: Database,
    clock: Callable[[], int],
    means: Means,
    store: FileStore,
    transport: Transport | None,
    *,
    undo_minutes: int,
) -> tuple[Periodic, ...]:
    """What one process of a server does beside answering requests."""

    async def forget_request_counts() -> None:
        async def work(connection: Connection) -> None:
            await limits.forget(connection, clock())

        await database.write(work)

    async def forget_answers() -> None:
        await forgetting.forget_answers(database, clock())

    async def forget_undoables() -> None:
        await forgetting.forget_undoables(database, clock(), minutes=undo_minutes)

    async def fire_timers() -> None:
        await timers.fire_due(database, clock, means, store)

    async def send_mail() -> None:
        await mail.send(database, clock, means, transport)

    async def tell_people() -> None:
        await mail.tell_people(database, clock, means)

    async def look_after_mail() -> None:
        await mail.look_after(database, clock(), transport)

    return (
        Periodic("forget request counts", 60, forget_request_counts),
        Periodic("forget answers", 3600, forget_answers),
        Periodic("forget what can be undone", 300, forget_undoables),
        Periodic("fire timers", 2, fire_timers),
        Periodic("send mail", 2, send_mail),
        Periodic("look after mail", 300, look_after_mail),
        # Only where mail leaves, or all that piles up would be told the day one is set up.
        *([Periodic("tell people", 5, tell_people)] if means.mail == "sent" else []),
    )
