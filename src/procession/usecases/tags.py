"""Tags: create, change, delete. Spec: api-content 1, behaviour-people 3.4."""

import re

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.names import fold
from procession.domain.people import require_admin
from procession.storage import tags
from procession.storage.tags import TagRow
from procession.storage.tx import WriteTx

MAX_TITLE = 30
COLOR = re.compile(r"#[0-9a-fA-F]{6}")


async def create_tag(tx: WriteTx, *, title: str, color: str | None, kind: str | None) -> TagRow:
    """Raises NotAllowed, Invalid (blank, long or taken title; malformed colour)."""
    require_admin(tx.actor, "create tags")
    row = TagRow(
        id=tx.new_id(),
        title=title.strip(),
        folded_title=fold(title.strip()),
        color=color,
        auto_generated=0,
        type=kind,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await require_valid(tx, row)
    await tags.add(tx, row)
    tx.record(happened("tag.created", row.id, title=row.title))
    return row


async def update_tag(
    tx: WriteTx, tag_id: str, *, title: str | UnsetType = UNSET, color: str | UnsetType | None = UNSET
) -> TagRow:
    """UNSET leaves a value as it is. Raises NotAllowed, NotFound, Invalid."""
    before = row = await managed(tx, tag_id)
    if title is not UNSET:
        row = replace(row, title=title.strip(), folded_title=fold(title.strip()))
    if color is not UNSET:
        row = replace(row, color=color or None)
    await require_valid(tx, row)
    if row == before:
        return before
    row = replace(row, updated_at=tx.now)
    await tags.save(tx, row)
    tx.record(happened("tag.updated", row.id, title=row.title))
    return row


async def managed(tx: WriteTx, tag_id: str) -> TagRow:
    """Raises NotAllowed, NotFound."""
    require_admin(tx.actor, "change tags")
    row = await tags.find(tx, tag_id)
    if row is None:
        raise NotFound
    return row


async def require_valid(tx: WriteTx, row: TagRow) -> None:
    """Raises Invalid."""
    errors: dict[str, list[str]] = {}
    if not row.title:
        errors["title"] = ["The title field is required."]
    elif len(row.title) > MAX_TITLE:
        errors["title"] = [f"The title may not be greater than {MAX_TITLE} characters."]
    else:
        same = await tags.titled(tx, row.folded_title)
        if same is not None and same.id != row.id:
            errors["title"] = ["The title has already been taken."]
    if row.color is not None and not COLOR.fullmatch(row.color):
        errors["color"] = ["The color must look like #1f7a8c."]
    if errors:
        raise Invalid(errors)
