"""The link of a template's public kick-off form: there as long as the form is public. Spec: T-9.5, L-7.35."""

from procession.adapters.secrets import new_token
from procession.domain.errors import WrongState
from procession.domain.events import happened
from procession.domain.template_permissions import require_edit
from procession.domain.templates import TemplateRow
from procession.storage import public_kickoffs
from procession.storage.public_kickoffs import Link
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.template_access import editable, readable

NOT_PUBLIC = "The kick-off form of this template is not public. Set is_public_kickoff first."


async def follow(tx: WriteTx, row: TemplateRow) -> None:
    """Bring the link in step with the saved template: switched off it leads nowhere at once, on again it is another."""
    link = await public_kickoffs.of_template(tx, row.id)
    if row.document.is_public_kickoff and link is None:
        await public_kickoffs.put(tx, row.id, new_token())
    elif not row.document.is_public_kickoff and link is not None:
        await public_kickoffs.remove(tx, row.id)


async def shown(tx: ReadTx, template_id: str) -> tuple[TemplateRow, Link | None]:
    """The template with its link, for editors. Raises NotFound, NotAllowed."""
    opened = await readable(tx, template_id)
    require_edit(opened.standing)
    return opened.template, await public_kickoffs.of_template(tx, template_id)


async def renew(tx: WriteTx, template_id: str) -> tuple[TemplateRow, Link]:
    """Another code; the former link leads nowhere. Raises NotFound, NotAllowed, WrongState (archived, not public)."""
    row = await editable(tx, template_id)
    if not row.document.is_public_kickoff:
        raise WrongState(NOT_PUBLIC)
    link = await public_kickoffs.put(tx, row.id, new_token())
    tx.record(happened("template.kickoff_link_renewed", row.id, title=row.title))
    return row, link
