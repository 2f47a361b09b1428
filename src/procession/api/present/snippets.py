"""Snippets from rows. Spec: api-templates 11."""

from procession.api.contract.snippets import Snippet
from procession.domain import snippets as domain
from procession.domain.times import wire


def present_snippet(row: domain.Snippet) -> Snippet:
    return Snippet(
        id=row.id,
        increment_id=row.id,
        title=row.title,
        content=row.content,
        visible_in_public_templates=row.is_public,
        visible_to_guests=row.for_guests,
        created_at=wire(row.created_at),
        last_updated=wire(row.updated_at),
    )
