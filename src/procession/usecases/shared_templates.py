"""What a guest reads of templates: those shared with them, and public ones. Spec: behaviour-templates T-2.11."""

from collections.abc import Mapping, Sequence

from procession.domain.errors import NotFound
from procession.domain.template_permissions import may_read
from procession.domain.templates import TemplateOutline, TemplateRow
from procession.storage import shared_templates, template_grants, templates
from procession.storage.pages import Page
from procession.storage.shared_templates import LIVE
from procession.storage.tx import ReadTx
from procession.usecases.template_access import as_published


async def for_guest(
    tx: ReadTx, email: str, where: Mapping[str, object], page: Page
) -> tuple[Sequence[TemplateOutline], int]:
    """One page of them, live ones only, and how many there are; members find those among them that they may read."""
    ids = sorted(await shared_templates.ids_for(tx, email))
    if tx.actor.kind != "guest":
        heads, _ = await shared_templates.list_page(tx, {**LIVE, "ids": ids}, Page(sort="title"))
        standings = await template_grants.standings(tx, heads)
        ids = [each.id for each in heads if each.document.is_public or may_read(standings[each.id])]
    return await shared_templates.list_page(tx, {**LIVE, **where, "ids": ids}, page)


async def one_for_guest(tx: ReadTx, email: str, template_id: str) -> TemplateRow:
    """As it is published. Raises NotFound: also for a member who may not read it."""
    row = await templates.find(tx, template_id)
    if row is None or row.is_archived:
        raise NotFound
    if not (row.document.is_public or await shared_templates.is_shared(tx, template_id, email)):
        raise NotFound
    is_own = tx.actor.kind == "guest"
    if not (is_own or row.document.is_public or may_read(await template_grants.standing(tx, row))):
        raise NotFound
    return await as_published(tx, row)
