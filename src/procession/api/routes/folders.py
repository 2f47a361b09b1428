"""Folders. Spec: api-content 2."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.folders import Folder, FolderBody, FolderChange, FolderListParams, FolderParams
from procession.api.lists import answered, asked_page, cut, includes
from procession.api.operations import operation
from procession.api.present.folders import Tree
from procession.domain.errors import NotFound
from procession.domain.folders import Folder as FolderRow
from procession.domain.folders import FolderKind, around, kind_of
from procession.domain.names import fold
from procession.storage import folders
from procession.storage.pages import Page
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import folders as change

FOLDERS = "/organizations/{org_id}/folders"
FOLDER = FOLDERS + "/{folder_id}"
INCLUDES = frozenset({"children"})
SORTS = ("position", "name", "created_at")


@operation("GET", FOLDERS, tag="folders", etag=True)
async def list_folders(tx: ReadTx, call: Call, params: FolderListParams) -> Paginated[Folder]:
    """List template folders, or process folders with `folder_type=run`, by position.

    With `with=children` only folders at the root are listed, each with everything below it.
    Light members see folders that hold something they see, and the folders around those.
    """
    with_children = "children" in includes(call, params.with_, INCLUDES)
    asked, page = asked_page(call, params, sorts=SORTS, default_sort="position")
    page = None if params.pagination is False else page
    tree = await _tree(tx, kind_of(params.folder_type))
    rows = [row for row in tree.known.values() if row.parent_id is None or not with_children]
    if params.q:
        wanted = fold(params.q)
        rows = [row for row in rows if wanted in row.folded_name]
    rows = _sorted(rows, asked)
    shown = [tree.present(row, with_children=with_children) for row in cut(rows, page)]
    return answered(call, shown, len(rows), page)


@operation("GET", FOLDER, tag="folders", etag=True)
async def get_folder(tx: ReadTx, call: Call, folder_id: str, params: FolderParams) -> Item[Folder]:
    """Read one folder."""
    with_children = "children" in includes(call, params.with_, INCLUDES)
    row = await folders.find(tx, folder_id)
    tree = await _tree(tx, row.kind) if row else None
    if row is None or tree is None or folder_id not in tree.known:
        raise NotFound
    return Item(tree.present(row, with_children=with_children))


@operation("POST", FOLDERS, tag="folders", status=201)
async def create_folder(tx: WriteTx, body: FolderBody) -> Item[Folder]:
    """Create a folder; its type can never be changed. Not for light members."""
    kind = kind_of(body.folder_type)
    row = await change.create(tx, name=body.name, kind=kind, parent_id=body.parent_id)
    return Item((await _tree(tx, kind)).present(row, with_children=False))


@operation("PUT", FOLDER, tag="folders", first=change.managed)
async def update_folder(tx: WriteTx, folder_id: str, body: FolderChange) -> Item[Folder]:
    """Rename or move a folder. Not for light members."""
    row = await change.update(
        tx,
        folder_id,
        name=body.name if isinstance(body.name, str) else None,
        parent_id=body.parent_id,
        position=body.position if isinstance(body.position, int) else None,
    )
    return Item((await _tree(tx, row.kind)).present(row, with_children=False))


async def _tree(tx: ReadTx, kind: FolderKind) -> Tree:
    """The folders of a kind that the caller sees; three statements at most, whatever their number."""
    known, totals = await folders.of_kind(tx, kind), await folders.totals(tx, kind)
    if tx.actor.is_light:
        seen = around(known, totals)
        known = {folder_id: row for folder_id, row in known.items() if folder_id in seen}
    return Tree(known, totals)


def _sorted(rows: list[FolderRow], asked: Page) -> list[FolderRow]:
    def key(row: FolderRow) -> tuple[int | str, int, str]:
        first = {"position": row.position, "name": row.folded_name, "created_at": row.created_at}[asked.sort]
        return first, row.created_at, row.id

    return sorted(rows, key=key, reverse=asked.descending)
