"""Parts of a template: permissions, its fields at a glance, copies, publication. Spec: api-templates 2, 9, 10."""

from typing import Any

from procession.api.call import Call
from procession.api.contract.deadline_previews import DeadlinePreview, DeadlinePreviewParams
from procession.api.contract.envelope import Item, Many
from procession.api.contract.steps import StepDeadlineTime
from procession.api.contract.template_fields import FormFields
from procession.api.contract.templates import (
    Checklist,
    CloneBody,
    FavouriteBody,
    Favourites,
    PermissionBody,
    PublicTemplate,
    TemplatePermission,
)
from procession.api.edge import is_hex_id
from procession.api.lenient import read_object
from procession.api.operations import operation
from procession.api.present.deadline_previews import present_deadline_preview
from procession.api.present.template_fields import present_capture, present_prerun
from procession.api.present.template_includes import shown_lists
from procession.api.present.templates import present_permissions, present_public, present_template
from procession.api.routes.templates import TEMPLATE
from procession.api.template_bodies import read_permission_lists
from procession.domain.absences import week_of
from procession.domain.actors import NOBODY
from procession.domain.deadline_previews import preview
from procession.domain.deadlines import Offset, plan_deadlines
from procession.domain.errors import Invalid, NotFound
from procession.domain.loose import as_object
from procession.domain.processes import Owners
from procession.domain.template_permissions import PERMISSIONS
from procession.domain.times import Millis, parse_instant, wire
from procession.storage import identity, organizations, public_templates, template_grants, templates
from procession.storage.tx import ReadTx, WriteTx, reading
from procession.usecases.absences import of_members
from procession.usecases.calendars import calendar_of
from procession.usecases.steps import deadline_of
from procession.usecases.template_access import editable, readable
from procession.usecases.template_access import public_template as find_public
from procession.usecases.template_copies import Original, original_elsewhere, original_of
from procession.usecases.template_copies import clone_template as clone
from procession.usecases.template_life import publish_template as publish
from procession.usecases.template_permissions import make_favourite, share, to_choose
from procession.usecases.templates import require_creator


@operation("GET", TEMPLATE + "/permissions", tag="templates", etag=True)
async def get_template_permissions(tx: ReadTx, checklist_id: str) -> Many[TemplatePermission]:
    """Read who holds which permission; without EDIT only who may edit."""
    opened = await readable(tx, checklist_id)
    grants = await template_grants.lists_of(tx, [checklist_id])
    return Many(present_permissions(grants[checklist_id], shown_lists(opened.standing)))


@operation("PUT", TEMPLATE + "/permissions", tag="templates", documented_body=list[PermissionBody])
async def update_template_permissions(
    tx: WriteTx, call: Call, checklist_id: str, body: Any
) -> Many[TemplatePermission]:
    """Replace the lists that are sent; the others stay."""
    row = await editable(tx, checklist_id)
    grants = await share(tx, row, read_permission_lists(body, call.ignored), call.means)
    return Many(present_permissions(grants, PERMISSIONS))


@operation("POST", TEMPLATE + "/favourites", tag="templates", status=200, errors=(422,), first=to_choose)
async def add_template_to_favourites(tx: WriteTx, checklist_id: str, body: FavouriteBody) -> Item[Favourites]:
    """Put the template among other people's favourites; administrators only. They may take it out again."""
    return Item(Favourites(await make_favourite(tx, checklist_id, body.users)))


@operation("GET", TEMPLATE + "/form-fields", tag="templates", etag=True)
async def list_template_fields(tx: ReadTx, checklist_id: str) -> Item[FormFields]:
    """Read every field: those of the steps in step then position order, and those of the kick-off form."""
    row = (await readable(tx, checklist_id)).template
    return Item(
        FormFields(
            id=row.id,
            title=row.title,
            form_fields=[present_capture(field, step.id) for step in row.document.steps for field in step.fields],
            ko_form_fields=[present_prerun(field, row.id) for field in row.document.kickoff],
        )
    )


