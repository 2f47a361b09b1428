"""Checking a template against itself and against what is there. Spec: behaviour-automations 12.2."""

from msgspec.structs import replace

from procession.domain.checking.findings import Surroundings
from procession.domain.template_references import Kind, mentions
from procession.domain.templates import Template
from procession.domain.variables import naming_fields
from procession.storage import organizations, people, templates
from procession.storage.naming import names_in
from procession.storage.tx import ReadTx
from procession.usecases.template_access import as_launched, readable


async def what_to_check(tx: ReadTx, template_id: str) -> tuple[Template, Surroundings]:
    """The template as the caller may read it, and what the check depends on besides. Raises NotFound, NotAllowed.

    What a document keeps of steps and rules is out of use (T-16.3).
    """
    row = (await readable(tx, template_id)).template
    document = row.document
    if row.type == "document":
        document = replace(document, steps=(), rules=(), stages=())
    return document, await _surroundings(tx, row.id, document)


async def _surroundings(tx: ReadTx, own: str, document: Template) -> Surroundings:
    found = mentions(document)

    def keys(kind: Kind) -> list[str]:
        return sorted(key for each, key in found if each == kind)

    there = await people.still_there(tx, (int(key) for key in keys("member")), keys("group"))
    known = await templates.many(tx, keys("template"))
    targets = await as_launched(tx, [each for each in known if not each.is_archived])
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
        naming_aliases={
            each.id: frozenset(field.alias for field in naming_fields(each.document.kickoff)) for each in targets
        },
        own=own,
        auto_completes=settings.auto_complete_tasks,
        zone=settings.timezone,
    )
