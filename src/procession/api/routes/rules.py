"""Rules ("automated actions") of templates; they are read with their template. Spec: api-templates 8."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.rules import AutomatedAction, AutomatedActionBody
from procession.api.operations import operation
from procession.api.present.rules import present_rule
from procession.api.routes.templates import TEMPLATE
from procession.domain.automations.rules import Rule
from procession.domain.templates import TemplateRow
from procession.storage.tx import WriteTx
from procession.usecases import rules
from procession.usecases.template_access import editable

RULES = TEMPLATE + "/automated-actions"
RULE = RULES + "/{rule_id}"


@operation("POST", RULES, tag="rules", status=201, errors=(422,), documented_body=AutomatedActionBody)
async def create_rule(tx: WriteTx, call: Call, checklist_id: str, body: Any) -> Item[AutomatedAction]:
    """Add a rule; it comes last unless it names a position."""
    row, rule = await rules.add_rule(tx, await editable(tx, checklist_id), body)
    call.ignore_unread(body, AutomatedActionBody, AutomatedAction)
    return _item(row, rule)


@operation("PUT", RULE, tag="rules", errors=(422,), documented_body=AutomatedActionBody)
async def update_rule(tx: WriteTx, call: Call, checklist_id: str, rule_id: str, body: Any) -> Item[AutomatedAction]:
    """Replace a rule: conditions and actions that are not sent are deleted for good."""
    row, rule = await rules.update_rule(tx, await editable(tx, checklist_id), rule_id, body)
    call.ignore_unread(body, AutomatedActionBody, AutomatedAction)
    return _item(row, rule)


@operation("DELETE", RULE, tag="rules", status=204)
async def delete_rule(tx: WriteTx, checklist_id: str, rule_id: str) -> None:
    """Delete a rule; running processes keep theirs."""
    await rules.delete_rule(tx, await editable(tx, checklist_id), rule_id)


def _item(row: TemplateRow, rule: Rule) -> Item[AutomatedAction]:
    return Item(present_rule(rule, row.document.rules.index(rule) + 1))
