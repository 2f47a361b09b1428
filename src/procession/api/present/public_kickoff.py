"""Public kick-off forms as visitors and editors read them. Spec: api-templates 10.1."""

from collections.abc import Callable, Iterable

from procession.adapters.text import safe_markup
from procession.api.call import Call
from procession.api.contract.public_kickoff import (
    KickoffLink,
    KickoffVisit,
    OwnTaskOut,
    PublicField,
    PublicKickoffForm,
    VisitProcess,
)
from procession.api.contract.template_fields import FieldColumn, FieldOption
from procession.api.present.public_logos import logo_url
from procession.api.present.template_fields import present_form_rules
from procession.domain.fields import Field
from procession.domain.processes import Process
from procession.domain.run_document import progress
from procession.domain.snippets import filled
from procession.domain.template_references import rich_texts
from procession.domain.templates import TemplateRow
from procession.domain.times import wire, wire_or_none
from procession.storage.public_kickoffs import Link
from procession.storage.tx import ReadTx
from procession.usecases import public_logos
from procession.usecases.kickoff_visits import OwnTask, Visited
from procession.usecases.public_kickoff import Form
from procession.usecases.quoting import public_text

Shown = Callable[[str | None], str | None]


def present_link(call: Call, row: TemplateRow, link: Link | None) -> KickoffLink:
    address = None if link is None else f"{call.base_url}/{call.organization_id}/public/kickoff/{link.code}"
    return KickoffLink(
        is_public_kickoff=row.document.is_public_kickoff,
        kickoff_sharing_user_id=row.document.kickoff_sharing_user_id,
        code=None if link is None else link.code,
        url=address,
        made_at=None if link is None else wire(link.made_at),
    )


async def present_visit(call: Call, tx: ReadTx, shown: Visited) -> KickoffVisit:
    return KickoffVisit(
        email=shown.email,
        kickoff_code=shown.kickoff_code,
        form=None if shown.form is None else await present_form(call, tx, shown.form, shown.kickoff_code),
        process=None if shown.process is None else _process(shown.process, shown.tasks),
    )


def _process(process: Process, tasks: Iterable[OwnTask]) -> VisitProcess:
    return VisitProcess(
        name=process.name,
        status="archived" if process.is_archived else process.status,
        progress=progress(process.tasks_done, process.tasks_visible),
        started_at=wire(process.started_at),
        completed_at=wire_or_none(process.completed_at),
        tasks=[OwnTaskOut(each.title, each.task.status, wire_or_none(each.task.deadline)) for each in tasks],
    )


async def present_form(call: Call, tx: ReadTx, form: Form, code: str | None) -> PublicKickoffForm:
    """Of its snippets those that public templates show (T-9.3); the logo below the form's public link (T-9.8)."""
    row, document = form.template, form.document
    contents = await public_text(tx, rich_texts(document))

    logo = None if code is None else logo_url(call, f"/public/kickoff/{code}", await public_logos.current(tx))

    def shown(text: str | None) -> str | None:
        return filled(text, contents) if text else text

    return PublicKickoffForm(
        title=row.title,
        summary=shown(document.summary),
        guidance=shown(document.guidance),
        icon=document.icon,
        public_cover=document.public_cover,
        kickoff_title=document.kickoff_title,
        kickoff_description=shown(document.kickoff_description),
        org_logo=logo,
        prerun=[present_field(field, shown) for field in document.kickoff],
    )


def present_field(field: Field, shown: Shown) -> PublicField:
    """A field as people outside read it."""
    # A picker begins with people of the organization.
    has_default = field.default_value_enabled and field.field_type != "assignees_form"
    return PublicField(
        id=field.id,
        alias=field.alias,
        field_type=field.field_type,
        label=field.label,
        guidance=shown(safe_markup(field.guidance) if field.guidance else field.guidance),
        position=field.position,
        required=field.required,
        options=[FieldOption(each.id, each.text, each.value, each.required) for each in field.options],
        columns=[FieldColumn(each.id, each.label) for each in field.columns],
        default_value=field.default_value if has_default else None,
        collect_time=field.collect_time,
        use_wysiwyg_editor=field.use_wysiwyg_editor,
        field_validation=list(field.field_validation),
        prefix=field.prefix,
        suffix=field.suffix,
        minimum=field.minimum,
        maximum=field.maximum,
        decimals=field.decimals,
        unit=field.unit,
        currency=field.currency,
        expression=field.expression,
        result_type=field.result_type,
        form_rules=present_form_rules(field),
    )
