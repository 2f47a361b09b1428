"""Which mail members want. Spec: behaviour-people 10.3."""

from msgspec import UNSET, UnsetType

from procession.domain.events import happened
from procession.domain.notices import Preferences
from procession.storage import members, notices
from procession.storage.tx import WriteTx


async def choose(tx: WriteTx, *, task_assignments: bool | UnsetType, stop_all: bool | UnsetType) -> Preferences:
    """Change the caller's own; what is not said stays."""
    await members.lock(tx, tx.actor.id)  # or two changes at once could lose one
    known = (await notices.preferences_of(tx, [tx.actor.id])).get(tx.actor.id, Preferences())
    wanted = Preferences(
        task_assignments=known.task_assignments if task_assignments is UNSET else task_assignments,
        stop_all=known.stop_all if stop_all is UNSET else stop_all,
    )
    if wanted != known:
        await notices.save_preferences(tx, tx.actor.id, wanted)
        tx.record(happened("member.preferences_changed", tx.actor.id))
    return wanted
