"""Checking a template: an operation of ours. Spec: api-templates 8.7."""

from procession.api.contract.envelope import Item
from procession.api.contract.template_checks import TemplateCheck
from procession.api.operations import operation
from procession.api.present.template_checks import present_check
from procession.api.routes.templates import TEMPLATE
from procession.storage.tx import ReadTx
from procession.usecases.checking import check_template as check


@operation("GET", TEMPLATE + "/check", tag="templates", etag=True)
async def check_template(tx: ReadTx, checklist_id: str) -> Item[TemplateCheck]:
    """Look for what will not work: steps never seen, rules that cannot hold, people who left, blank variables ..."""
    return Item(present_check(await check(tx, checklist_id)))
