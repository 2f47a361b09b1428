"""From the words of the process list's query to a filter, an order and a window. Spec: api-processes 6, conventions 10.

Nothing here is an error: what cannot be used is left out and named in `X-Ignored-Params`.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_plus

import msgspec

from procession.api.call import Call, Page
from procession.api.contract.processes import RunListParams
from procession.api.params import REMEMBERED, REMEMBERED_LENGTH, read_flag
from procession.domain.filters import DEFAULT_STATES, Cursor, Keyed, Order, ProcessFilter, StatusPart, Window
from procession.domain.listing import Facet, otherwise_involved
from procession.domain.names import fold
from procession.domain.processes import State

# A name of 550 characters has at most this many when it is folded; a longer text is found in none.
LONGEST_FOLDED = 550 * 18
# So many `tag_ids` are conditions of their own, which a statement can start from; the others are one more.
TAGS_APART = 6
_encode = msgspec.json.Encoder().encode
ARCHIVED_ONLY = frozenset({State.ARCHIVED})
SORT_FIELDS = {
    "name": "name",
    "created_at": "seq",
    "increment_id": "seq",
    "started_at": "started_at",
    "last_updated": "last_updated",
    "updated_at": "last_updated",
    "completed_at": "completed_at",
    "due_date": "due_date",
    "next_deadline": "next_deadline",
    "status": "status",
    "progress": "progress",
}
ANSWERS = "fields."
"""Begins the name of an order by the answers to a field; `api.answer_filters` looks up which they are."""
TYPES = ("procedure", "form", "document")

Ignore = Callable[..., None]
"""Told the names of parameters and values that are not used."""


class Asked(NamedTuple):
    """What a query means to one caller, and what of it could not be used."""

    where: ProcessFilter
    order: Order
    ignored: tuple[str, ...]


def to_filter_and_order(call: Call, params: RunListParams) -> tuple[ProcessFilter, Order]:
    """The processes asked for, and in which order; the newest first unless asked otherwise."""
    understand = _remembered if len(call.raw_query) <= REMEMBERED_LENGTH else _understood
    asked = understand(params, call.actor.id)
    call.ignore(*asked.ignored)
    return asked.where, asked.order


def _understood(params: RunListParams, me: int) -> Asked:
    ignored: list[str] = []

    def ignore(*names: str) -> None:
        ignored.extend(names)

    return Asked(_process_filter(params, me, ignore), _order(params, ignore), tuple(ignored))


_remembered = lru_cache(REMEMBERED)(_understood)


def _process_filter(params: RunListParams, me: int, ignore: Ignore) -> ProcessFilter:
    keyed: list[Keyed] = []

    def narrow(facet: Facet, keys: tuple[str, ...], *, every: bool = False) -> None:
        if keys:
            keyed.append(Keyed(facet, keys, every and len(keys) > 1))

    members, groups = _assignee_facets(params, ignore)
    owners = (*params.owners, me) if params.me and not params.owners else params.owners
    if params.me and params.owners:
        narrow(members, (str(me),))
    narrow(members, tuple(str(each) for each in owners))
    narrow(Facet.INVOLVED, _involved(params, me, ignore))
    narrow(groups, tuple(each.lower() for each in params.groups))
    narrow(Facet.GUEST, tuple(each.lower() for each in params.guests))
    narrow(Facet.TEMPLATE, tuple(each.lower() for each in params.checklist_id))
    narrow(Facet.FOLDER, tuple(each.lower() for each in params.folder))
    types = tuple(each.lower() for each in params.type)
    ignore(*(f"type:{each}" for each in types if each not in TYPES))
    narrow(Facet.TYPE, tuple(each for each in types if each in TYPES))
    if params.untagged:
        narrow(Facet.UNTAGGED, ("",))
    else:
        narrow(Facet.TAG, tuple(each.lower() for each in params.tag))
        tag_ids = tuple(dict.fromkeys(each.lower() for each in params.tag_ids))
        for each in tag_ids[:TAGS_APART]:
            narrow(Facet.TAG, (each,))
        narrow(Facet.TAG, tag_ids[TAGS_APART:], every=True)
    if params.starred:
        narrow(Facet.STAR, (str(me),))
    text = fold(params.q)[: LONGEST_FOLDED + 1] if params.q else None
    digits = params.q or ""
    return ProcessFilter(
        parts=_parts(params, me, ignore),
        keyed=tuple(dict.fromkeys(keyed)),
        text=text or None,
        number=int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None,
        unstarred_by=me if params.starred is False else None,
    )


def of_owners(where: ProcessFilter, members: Collection[int]) -> ProcessFilter:
    """Only processes that one of these members owns, or has an open task of; none for nobody."""
    # No process is member 0's.
    keys = tuple(str(each) for each in (0, *members))
    return msgspec.structs.replace(where, keyed=(*where.keyed, Keyed(Facet.INVOLVED_OPEN, keys)))


def _assignee_facets(params: RunListParams, ignore: Ignore) -> tuple[Facet, Facet]:
    word = (params.task_status or "all").lower().replace("_", "-")
    if word in ("in-progress", "active", "incomplete"):
        return Facet.INVOLVED_OPEN, Facet.GROUP_OPEN
    if word in ("completed", "complete"):
        return Facet.INVOLVED_DONE, Facet.GROUP_DONE
    if word != "all":
        ignore("task_status")
    return Facet.INVOLVED, Facet.GROUP


def _involved(params: RunListParams, me: int, ignore: Ignore) -> tuple[str, ...]:
    """Spec: behaviour-work N-3."""
    words = tuple(str(me) if each.lower() == "me" else each for each in params.involved)
    known = tuple(each for each in words if each.isascii() and each.isdigit())
    ignore(*(f"involved:{each}" for each in words if each not in known))
    return tuple(key for each in known for key in (each, otherwise_involved(each)))


def _parts(params: RunListParams, me: int, ignore: Ignore) -> tuple[StatusPart, ...]:
    base = _base_states(params.archived, ignore)
    parts: list[StatusPart] = []
    for word in params.status:
        part = _part(word.lower(), base, me)
        if part is None:
            ignore(f"status:{word}")
        else:
            parts.append(part)
    return tuple(dict.fromkeys(parts)) or (StatusPart(base),)


def _base_states(archived: str | None, ignore: Ignore) -> frozenset[State]:
    if archived is None or read_flag(archived) is False:
        return DEFAULT_STATES
    if archived.lower() == "only":
        return ARCHIVED_ONLY
    if not read_flag(archived):
        ignore("archived")
        return DEFAULT_STATES
    return DEFAULT_STATES | ARCHIVED_ONLY


def _part(word: str, base: frozenset[State], me: int) -> StatusPart | None:
    """One word of table 6.1; None when it is unknown."""
    is_open = base & {State.OPEN}
    parts = {
        "active": StatusPart(is_open),
        "complete": StatusPart(base & {State.COMPLETE}),
        "completed": StatusPart(base & {State.COMPLETE}),
        "problem": StatusPart(is_open, Keyed(Facet.STATUS, ("problem", "issue"))),
        "issue": StatusPart(is_open, Keyed(Facet.STATUS, ("issue",))),
        "improvement": StatusPart(base, Keyed(Facet.IMPROVEMENT, ("",))),
        "delayed": StatusPart(is_open, delayed=True),
        "starred": StatusPart(base, Keyed(Facet.STAR, (str(me),))),
        "archived": StatusPart(ARCHIVED_ONLY),
    }
    return parts.get(word)


def _order(params: RunListParams, ignore: Ignore) -> Order:
    wanted = params.sort or params.sort_by
    keys: list[tuple[str, bool]] = []
    for part in (wanted or "").split(","):
        name, descending = part.strip().removeprefix("-").lower(), part.strip().startswith("-")
        if name == "newest":
            name, descending = "created_at", not descending
        field = name if name.startswith(ANSWERS) else SORT_FIELDS.get(name)
        if field is None:
            if part.strip():
                ignore("sort" if params.sort else "sort_by")
        elif field not in (known for known, _ in keys):
            keys.append((field, descending))
            if field == "seq":
                break
    return Order(tuple(keys)) if keys else Order()


def to_window(call: Call, params: RunListParams, order: Order, page: Page) -> Window:
    """The page, or the place in the list that a followed link names."""
    if params.cursor is not None:
        cursor = read_cursor(call, params.cursor, order)
        if cursor is not None:
            return Window(size=page.size, cursor=cursor)
        call.ignore("cursor")
    return Window(size=page.size, offset=min(page.offset, 1 << 53))


def write_cursor(call: Call, cursor: Cursor) -> str:
    """The cursor as an opaque word, bound to this query."""
    payload = _encode((cursor.values, cursor.seq, cursor.backwards))
    return base64.urlsafe_b64encode(_seal(_query_digest(call), payload) + payload).decode().rstrip("=")


def read_cursor(call: Call, word: str, order: Order) -> Cursor | None:
    """The cursor that `write_cursors` made for the same query; None for any other word."""
    try:
        raw = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        sealed, payload = raw[:SEAL_BYTES], raw[SEAL_BYTES:]
        if sealed != _seal(_query_digest(call), payload):
            return None
        values, seq, backwards = msgspec.json.decode(payload, type=tuple[tuple[int | str | None, ...], int, bool])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        return None
    return Cursor(values, seq, backwards) if len(values) == len(order.keys) else None


SEAL_BYTES = 9
# What may change on the way through a list.
NOT_SEALED = ("page", "cursor", "per_page", "limit", "with", "with[]", "form_fields_values", "")


def _seal(query: "hashlib.blake2b", payload: bytes) -> bytes:
    digest = query.copy()
    digest.update(payload)
    return digest.digest()


def _query_digest(call: Call) -> "hashlib.blake2b":
    digest = _remembered_digest if len(call.raw_query) <= REMEMBERED_LENGTH else _digest
    return digest(call.organization_id, call.raw_query, call.edge.cursor_key)


def _digest(organization_id: str, raw_query: str, key: bytes) -> "hashlib.blake2b":
    """Ties a cursor to its organization and query (apart from the page), and to this server's key."""
    # Decoded and sorted: libraries write an address anew before they follow it.
    given = (unquote_plus(part) for part in raw_query.split("&"))
    kept = sorted(part for part in given if part.partition("=")[0] not in NOT_SEALED)
    text = "\n".join((organization_id, *kept))
    return hashlib.blake2b(text.encode() + b"\0", key=key, digest_size=SEAL_BYTES)


_remembered_digest = lru_cache(REMEMBERED)(_digest)
