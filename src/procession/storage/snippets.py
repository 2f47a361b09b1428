"""Snippets of an organization, and what each said when. Spec: behaviour-templates 13."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import bindparam, select, update

from procession.domain.snippets import Snippet
from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.library import snippet_texts, snippets
from procession.storage.tx import ReadTx, WriteTx

_S, _T = snippets.c, snippet_texts.c
_rows = Mapper(Snippet, snippets)
_list = Listing(
    _rows,
    sorts={"title": (_S.folded_title,), "created_at": (_S.created_at,), "last_updated": (_S.updated_at,)},
    tie=_S.id,
    filters={"live": _S.deleted_at.is_(None), "pattern": _S.folded_text.like(bindparam("pattern"), escape="\\")},
)
SORTS = tuple(_list.sorts)
# Bound to a filter that takes no value of its own.
LIVE = {"live": True}
list_page = _list.page

_one = select(*_rows.columns).where(_S.org == bindparam("org"), _S.id == bindparam("id"), _S.deleted_at.is_(None))
_find, _lock = Query(_one), Query(_one.with_for_update())
_many = Query(select(*_rows.columns).where(_S.org == bindparam("org"), is_in(_S.id, "ids")))
_history = Query(
    select(_T.snippet, _T.since, _T.content)
    .where(_T.org == bindparam("org"), is_in(_T.snippet, "ids"))
    .order_by(_T.snippet, _T.since)
)
_save = Query(
    update(snippets)
    .where(_S.org == bindparam("org_is"), _S.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "id"})
)


class SaidSince(msgspec.Struct, frozen=True):
    since: int
    content: str


class Quoted(msgspec.Struct, frozen=True):
    """A snippet that a text quotes, and what it has said, oldest first."""

    snippet: Snippet
    history: tuple[SaidSince, ...] = ()

    def at(self, instant: int) -> str:
        """What it said then; what it said first when it is younger."""
        said = [each.content for each in self.history if each.since <= instant]
        return said[-1] if said else self.history[0].content if self.history else self.snippet.content


async def find(tx: ReadTx, snippet_id: int) -> Snippet | None:
    rows = await tx.tuples(_find, id=snippet_id)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, snippet_id: int) -> Snippet | None:
    rows = await tx.tuples(_lock, id=snippet_id)
    return _rows.read(rows[0]) if rows else None


async def many(tx: ReadTx, ids: Iterable[int]) -> dict[int, Snippet]:
    """These snippets, deleted ones too; no statement when there are none."""
    wanted = sorted(set(ids))
    found = [_rows.read(row) for row in await tx.tuples(_many, ids=wanted)] if wanted else []
    return {each.id: each for each in found}


async def quoted(tx: ReadTx, ids: Iterable[int]) -> dict[int, Quoted]:
    """As `many`, with what they said when; two statements at most."""
    found = await many(tx, ids)
    said: dict[int, list[SaidSince]] = {each: [] for each in found}
    for snippet, since, content in await tx.tuples(_history, ids=sorted(found)) if found else []:
        said[snippet].append(SaidSince(since, content))
    return {each: Quoted(snippet, tuple(said[each])) for each, snippet in found.items()}


async def add(tx: WriteTx, snippet: Snippet) -> None:
    await tx.insert(snippets, [_rows.write(snippet)])
    await _say(tx, snippet)


async def save(tx: WriteTx, before: Snippet, after: Snippet) -> None:
    """Write the locked snippet's successor."""
    values = {f"new_{name}": value for name, value in _rows.write(after).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=after.id, **values)
    if before.content != after.content:
        await _say(tx, after)


async def _say(tx: WriteTx, snippet: Snippet) -> None:
    key = {"snippet": snippet.id, "since": tx.now}
    await tx.delete(snippet_texts, [key])
    await tx.insert(snippet_texts, [{**key, "content": snippet.content}])
