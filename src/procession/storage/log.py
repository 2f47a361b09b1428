"""The event log: one row per thing that happened, in the order of the organization's positions."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, literal, select, union_all, update

from procession.domain.actors import Actor
from procession.domain.events import Event, Logged, topics_of
from procession.storage.connection import Connection
from procession.storage.dialect import JsonText
from procession.storage.numbers import new_uuid
from procession.storage.query import Query
from procession.storage.tables.events import event_topics, events, organization_states

_advance = Query(
    update(organization_states)
    .where(organization_states.c.org == bindparam("org_is"))
    .values(
        position=organization_states.c.position + bindparam("happened"),
        rights_epoch=organization_states.c.rights_epoch + bindparam("rights"),
    )
    .returning(organization_states.c.position, organization_states.c.rights_epoch)
)
position_query = Query(
    select(organization_states.c.position, organization_states.c.rights_epoch).where(
        organization_states.c.org == bindparam("org")
    )
)


_of_process = Query(
    select(
        events.c.at,
        events.c.actor_kind,
        events.c.actor_id,
        events.c.cause,
        events.c.subject_kind,
        events.c.subject_id,
        events.c.kind,
        events.c.payload,
    )
    .where(events.c.org == bindparam("org"), events.c.process == bindparam("process"))
    .order_by(events.c.position)
)


async def of_process(connection: Connection, org: int, process: int) -> list[Logged]:
    """Everything that happened in the process with this number, in order."""
    rows = await connection.rows(_of_process, {"org": org, "process": process})
    return [Logged(*row[:-1], payload=msgspec.json.decode(row[-1], type=dict[str, Any])) for row in rows]


async def advance_position(connection: Connection, org: int, happened: int, *, rights: bool) -> tuple[int, int]:
    """Lock the organization until the commit and claim `happened` positions; the last one, and the rights epoch."""
    values = {"org_is": org, "happened": happened, "rights": int(rights)}
    [(position, epoch)] = await connection.rows(_advance, values)
    return position, epoch


async def append_events(
    connection: Connection, org: int, last: int, happened: Sequence[Event], *, actor: Actor, at: int
) -> None:
    first = last - len(happened) + 1
    rows: list[dict[str, object]] = []
    for offset, event in enumerate(happened):
        payload = msgspec.json.encode(event.payload).decode()
        rows.append(
            {
                "org": org,
                "position": first + offset,
                "id": new_uuid(at),
                "at": at,
                "actor_kind": actor.kind,
                "actor_id": actor.key,
                "on_behalf_of": None,
                "channel": actor.channel,
                "address": actor.address,
                "client": actor.client,
                "cause": event.cause,
                "subject_kind": event.subject_kind,
                "subject_id": event.subject_id,
                "process": event.process,
                "kind": event.kind,
                "payload": payload,
                "digest": hashlib.sha256(payload.encode()).hexdigest(),
            }
        )
    await connection.insert(events, rows)


async def append_topics(connection: Connection, org: int, last: int, happened: Sequence[Event]) -> None:
    """By what events that belong to no process are found."""
    first = last - len(happened) + 1
    rows = [
        {"org": org, "topic": topic, "position": first + offset}
        for offset, event in enumerate(happened)
        for topic in sorted(topics_of(event))
    ]
    await connection.insert(event_topics, rows)


_E = events.c
_apart = (_E.org == bindparam("org"), _E.position > bindparam("after"), _E.process.is_(None))
_of_template, _of_task = JsonText(_E.payload, "template"), JsonText(_E.payload, "task")
# As `topics_of` has them.
index_topics = Query(
    insert(event_topics).from_select(
        ["org", "topic", "position"],
        union_all(
            select(_E.org, _E.subject_kind + literal(":") + _E.subject_id, _E.position).where(
                *_apart, (_E.subject_kind == "template") | (_E.subject_kind == "task")
            ),
            select(_E.org, literal("template:") + _of_template, _E.position).where(
                *_apart, _of_template.is_not(None), _E.subject_kind != "template"
            ),
            select(_E.org, literal("task:") + _of_task, _E.position).where(
                *_apart, _of_task.is_not(None), _E.subject_kind == "thread"
            ),
        ),
    )
)
"""The same for events that were loaded in bulk, those after a position."""
