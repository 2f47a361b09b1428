"""What notices hang on: which mail members want, and how far readers of the event log are."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import bindparam, select

from procession.domain.events import Logged
from procession.domain.notices.operations import KINDS, Read
from procession.domain.notices.preferences import Preferences
from procession.storage.connection import Row
from procession.storage.dialect import constant, is_in
from procession.storage.log import position_query
from procession.storage.query import Query
from procession.storage.tables.events import events
from procession.storage.tables.mail import log_readers, notice_preferences
from procession.storage.tx import ReadTx, WriteTx

BATCH = 500

SWITCHES = Preferences.__struct_fields__

_P, _R, _E = notice_preferences.c, log_readers.c, events.c
_preferences = Query(
    select(_P.member, *(_P[name] for name in SWITCHES)).where(_P.org == bindparam("org"), is_in(_P.member, "members"))
)
_this_reader = select(_R.position).where(_R.org == bindparam("org"), _R.reader == bindparam("reader"))
_read_to = Query(_this_reader)
_lock = Query(_this_reader.with_for_update())
_events_read = select(
    _E.position, _E.process, _E.at, _E.actor_kind, _E.actor_id, _E.cause, _E.subject_kind, _E.subject_id, _E.kind,
    _E.payload,
)  # fmt: skip
_at = Query(
    _events_read.where(_E.org == bindparam("org"), is_in(_E.position, "positions"))
    .order_by(_E.position)
    .limit(constant(BATCH))
)
_after = Query(
    _events_read.where(_E.org == bindparam("org"), _E.position > bindparam("after"), is_in(_E.kind, "kinds"))
    .order_by(_E.position)
    .limit(constant(BATCH))
)


async def preferences_of(tx: ReadTx, members: Iterable[int]) -> dict[int, Preferences]:
    """What these members want, where they have said so."""
    wanted = sorted(set(members))
    rows = await tx.tuples(_preferences, members=wanted) if wanted else []
    return {member: _read(switches) for member, *switches in rows}


def _read(switches: Sequence[int | None]) -> Preferences:
    said = zip(SWITCHES, switches, strict=True)
    return Preferences(**{name: bool(value) for name, value in said if value is not None})


async def save_preferences(tx: WriteTx, member: int, wanted: Preferences) -> None:
    row = {"org": tx.org, "member": member, "updated_at": tx.now}
    switches = {name: int(getattr(wanted, name)) for name in SWITCHES}
    await tx.connection.put(notice_preferences, [{**row, **switches}])


async def where_reader_is(tx: ReadTx, reader: str) -> tuple[int | None, int]:
    """The last position the reader has dealt with (None: it has never read) and the newest there is."""
    [known, newest] = await tx.at_once((_read_to, {"reader": reader}), (position_query, {}))
    return (known[0][0] if known else None), (newest[0][0] if newest else 0)


async def lock_reader(tx: WriteTx, reader: str) -> int | None:
    """As `where_reader_is` says, and nobody else reads on until the commit."""
    return await tx.value(_lock, reader=reader)


async def move_reader(tx: WriteTx, reader: str, position: int) -> None:
    await tx.connection.put(log_readers, [{"org": tx.org, "reader": reader, "position": position}])


async def read_after(tx: ReadTx, position: int) -> list[Read]:
    """The next events of the kinds that notices follow from."""
    return _events(await tx.tuples(_after, after=position, kinds=list(KINDS)))


async def read_at(tx: ReadTx, positions: Iterable[int]) -> list[Read]:
    """The first BATCH of the events at these places, in order."""
    return _events(await tx.tuples(_at, positions=sorted(positions)))


def _events(rows: Iterable[Row]) -> list[Read]:
    return [
        Read(row[0], row[1], Logged(*row[2:-1], payload=msgspec.json.decode(row[-1], type=dict[str, object])))
        for row in rows
    ]
