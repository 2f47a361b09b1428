"""Folders: create, rename, move. Spec: api-content 2, behaviour-people 3.1 "folders"."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from procession.domain import folders as tree
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.folders import MAX_DEPTH, MAX_NAME, Folder, FolderKind
from procession.domain.names import clean_name, fold
from procession.domain.people import require_full_member
from procession.storage import folders
from procession.storage.tx import ReadTx, WriteTx


async def create(tx: WriteTx, *, name: str, kind: FolderKind, parent_id: str | None) -> Folder:
    """Last among its siblings. Raises NotAllowed, Invalid."""
    require_full_member(tx.actor, "create folders")
    _check_name(name)
    await folders.lock_tree(tx)
    known = await folders.of_kind(tx, kind)
    _check_parent(known, kind, parent_id, folder_id=None)
    folder = Folder(
        id=tx.new_id(),
        kind=kind,
        name=clean_name(name),
        folded_name=fold(clean_name(name)),
        parent_id=parent_id,
        position=0,
        created_at=tx.now,
        updated_at=tx.now,
    )
    folder = replace(folder, position=await place(tx, known, folder, None))
    await folders.add(tx, folder)
    tx.record(happened("folder.created", folder.id, name=folder.name))
    return folder


async def update(
    tx: WriteTx,
    folder_id: str,
    *,
    name: str | None = None,
    parent_id: str | UnsetType | None = UNSET,
    position: int | None = None,
) -> Folder:
    """Rename, move under another parent (None = root) or to another place. Raises NotAllowed, NotFound, Invalid."""
    before = await managed(tx, folder_id)
    folder = before
    if name is not None:
        _check_name(name)
        folder = replace(folder, name=clean_name(name), folded_name=fold(clean_name(name)))
    known = await folders.of_kind(tx, folder.kind)
    moves = parent_id is not UNSET and parent_id != folder.parent_id
    if moves:
        _check_parent(known, folder.kind, parent_id, folder_id=folder_id)
        folder = replace(folder, parent_id=parent_id)
    if moves or position is not None:
        folder = replace(folder, position=await place(tx, known, folder, position))
    if folder == before:
        return before
    folder = replace(folder, updated_at=tx.now)
    await folders.save(tx, folder)
    tx.record(happened("folder.updated", folder.id, name=folder.name))
    return folder


async def managed(tx: WriteTx, folder_id: str) -> Folder:
    """The folder; nobody else moves folders until the commit. Raises NotAllowed, NotFound."""
    require_full_member(tx.actor, "change folders")
    await folders.lock_tree(tx)
    folder = await folders.find(tx, folder_id)
    if folder is None:
        raise NotFound
    return folder


async def require_seen(tx: ReadTx, folder_id: str) -> None:
    """Raises NotFound where there is no such folder for the caller: light members see those around what they see.

    Spec: api-content B1.
    """
    folder = await folders.find(tx, folder_id)
    if folder is None:
        raise NotFound
    if tx.actor.is_light:
        known, totals = await folders.of_kind(tx, folder.kind), await folders.totals(tx, folder.kind)
        if folder_id not in tree.around(known, totals):
            raise NotFound


async def place(tx: WriteTx, known: dict[str, Folder], folder: Folder, position: int | None) -> int:
    """The folder's position; its siblings are moved to make room."""
    siblings = [each for each in known.values() if each.parent_id == folder.parent_id]
    positions = tree.arranged(siblings, folder, position)
    for sibling in siblings:
        if sibling.id in positions and sibling.id != folder.id:
            await folders.save(tx, replace(sibling, position=positions[sibling.id]))
    return positions[folder.id]


def _check_name(name: str) -> None:
    if not clean_name(name):
        raise Invalid({"name": ["The name field is required."]})
    if len(clean_name(name)) > MAX_NAME:
        raise Invalid({"name": [f"The name may not be greater than {MAX_NAME} characters."]})


def _check_parent(
    known: dict[str, Folder], kind: FolderKind, parent_id: str | UnsetType | None, *, folder_id: str | None
) -> None:
    if parent_id is None or parent_id is UNSET:
        return
    if parent_id not in known:
        raise Invalid({"parent_id": [f"The parent must be a folder of the same kind ({kind})."]})
    if folder_id is not None and tree.is_within(known, parent_id, folder_id):
        raise Invalid({"parent_id": ["A folder cannot be moved into itself or one of its own folders."]})
    levels = 1 if folder_id is None else tree.height(known, folder_id)
    require_depth(known, parent_id, levels)


def require_depth(known: dict[str, Folder], parent_id: str | None, levels: int) -> None:
    """Raises Invalid when so many levels have no room below this parent."""
    above = 0 if parent_id is None else len(tree.lineage(known, parent_id))
    if above + levels > MAX_DEPTH:
        raise Invalid({"parent_id": [f"Folders may not be nested more than {MAX_DEPTH} levels deep."]})
