"""The bin of an organization. Spec: behaviour-work 11.1."""

import msgspec
from sqlalchemy import bindparam, select

from procession.domain.bin_items import KEPT_FOR, BinItem, BinKind
from procession.storage import files, timers
from procession.storage.bin_contents import SHAPES, Content
from procession.storage.kept_rows import Kept
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.bin_items import bin_items
from procession.storage.tables.files import file_uses
from procession.storage.tx import ReadTx, WriteTx

_B = bin_items.c
_rows = Mapper(BinItem, bin_items)
_list = Listing(
    _rows,
    sorts={"deleted_at": (_B.no,), "expires_at": (_B.expires_at,), "name": (_B.name,)},
    tie=_B.no,
    filters={"kind": _B.kind == bindparam("kind"), "deleted_by": _B.deleted_by == bindparam("deleted_by")},
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_one = select(*_rows.columns).where(_B.org == bindparam("org"), _B.no == bindparam("no"))
_find, _lock = Query(_one), Query(_one.with_for_update())
_content = Query(select(_B.content).where(_B.org == bindparam("org"), _B.no == bindparam("no")))


async def keep(
    tx: WriteTx,
    kind: BinKind,
    subject_id: str,
    name: str,
    content: Content,
    *,
    template_id: str | None = None,
    template_version: int | None = None,
) -> None:
    """Put what is being deleted into the bin; a timer erases it. Called last: deletions wait for each other here.

    `template_id` with `template_version`: a frozen version that stays as long as the item does, without: all of them.
    """
    item = BinItem(
        no=await tx.next_number("bin_item"),
        kind=kind,
        subject_id=subject_id,
        name=name,
        deleted_by=tx.actor.id,
        deleted_at=tx.now,
        expires_at=tx.now + KEPT_FOR,
        template_id=template_id,
        template_version=template_version,
    )
    await tx.insert(bin_items, [{**_rows.write(item), "content": msgspec.json.encode(content).decode()}])
    await timers.put(tx, "expire_bin", {item.no: item.expires_at})
    kept: Kept = getattr(content, "kept", {})
    if file_uses.name in kept:
        await files.put_into_bin(tx, item.no, kept[file_uses.name].values("file"))


async def find(tx: ReadTx, no: int) -> BinItem | None:
    rows = await tx.tuples(_find, no=no)
    return _rows.read(rows[0]) if rows else None


async def lock(tx: WriteTx, no: int) -> BinItem | None:
    rows = await tx.tuples(_lock, no=no)
    return _rows.read(rows[0]) if rows else None


async def content_of(tx: ReadTx, item: BinItem) -> Content:
    return msgspec.json.decode(await tx.value(_content, no=item.no), type=SHAPES[item.kind])


async def remove(tx: WriteTx, item: BinItem) -> None:
    """Take the locked item out, whatever becomes of what it was."""
    await tx.delete(bin_items, [{"no": item.no}])
    await timers.remove(tx, "expire_bin", [item.no])
