"""`If-Match`: a write wanted only while what it changes is as the client has read it. Spec: api-conventions 16.2.

A tag says how far the organization's events went when it was given (decision 4). It holds as long as the thing in the
path has not changed after that, whatever else has.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from procession.api.call import Call
from procession.api.errors import HttpRefusal
from procession.api.operations import Operation
from procession.domain.errors import ProcessLocked, WrongState
from procession.storage.changes import Kind
from procession.storage.log import position_query
from procession.storage.tx import WriteTx
from procession.usecases.last_changes import locked_last_change

T = TypeVar("T")

HEADER = b"if-match"
ANY = "*"
TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"\*|{TAG}(?:[ \t]*,[ \t]*{TAG})*")
# By which path parameter the thing is named; what lies inside another one comes first.
NAMED_BY = {"task_id": Kind.TASK, "run_id": Kind.PROCESS, "checklist_id": Kind.TEMPLATE}


class Condition(msgspec.Struct, frozen=True):
    """What must not have changed, and the positions up to which the client knows it; None: any will do."""

    kind: Kind
    id: str
    positions: tuple[int, ...] | None


def kind_named(operation: Operation) -> tuple[Kind, str] | None:
    """What a write of this operation may be conditional on, and the path parameter that names it."""
    return next(((kind, name) for name, kind in NAMED_BY.items() if name in operation.path_parameters), None)


def condition_of(operation: Operation, call: Call, path_values: Mapping[str, Any]) -> Condition | None:
    """What the caller made this write depend on. Raises HttpRefusal."""
    header = call.header(HEADER)
    if header is None:
        return None
    if TAGS.fullmatch(header.strip()) is None:
        sentence = 'If-Match takes * or the ETag of an earlier answer, with its quotation marks: If-Match: "1f-2-0-ab".'
        raise HttpRefusal(400, "IF_MATCH_INVALID", sentence)
    named = kind_named(operation)
    if named is None or operation.tx is not WriteTx:
        sentence = "Writes to processes, tasks and templates may depend on If-Match, this one may not. Leave it out."
        raise HttpRefusal(400, "IF_MATCH_NOT_SUPPORTED", sentence)
    kind, name = named
    if header.strip() == ANY:
        return Condition(kind, str(path_values[name]), None)
    tags = re.findall(TAG, header)
    return Condition(kind, str(path_values[name]), tuple(at for tag in tags if (at := _position(tag)) is not None))


def _position(tag: str) -> int | None:
    parts = tag.removeprefix("W/").strip('"').split("-")
    try:
        return int(parts[0], 16) if len(parts) == 4 else None
    except ValueError:
        return None


async def guarded(tx: WriteTx, condition: Condition, work: Callable[[WriteTx], Awaitable[T]]) -> T:
    """Do the work on the locked thing if it is as the caller knows it; who may not know of it learns nothing.

    Raises HttpRefusal (412), also where the work is refused because of the state the thing has come to.
    """
    holds = await _holds(tx, condition)
    try:
        result = await work(tx)
    except (WrongState, ProcessLocked):
        if holds:
            raise
    else:
        if holds:
            return result
    sentence = "This has changed since you read it. Read it again, and send your change with the new ETag."
    raise HttpRefusal(412, "PRECONDITION_FAILED", sentence)


async def _holds(tx: WriteTx, condition: Condition) -> bool:
    if condition.positions is None:
        return True
    changed = await locked_last_change(tx, condition.kind, condition.id)
    rows = await tx.tuples(position_query)
    newest = rows[0][0] if rows else 0
    return any(changed <= each <= newest for each in condition.positions)
