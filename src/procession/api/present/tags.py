"""Tags from rows."""

from procession.api.contract.tags import Tag
from procession.domain.times import wire
from procession.storage.tags import TagRow


def present_tag(row: TagRow) -> Tag:
    return Tag(
        id=row.id,
        title=row.title,
        color=row.color,
        auto_generated=bool(row.auto_generated),
        type=row.type,
        created_at=wire(row.created_at),
        deleted_at=None,
    )
