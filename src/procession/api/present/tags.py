"""Tags from rows."""

from collections.abc import Sequence

from procession.api.contract.envelope import One
from procession.api.contract.tags import Tag, TagStatistics
from procession.domain.times import wire
from procession.storage.custom_fields import decoded
from procession.storage.tag_statistics import statistics
from procession.storage.tags import TagRow
from procession.storage.tx import ReadTx

INCLUDES = frozenset({"statistics"})


def present_tag(row: TagRow) -> Tag:
    return Tag(
        id=row.id,
        title=row.title,
        color=row.color,
        auto_generated=row.is_automatic,
        type=row.type,
        created_at=wire(row.created_at),
        deleted_at=None,
        custom_fields=decoded(row.custom_fields),
    )


async def present_tags(tx: ReadTx, rows: Sequence[TagRow], included: frozenset[str]) -> list[Tag]:
    """A page of tags with what was asked for; statistics take the same few statements whatever the page."""
    shown = [present_tag(row) for row in rows]
    if "statistics" in included:
        figures = await statistics(tx, [tag.id for tag in shown])
        for tag in shown:
            known = figures[tag.id]
            tag.statistics = One(
                TagStatistics(
                    active_template=known.active_templates,
                    archived_template=known.archived_templates,
                    active_process=known.active_processes,
                    archived_process=known.archived_processes,
                )
            )
    return shown
