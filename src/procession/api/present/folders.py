"""Folders from rows."""

from collections.abc import Mapping

from procession.api.contract.folders import Folder, Folders
from procession.domain.folders import Folder as FolderRow
from procession.domain.folders import children_of
from procession.domain.times import wire


class Tree:
    """The folders of one kind, as the caller sees them."""

    def __init__(self, known: Mapping[str, FolderRow], totals: Mapping[str, int]) -> None:
        self.known = known
        self.totals = totals
        self.children = children_of(known.values())

    def present(self, row: FolderRow, *, with_children: bool) -> Folder:
        """One folder; with everything below it, in the order of positions, when that is asked for."""
        parent = self.known.get(row.parent_id) if row.parent_id else None
        shown = Folder(
            id=row.id,
            name=row.name,
            parent_id=row.parent_id,
            parent=parent.name if parent else None,
            total=self.totals.get(row.id, 0),
            position=row.position,
            folder_type=row.kind,
            created_at=wire(row.created_at),
            custom_fields=row.custom_fields or {},
        )
        if with_children:
            below = self.children.get(row.id, [])
            shown.children = Folders([self.present(each, with_children=True) for each in below])
        return shown
