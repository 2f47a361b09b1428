"""Which mail members want. Spec: behaviour-people 10.3."""

from collections.abc import Mapping

from msgspec.structs import replace

from procession.domain.events import happened
from procession.domain.notices.preferences import DEFAULTS, Preferences
from procession.storage import members, notices
from procession.storage.tx import WriteTx


async def choose(tx: WriteTx, switches: Mapping[str, bool]) -> Preferences:
    """Change the caller's own; what is not said stays."""
    await members.lock(tx, tx.actor.id)  # or two changes at once could lose one
    known = (await notices.preferences_of(tx, [tx.actor.id])).get(tx.actor.id, DEFAULTS)
    wanted = replace(known, **switches)
    if wanted != known:
        await notices.save_preferences(tx, tx.actor.id, wanted)
        tx.record(happened("member.preferences_changed", tx.actor.id))
    return wanted
