"""`updated_since` on lists: what changed since a moment or an earlier answer, and what is gone.

Spec: api-conventions 8.1.
"""

import hashlib
import re
from typing import Any
from urllib.parse import unquote_plus

from procession.api.call import MAX_PER_PAGE, Call
from procession.api.contract.envelope import Sync
from procession.api.errors import HttpRefusal
from procession.api.params import PageParams
from procession.domain.errors import Invalid
from procession.domain.times import parse_instant
from procession.storage import access, syncing
from procession.storage.changes import Kind
from procession.storage.syncing import CannotGoOn, Page
from procession.storage.tx import ReadTx

NOW = "now"
CURSOR = re.compile(r"([0-2])\.([0-9a-f]{1,15})\.([0-9a-f]{1,15})\.([0-9a-f]{16})")
UNDERSTOOD = frozenset({"updated_since", "with", "per_page", "limit", "form_fields_values"})
WHAT_IT_TAKES = "`updated_since` takes `now`, a date and time, or the `next` of an earlier answer of this list."
START_OVER = (
    "Your copy cannot be continued from here: too much time has passed, or what you may see has changed. "
    "Start again: ask for updated_since=now, then read the whole list."
)


async def page_since(tx: ReadTx, call: Call, kind: Kind, params: PageParams, since: str) -> Page:
    """The next part of what happened to things of this kind. Raises Invalid, HttpRefusal (410)."""
    names = (unquote_plus(part.partition("=")[0]) for part in call.raw_query.split("&") if part)
    call.ignore(*(name for name in names if name.removesuffix("[]") not in UNDERSTOOD and name not in call.ignored))
    size = call.page(None, params.per_page, params.limit, default=MAX_PER_PAGE).size
    try:
        if since == NOW:
            return Page([], [], await syncing.now(tx), has_more=False)
        return await syncing.page(tx, kind, await _place(tx, kind, since), size)
    except CannotGoOn:
        raise HttpRefusal(410, "SYNC_START_OVER", START_OVER) from None


async def sync_of(tx: ReadTx, kind: Kind, page: Page) -> Sync:
    """How to go on, and what is gone."""
    position, seq = page.place
    cursor = f"{int(kind)}.{position:x}.{seq:x}.{await _rights(tx)}"
    return Sync(next=cursor, has_more=page.has_more, deleted=page.gone)


async def _place(tx: ReadTx, kind: Kind, since: str) -> syncing.Place:
    found = CURSOR.fullmatch(since)
    if found is None:
        try:
            return await syncing.at(tx, parse_instant(since))
        except ValueError:
            raise Invalid({"updated_since": [WHAT_IT_TAKES]}) from None
    if int(found[1]) != kind:
        raise Invalid({"updated_since": [WHAT_IT_TAKES]})
    place = int(found[2], 16), int(found[3], 16)
    # A place ahead of everything is of a database that was restored since.
    if found[4] != await _rights(tx) or place > (await syncing.now(tx)):
        raise CannotGoOn
    return place


async def _rights(tx: ReadTx) -> str:
    """What besides a thing itself decides whether the caller sees it: their role, groups and templates."""
    named: Any = [] if tx.actor.is_admin else sorted(await access.principals_of_caller(tx))
    told = "\n".join([tx.actor.role or "", tx.actor.principal, *named])
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
