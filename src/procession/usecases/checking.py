"""Checking a template against itself and against what is there. Spec: behaviour-automations 12.2."""

from procession.domain.checking.check import Checked, check
from procession.domain.checking.findings import Surroundings
from procession.domain.template_references import Kind, mentions
from procession.domain.templates import Template
from procession.storage import organizations, people, templates
from procession.storage.naming import names_in
from procession.storage.tx import ReadTx
from procession.usecases.template_access import readable


async def check_template(tx: ReadTx, template_id: str) -> Checked:
    """As the caller may read it. Raises NotFound, NotAllowed."""
    template = (await readable(tx, template_id)).template
    return check(template.document, await _surroundings(tx, template.id, template.document))


async def _surroundings(tx: ReadTx, own: str, document: Template) -> Surroundings:
    found = mentions(document)

    def keys(kind: Kind) -> list[str]:
        return sorted(key for each, key in found if each == kind)

    there = await people.still_there(tx, (int(key) for key in keys("member")), keys("group"))
    targets = [each for each in await templates.many(tx, keys("template")) if not each.is_archived]
    settings = await organizations.settings_of(tx, tx.org)
    return Surroundings(
        members=frozenset(there.members),
        groups=frozenset(there.groups),
        roles=frozenset((await names_in(tx, [document])).roles),
        templates=frozenset(each.id for each in targets),
        with_required_fields=frozenset(
            each.id for each in targets if any(field.required for field in each.document.kickoff)
        ),
        without_steps=frozenset(each.id for each in targets if not each.document.steps),
        own=own,
        zone=settings.timezone,
    )
