"""Templates that steps and rules of other templates launch. Spec: L-10.1, A-4.72, api-templates 4.5, 8.2."""

from collections.abc import Mapping

from procession.domain.automations.handing_on import fits, unmet
from procession.domain.automations.rules import Launch
from procession.domain.fields import Field
from procession.domain.template_permissions import is_listed
from procession.domain.templates import Template, TemplateRow
from procession.storage import template_grants, templates
from procession.storage.tx import WriteTx
from procession.usecases.template_access import as_launched
from procession.usecases.template_checks import Errors

UNKNOWN = "There is no such template."
DOCUMENT = "A document cannot be launched by a step or rule."


async def target_of(tx: WriteTx, template_id: str) -> tuple[TemplateRow | None, str | None]:
    """The template as it is launched, if the caller may know of it, and why it cannot be launched by another one."""
    target = await templates.find(tx, template_id)
    if target is None or target.is_archived or not is_listed(await template_grants.standing(tx, target)):
        return None, UNKNOWN
    [target] = await as_launched(tx, [target])
    return target, DOCUMENT if target.type == "document" else None


async def check_launch(tx: WriteTx, path: str, launch: Launch, document: Template, errors: Errors) -> None:
    """Whether the launched template is there and takes what it is handed. Spec: A-4.72."""
    target, problem = await target_of(tx, launch.template_id)
    if target is None or problem is not None:
        errors[f"{path}.checklist_id"] = [problem]
        return
    here: Mapping[str, Field] = {field.id: field for field in (*document.kickoff, *document.fields())}
    there = {field.id: field for field in target.document.kickoff}
    for index, each in enumerate(launch.answers):
        source, field = here[each.source_id], there.get(each.field)
        if field is None:
            errors[f"{path}.prerun.{index}.prerun_id"] = ["The launched template has no such kick-off field."]
        elif not fits(source, field):
            says = f"A field of type {field.field_type} takes no answer of a field of type {source.field_type}."
            errors[f"{path}.prerun.{index}.prerun_id"] = [says]
    missing = unmet(launch, target.document.kickoff)
    if missing:
        says = [f"The kick-off field {field.label} is required: hand an answer on to it." for field in missing]
        errors[f"{path}.prerun"] = says
