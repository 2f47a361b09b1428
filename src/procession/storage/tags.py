"""Tags of an organization."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, delete, or_, select, update

from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.content import tags
from procession.storage.tx import ReadTx, WriteTx

AUTOMATIC_PREFIXES = ("from:", "task:", "step:")


class TagRow(msgspec.Struct, frozen=True):
    id: str
    title: str
    folded_title: str
    color: str | None
    auto_generated: int
    type: str | None
    created_at: int
    updated_at: int
    # JSON (storage.custom_fields), null while there are none.
    custom_fields: str | None = None

    @property
    def is_automatic(self) -> bool:
        """By its mark or by how its title begins, as the filter has it. Spec: api-content 1.2."""
        return bool(self.auto_generated) or self.folded_title.startswith(AUTOMATIC_PREFIXES)


_automatic = or_(tags.c.auto_generated == 1, *[tags.c.folded_title.like(f"{each}%") for each in AUTOMATIC_PREFIXES])
_list = Listing(
    Mapper(TagRow, tags),
    sorts={"title": (tags.c.folded_title,), "created_at": (tags.c.created_at,)},
    tie=tags.c.id,
    filters={
        "pattern": tags.c.folded_title.like(bindparam("pattern"), escape="\\"),
        # Automatic tags are told by their mark or by how their titles begin (Spec: api-content 1.2).
        "manual": ~_automatic,
        "automatic": _automatic,
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_columns = [tags.c[name] for name in TagRow.__struct_fields__]
_by_id = Query(select(*_columns).where(tags.c.org == bindparam("org"), tags.c.id == bindparam("id")))
_lock = Query(select(*_columns).where(tags.c.org == bindparam("org"), tags.c.id == bindparam("id")).with_for_update())
_by_title = Query(
    select(*_columns).where(tags.c.org == bindparam("org"), tags.c.folded_title == bindparam("folded_title"))
)
_ids_by_title = Query(
    select(tags.c.folded_title, tags.c.id).where(
        tags.c.org == bindparam("org"), is_in(tags.c.folded_title, "folded_titles")
    )
)
_save = Query(
    update(tags)
    .where(tags.c.org == bindparam("org_is"), tags.c.id == bindparam("id_is"))
    .values(
        title=bindparam("new_title"),
        folded_title=bindparam("new_folded_title"),
        color=bindparam("new_color"),
        updated_at=bindparam("now"),
    )
)
_delete = Query(delete(tags).where(tags.c.org == bindparam("org"), tags.c.id == bindparam("id")))


async def find(tx: ReadTx, tag_id: str) -> TagRow | None:
    return await tx.row(TagRow, _by_id, id=tag_id)


async def lock(tx: WriteTx, tag_id: str) -> TagRow | None:
    """The tag; nobody puts it on anything until the commit."""
    return await tx.row(TagRow, _lock, id=tag_id)


async def titled(tx: ReadTx, folded_title: str) -> TagRow | None:
    return await tx.row(TagRow, _by_title, folded_title=folded_title)


async def ids_by_title(tx: ReadTx, folded_titles: Sequence[str]) -> dict[str, str]:
    """Ids of the tags with these titles, by title; one statement."""
    return dict(await tx.tuples(_ids_by_title, folded_titles=list(folded_titles)))


async def add(tx: WriteTx, row: TagRow) -> None:
    await tx.insert(tags, [msgspec.structs.asdict(row)])


async def save(tx: WriteTx, row: TagRow) -> None:
    await tx.run(
        _save,
        org_is=tx.org,
        id_is=row.id,
        new_title=row.title,
        new_folded_title=row.folded_title,
        new_color=row.color,
        now=row.updated_at,
    )


async def remove(tx: WriteTx, tag_id: str) -> bool:
    """Delete the tag with its links; whether there was one."""
    return await tx.run(_delete, id=tag_id) > 0
