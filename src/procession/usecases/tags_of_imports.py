"""Tags that an imported template carries. Spec: api-templates 2.2, T-15.5."""

from collections.abc import Sequence

import msgspec

from procession.domain.errors import Invalid
from procession.domain.names import fold
from procession.storage import references
from procession.storage.tx import WriteTx
from procession.usecases.tags import create_tag


class SentTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag as an export names it, and where; id and title are blank where it does not say them."""

    path: str
    id: str
    title: str
    color: str | None
    kind: str | None


async def here(tx: WriteTx, sent: Sequence[SentTag]) -> dict[str, str]:
    """The ids of these tags in this organization by where they are named: found by id or else by title.

    What is missing an administrator makes; whatever else is missing, or no tag, is left out.
    """
    if not sent:
        return {}
    rows = await references.known_tags(tx, [each.id for each in sent], [fold(each.title) for each in sent])
    by_id, by_title = {tag_id for tag_id, _ in rows}, {folded: tag_id for tag_id, folded in rows}
    found: dict[str, str] = {}
    for each in sent:
        tag_id = each.id if each.id in by_id else by_title.get(fold(each.title))
        if tag_id is None and tx.actor.is_admin and (tag_id := await _made(tx, each)):
            by_title[fold(each.title)] = tag_id
        if tag_id is not None:
            found[each.path] = tag_id
    return found


async def _made(tx: WriteTx, sent: SentTag) -> str | None:
    try:
        return (await create_tag(tx, title=sent.title, color=sent.color, kind=sent.kind)).id
    except Invalid:
        return None
