"""Tags on templates and on their steps. Spec: api-content 1.4, T-3.7."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import and_, bindparam, delete, select

from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.content import tag_links, tags
from procession.storage.tx import ReadTx, WriteTx


class LinkedTag(msgspec.Struct, frozen=True):
    """A tag on something: `id` is the association, `tag_id` the tag."""

    id: int
    tag_id: str
    title: str
    color: str | None
    type: str | None


_L = tag_links.c
_shown = (_L.id, _L.tag_id, tags.c.title, tags.c.color, tags.c.type)
_tagged = tag_links.join(tags, and_(tags.c.org == _L.org, tags.c.id == _L.tag_id))
_of_templates = Query(
    select(_L.template_id, *_shown)
    .select_from(_tagged)
    .where(_L.org == bindparam("org"), is_in(_L.template_id, "ids"), _L.step_id.is_(None))
    .order_by(tags.c.folded_title, _L.id)
)
_of_steps = Query(
    select(_L.step_id, *_shown)
    .select_from(_tagged)
    .where(_L.org == bindparam("org"), is_in(_L.step_id, "ids"))
    .order_by(tags.c.folded_title, _L.id)
)
_of_every_step = Query(
    select(_L.step_id, _L.tag_id).where(
        _L.org == bindparam("org"), _L.template_id == bindparam("template"), _L.step_id.is_not(None)
    )
)
_untag_steps = Query(delete(tag_links).where(_L.org == bindparam("org"), is_in(_L.step_id, "ids")))


async def tags_of_templates(tx: ReadTx, ids: Iterable[str]) -> Mapping[str, list[LinkedTag]]:
    """By template id, by title; one statement."""
    return await _by_subject(tx, _of_templates, ids)


async def tags_of_steps(tx: ReadTx, ids: Iterable[str]) -> Mapping[str, list[LinkedTag]]:
    return await _by_subject(tx, _of_steps, ids)


async def tags_of_every_step(tx: ReadTx, template_id: str) -> Mapping[str, list[str]]:
    """The ids of the tags on the template's steps, by step id."""
    found: dict[str, list[str]] = defaultdict(list)
    for step_id, tag_id in await tx.tuples(_of_every_step, template=template_id):
        found[step_id].append(tag_id)
    return found


async def _by_subject(tx: ReadTx, query: Query, ids: Iterable[str]) -> Mapping[str, list[LinkedTag]]:
    found: dict[str, list[LinkedTag]] = defaultdict(list)
    for subject, *shown in await tx.tuples(query, ids=sorted(set(ids))):
        found[subject].append(LinkedTag(*shown))
    return found


async def tag_template(tx: WriteTx, template_id: str, tag_ids: Sequence[str]) -> None:
    await _link(tx, [{"tag_id": each, "template_id": template_id, "step_id": None} for each in tag_ids])


async def tag_steps(tx: WriteTx, template_id: str, tag_ids: Mapping[str, Sequence[str]]) -> None:
    """Tag ids by step id; a step's link names its template too, and goes with it."""
    await _link(
        tx,
        [
            {"tag_id": each, "template_id": template_id, "step_id": step_id}
            for step_id, wanted in tag_ids.items()
            for each in wanted
        ],
    )


async def _link(tx: WriteTx, subjects: Sequence[Mapping[str, object]]) -> None:
    if subjects:
        first = await tx.next_number("tag_link", len(subjects))
        links = [{**each, "id": first + n, "created_at": tx.now} for n, each in enumerate(subjects)]
        await tx.insert(tag_links, links)


async def untag_steps(tx: WriteTx, step_ids: Sequence[str]) -> None:
    """Steps that are gone carry nothing any more."""
    if step_ids:
        await tx.run(_untag_steps, ids=list(step_ids))