@operation("GET", TEMPLATE + "/steps-deadlines", tag="templates")
async def list_step_deadlines(tx: ReadTx, checklist_id: str) -> Many[StepDeadlineTime]:
    """When each step would be due if the template were launched now."""
    row = (await readable(tx, checklist_id)).template
    settings = await organizations.settings_of(tx, tx.org)
    default = deadline_of(settings.default_deadline)
    planned = plan_deadlines(
        [(step.id, step.deadline) for step in row.document.steps],
        tx.now,
        Offset(default.value, default.unit),
        calendar_of(settings),
        {},
    )
    return Many([StepDeadlineTime(step_id, wire(deadline.at)) for step_id, deadline in planned.items()])


@operation("GET", TEMPLATE + "/deadline-preview", tag="templates", errors=(422,))
async def preview_deadlines(tx: ReadTx, checklist_id: str, params: DeadlinePreviewParams) -> Many[DeadlinePreview]:
    """When each step would be due if the template were launched then, and what each deadline was moved by and why."""
    row = (await readable(tx, checklist_id)).template
    settings = await organizations.settings_of(tx, tx.org)
    default, week = deadline_of(settings.default_deadline), calendar_of(settings)
    steps = [(step.id, step.deadline) for step in row.document.steps]
    at = _moment(params.at) or tx.now
    named = {step.id: Owners(step.assignees, step.guests, step.groups) for step in row.document.steps}
    away = await of_members(tx, {user for owners in named.values() for user in owners.users}, at, week.zone)
    weeks = {step_id: week_of(owners, week, away) for step_id, owners in named.items()}
    found = preview(steps, at, Offset(default.value, default.unit), week, weeks)
    titles = {step.id: step.title for step in row.document.steps}
    return Many([present_deadline_preview(each, titles[each.step_id], week.zone) for each in found])


def _moment(sent: str | None) -> Millis | None:
    try:
        return None if sent is None else parse_instant(sent)
    except ValueError as fault:
        raise Invalid({"at": [str(fault)]}) from None


@operation("PUT", TEMPLATE + "/publish", tag="templates", errors=(422,))
async def publish_template(tx: WriteTx, checklist_id: str) -> Item[Checklist]:
    """Make the template as it stands now the version that launches use."""
    row = await publish(tx, checklist_id)
    return Item(present_template(row, starred=await templates.is_starred(tx, checklist_id)))


@operation("POST", TEMPLATE + "/clone", tag="templates", status=201, documented_body=CloneBody)
async def clone_template(tx: WriteTx, call: Call, checklist_id: str, body: Any) -> Item[Checklist]:
    """Copy a template, from another of the caller's organizations too (`tenant`), or any public one."""
    original = await _original(tx, (as_object(body) or {}).get("tenant"), checklist_id)
    await require_creator(tx)
    given = read_object(CloneBody, body, call.ignored)
    return Item(present_template(await clone(tx, original, title=given.title), starred=False))


async def _original(tx: WriteTx, sent: object, template_id: str) -> Original:
    tenant = sent.lower() if isinstance(sent, str) and sent else sent or tx.organization_id
    if not isinstance(tenant, str) or not is_hex_id(tenant):
        raise Invalid({"tenant": ["The tenant must be the id of an organization."]})
    org = await identity.organization_number(tx.connection, tenant)
    if org == tx.org:
        return await original_of(tx, template_id, is_member=True)
    return await original_elsewhere(ReadTx(tx.connection, org, tenant, tx.actor, tx.now), template_id)


@operation("GET", "/public/templates/{key}", tag="templates", auth="public", errors=(404,))
async def get_public_template(call: Call, key: str) -> Item[PublicTemplate]:
    """Read a public template by id or alias, without signing in."""
    async with call.edge.database.reading() as connection:
        found = await public_templates.find(connection, key)
    if found is None:
        raise NotFound
    async with reading(call.edge.database, found[0], "", NOBODY, call.now) as tx:
        return Item(await present_public(tx, await find_public(tx, found[1])))
