"""The bin: bringing things back, erasing them before their time, and in it. Spec: behaviour-work 11.1."""

from procession.domain.bin_items import BinItem, LeftOut, may_restore, may_see
from procession.domain.errors import NotFound
from procession.domain.events import Event, happened
from procession.domain.permissions import require
from procession.storage import bin_items, files, template_versions, timers
from procession.storage.bin_contents import (
    Content,
    FolderContent,
    ListContent,
    ProcessContent,
    SnippetContent,
    TagContent,
    TaskContent,
    TemplateContent,
)
from procession.storage.tx import WriteTx
from procession.usecases import recovering


async def restore(tx: WriteTx, no: int) -> tuple[BinItem, list[LeftOut]]:
    """Bring it back as it was; also what could not be connected again. Raises NotFound, NotAllowed, and what stands
    in the way: Invalid, WrongState, ProcessArchived, ProcessLocked.
    """
    item = await _seen(tx, no)
    require(may_restore(tx.actor, item), to="restore this")
    left = await _recovered(tx, item, await bin_items.content_of(tx, item))
    kept = await files.in_bin(tx, no)
    await bin_items.remove(tx, item)
    await files.release(tx, kept)
    return item, sorted(left)


async def _recovered(tx: WriteTx, item: BinItem, content: Content) -> set[LeftOut]:
    match content:
        case ProcessContent():
            return await recovering.process(tx, content)
        case TaskContent():
            return await recovering.task(tx, content)
        case TemplateContent():
            return await recovering.template(tx, content)
        case TagContent():
            return await recovering.tag(tx, content)
        case FolderContent():
            return await recovering.folder(tx, content)
        case SnippetContent():
            return await recovering.snippet(tx, int(item.subject_id), content)
        case ListContent():
            return await recovering.lookup_list(tx, content)


async def purge(tx: WriteTx, no: int) -> None:
    """Erase it for good, now. Raises NotFound, NotAllowed."""
    item = await _seen(tx, no)
    require(tx.actor.is_admin, to="empty the bin; only administrators may")
    tx.record(await _erased(tx, item))


async def expire(tx: WriteTx, no: int) -> None:
    """Erase what has been in the bin for long enough, once. Spec: BI6."""
    item = await bin_items.lock(tx, no)
    if item is None:
        await timers.remove(tx, "expire_bin", [no])
    elif item.expires_at > tx.now:
        await timers.move(tx, "expire_bin", no, item.expires_at)
    else:
        tx.record(await _erased(tx, item))


async def _seen(tx: WriteTx, no: int) -> BinItem:
    item = await bin_items.lock(tx, no)
    if item is None or not may_see(tx.actor, item):
        raise NotFound
    return item


async def _erased(tx: WriteTx, item: BinItem) -> Event:
    kept_files = await files.in_bin(tx, item.no)
    content = await bin_items.content_of(tx, item) if item.kind == "process" else None
    await bin_items.remove(tx, item)
    await files.erase_unused(tx, kept_files)
    kept: set[str] = set() if item.template_id is None else {item.template_id}
    if isinstance(content, ProcessContent):
        kept |= {each.template_id for each in content.process.injections}
    for each in sorted(kept):
        await template_versions.forget_unused(tx, each)
    return happened(f"{item.kind}.purged", item.subject_id, name=item.name)
