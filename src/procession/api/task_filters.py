"""From the words of a task list's query to a filter and an order. Spec: api-tasks 5, 7; api-conventions 6, 10.

Nothing here is an error: what cannot be used is left out and named in `X-Ignored-Params`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from procession.api.call import Call
from procession.api.contract.tasks import OrganizationTaskListParams, PersonTaskListParams, TaskListParams
from procession.api.params import read_flag
from procession.domain.names import fold
from procession.domain.task_filters import (
    BY_DEADLINE,
    EVERYTHING,
    SPELLINGS,
    Archived,
    CustomValue,
    Span,
    TaskFilter,
    TaskOrder,
    Word,
    letters,
)
from procession.domain.times import DAY, parse_day, parse_day_range
from procession.storage import groups, people
from procession.storage.tx import ReadTx

LONGEST_TEXT = 600
MOST_ROLES = 64
ME = "me"

# Each word, and whether it goes downwards as it is.
SORT_WORDS: dict[str, tuple[tuple[str, bool], ...]] = {
    "deadline": (("deadline", False),),
    "position": (("position", False),),
    "newest": (("created_at", True),),
    "problems": (("problems", True), ("deadline", False)),
    "completed_newest": (("completed_at", True),),
    "created_at": (("created_at", False),),
    "last_updated": (("last_updated", False),),
    "updated_at": (("last_updated", False),),
    "completed_at": (("completed_at", False),),
    "title": (("title", False),),
    "status": (("status", False),),
}


def status_words(call: Call, sent: Sequence[str], *, default: tuple[Word, ...]) -> tuple[Word, ...]:
    """The known words; () is everything. Without any sent, the list's default."""
    if not sent:
        return default
    found: list[Word] = []
    for each in sent:
        word = SPELLINGS.get(letters(each))
        if word is not None:
            found.append(word)
        elif letters(each) != EVERYTHING:
            call.ignore(f"status:{each}")
    return tuple(dict.fromkeys(found))


async def to_task_filter(
    call: Call, tx: ReadTx, params: TaskListParams, *, default: tuple[Word, ...] = ()
) -> TaskFilter:
    """What all lists have in common."""
    return TaskFilter(
        words=status_words(call, params.status, default=default),
        members=await _principals_of(tx, params.owners),
        guests=tuple(f"e:{each.lower()}" for each in params.guests) or None,
        groups=tuple(f"g:{each.lower()}" for each in params.groups) or None,
        roles=_roles(call, params.roles),
        unassigned=params.unassigned is True,
        due=_due(call, params),
    )


async def to_person_filter(
    call: Call, tx: ReadTx, params: PersonTaskListParams, assignees: Sequence[str]
) -> TaskFilter:
    """The tasks of somebody, who is named so; open ones unless asked otherwise."""
    where = await to_task_filter(call, tx, params, default=("active",))
    return msgspec.structs.replace(
        where,
        assignees=tuple(sorted(assignees)),
        text=_folded(params.q),
        tag=_folded(params.tag),
        hidden="never" if tx.actor.kind == "guest" else "when asked",
    )


async def to_organization_filter(call: Call, tx: ReadTx, params: OrganizationTaskListParams) -> TaskFilter:
    if params.assignee is not None and params.assignee.lower() == ME:
        params = msgspec.structs.replace(params, owners=(*params.owners, tx.actor.id))
    elif params.assignee is not None:
        call.ignore("assignee")
    where = await to_task_filter(call, tx, params, default=("active",) if params.needs_owner else ())
    return msgspec.structs.replace(
        where,
        # No task is member 0's: where nobody has left, nothing is found.
        assignees=tuple(f"m:{each}" for each in (0, *await people.gone(tx))) if params.needs_owner else None,
        text=_folded(params.q),
        in_titles=True,
        tag=_folded(params.tag),
        folders=tuple(each.lower() for each in params.folder),
        created=_created(call, params.created),
        is_oneoff=params.is_oneoff,
        archived=_archived(call, params.archived),
        value=_value(call, params),
    )


def _value(call: Call, params: OrganizationTaskListParams) -> CustomValue | None:
    """Both are needed. Spec: api-tasks T2."""
    key, value = params.custom_field_key, params.custom_field_value
    if key is not None and value is not None:
        return CustomValue(key, value)
    call.ignore(*(name for name in ("custom_field_key", "custom_field_value") if getattr(params, name) is not None))
    return None


def _roles(call: Call, sent: Sequence[str]) -> tuple[str, ...]:
    """Job titles are looked for one by one, so only so many at once."""
    if len(sent) > MOST_ROLES:
        call.ignore("roles")
    return tuple(each.lower() for each in sent[:MOST_ROLES])


async def _principals_of(tx: ReadTx, members: Sequence[int]) -> tuple[str, ...] | None:
    """The members and the groups they are in today; one statement."""
    if not members:
        return None
    found = await groups.of_members(tx, members)
    in_groups = {f"g:{group.id}" for each in found.values() for group in each}
    return tuple(sorted({*(f"m:{each}" for each in members), *in_groups}))


def _folded(text: str | None) -> str | None:
    return (fold(text)[:LONGEST_TEXT] or None) if text else None


def _due(call: Call, params: TaskListParams) -> Span | None:
    on = _read(call, "deadline_on", params.deadline_on, parse_day)
    if on is not None:
        return Span(on, on + DAY)
    first = _read(call, "deadline_start_range", params.deadline_start_range, parse_day)
    after = _read(call, "deadline_after", params.deadline_after, parse_day)
    last = _read(call, "deadline_end_range", params.deadline_end_range, parse_day)
    before = _read(call, "deadline_before", params.deadline_before, parse_day)
    starts = [each for each in (first, None if after is None else after + DAY) if each is not None]
    ends = [each for each in (None if last is None else last + DAY, before) if each is not None]
    return Span(max(starts, default=None), min(ends, default=None)) if starts or ends else None


def _created(call: Call, text: str | None) -> Span | None:
    if text is not None and ":" not in text:
        text = f"{text}:{text}"
    found = _read(call, "created", text, parse_day_range)
    return None if found is None else Span(*found)


def _read(call: Call, name: str, text: str | None, reader: Callable[[object], Any]) -> Any:
    if text is None:
        return None
    try:
        return reader(text)
    except ValueError:
        call.ignore(name)
        return None


def _archived(call: Call, text: str | None) -> Archived:
    if text is None or read_flag(text) is False:
        return "without"
    if text.lower() == "only":
        return "only"
    if not read_flag(text):
        call.ignore("archived")
        return "without"
    return "with"


def to_task_order(call: Call, params: TaskListParams, default: TaskOrder = BY_DEADLINE) -> TaskOrder:
    keys: list[tuple[str, bool]] = []
    for part in (params.sort or params.sort_by or "").split(","):
        name, reverse = part.strip().lower().removeprefix("-"), part.strip().startswith("-")
        found = SORT_WORDS.get(name)
        if found is None:
            if name:
                call.ignore("sort" if params.sort else "sort_by")
            continue
        known = {field for field, _ in keys}
        keys += [(field, descending != reverse) for field, descending in found if field not in known]
    return TaskOrder(tuple(keys)) if keys else default
