"""Checking a template: an operation of ours. Spec: api-templates 8.7."""

from procession.adapters.long_work import off_loop
from procession.api.call import Later
from procession.api.contract.envelope import Item
from procession.api.contract.template_checks import TemplateCheck
from procession.api.operations import operation
from procession.api.present.template_checks import present_check
from procession.api.routes.templates import TEMPLATE
from procession.domain.checking.check import check
from procession.storage.tx import ReadTx
from procession.usecases.checking import what_to_check


@operation("GET", TEMPLATE + "/check", tag="templates", etag=True)
async def check_template(tx: ReadTx, checklist_id: str) -> Item[TemplateCheck] | Later:
    """Look for what will not work: steps never seen, rules that cannot hold, people who left, blank variables ..."""
    document, around = await what_to_check(tx, checklist_id)

    async def checked() -> Item[TemplateCheck]:
        return Item(present_check(await off_loop(check, document, around)))

    return Later(checked)
