"""Templates as guests read them. Spec: api-templates 9.1, T-2.11."""

from typing import Any

from procession.api.contract.envelope import Many
from procession.api.contract.shared_templates import SharedStep, SharedTemplate, SharedTemplateDetail
from procession.api.present.public_kickoff import present_field
from procession.domain.template_references import rich_texts
from procession.domain.templates import TemplateOutline, TemplateRow
from procession.domain.times import wire
from procession.storage.tx import ReadTx
from procession.usecases.quoting import quoted_in


def present_shared(row: TemplateOutline | TemplateRow) -> SharedTemplate:
    return SharedTemplate(**_head(row, row.document.summary))


async def present_shared_whole(tx: ReadTx, row: TemplateRow) -> SharedTemplateDetail:
    """Of its snippets those that guests may see (T-13.5)."""
    document = row.document
    snippets = await quoted_in(tx, rich_texts(document), for_guest=True)

    def shown(text: str | None) -> str | None:
        return snippets.now(text) if text else text

    steps = [
        SharedStep(
            id=step.id,
            title=step.title,
            alias=step.alias,
            summary=shown(step.summary),
            step_type=step.step_type,
            position=position,
            captures=[present_field(field, shown) for field in step.fields],
        )
        for position, step in enumerate(document.steps, 1)
    ]
    return SharedTemplateDetail(
        **_head(row, shown(document.summary)),
        guidance=shown(document.guidance),
        body=shown(document.body) if row.type == "document" else None,
        explanation_video=document.explanation_video,
        kickoff_title=document.kickoff_title,
        kickoff_description=shown(document.kickoff_description),
        prerun=[present_field(field, shown) for field in document.kickoff],
        steps=Many(steps),
    )


def _head(row: TemplateOutline | TemplateRow, summary: str | None) -> dict[str, Any]:
    document = row.document
    return {
        "id": row.id,
        "title": row.title,
        "type": row.type,
        "summary": summary,
        "icon": document.icon,
        "public_cover": document.public_cover,
        "is_public": document.is_public,
        "steps_count": document.steps_count,
        "last_updated": wire(row.updated_at),
    }
