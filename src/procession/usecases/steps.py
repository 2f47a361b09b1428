"""Steps of a template. Spec: api-templates 4, behaviour-templates 5-8."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.calendar import UNIT_WORDS
from procession.domain.deadlines import START_RUN, StepDeadline
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.names import fold, numbered_alias
from procession.domain.organizations import DefaultDeadline
from procession.domain.template_copying import copy_step
from procession.domain.template_steps import with_copied_step, with_step, with_step_at, without_step
from procession.domain.templates import MAX_STEP_TITLE, FollowUp, Step, Template, TemplateRow
from procession.storage import files, job_titles, organizations, references, template_links
from procession.storage.tx import WriteTx
from procession.usecases import template_checks as checks
from procession.usecases.launch_targets import target_of
from procession.usecases.template_access import save_document, told_changes

UNKNOWN_TAG = "There is no such tag in this organization."


class StepInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says about a step: names and values of `domain.templates.Step`; what is not named stays.

    `deadline` None means the organization's default. `tags` are ids or titles.
    """

    title: str
    values: Mapping[str, Any] = {}
    tags: Sequence[str] = ()


def find_step(template: Template, step_id: str) -> Step:
    """Raises NotFound."""
    step = template.step(step_id)
    if step is None:
        raise NotFound
    return step


async def add_step(tx: WriteTx, row: TemplateRow, given: StepInput) -> tuple[TemplateRow, Step]:
    """A new step at the end; raises Invalid, WrongState. Spec: api-templates S3, T-5.1."""
    checks.require_steps(row)
    errors: checks.Errors = {}
    title = checks.checked_title(given.title, MAX_STEP_TITLE, errors)
    values = await checked_values(tx, row, given.values, None, errors)
    tags = await _tag_ids(tx, given.tags, errors)
    if errors:
        raise Invalid(errors)
    if "deadline" not in values:
        values["deadline"] = await default_deadline(tx)
    step = Step(
        id=tx.new_id(),
        alias=numbered_alias(title, {each.alias for each in row.document.steps}, "step"),
        title=title,
        created_by=tx.actor.id,
        created_at=tx.now,
        updated_at=tx.now,
        **values,
    )
    saved = await save_document(tx, row, with_step(row.document, step))
    await template_links.tag_steps(tx, row.id, {step.id: tags})
    tx.record(happened("step.created", step.id, template=row.id, title=step.title))
    return saved, step


async def default_deadline(tx: WriteTx) -> StepDeadline:
    """The organization's default, counted from launch. Spec: T-7.5."""
    settings = await organizations.settings_of(tx, tx.org)
    return deadline_of(settings.default_deadline)


def deadline_of(default: DefaultDeadline) -> StepDeadline:
    return StepDeadline(default.value, UNIT_WORDS[default.type], "from", START_RUN)


async def update_step(tx: WriteTx, row: TemplateRow, step_id: str, given: StepInput) -> tuple[TemplateRow, Step]:
    """Raises NotFound, Invalid. Spec: api-templates S4, T-2.10, TT-7."""
    step, errors = find_step(row.document, step_id), checks.Errors()
    title = checks.checked_title(given.title, MAX_STEP_TITLE, errors)
    values = await checked_values(tx, row, given.values, step, errors)
    if errors:
        raise Invalid(errors)
    changed = replace(step, title=title, **values, updated_at=tx.now)
    saved = await save_document(tx, row, with_step(row.document, changed))
    if saved == row:
        return row, step
    names = [name for name in Step.__struct_fields__ if getattr(step, name) != getattr(changed, name)]
    changes = await told_changes(tx, row.document, saved.document)
    tx.record(happened("step.updated", step.id, template=row.id, title=title, changed=names, changes=changes))
    return saved, changed


async def checked_values(
    tx: WriteTx, row: TemplateRow, sent: Mapping[str, Any], kept: Step | None, errors: checks.Errors
) -> dict[str, Any]:
    """Step attributes that exist and fit; deadlines between steps are checked with the whole template.

    Clients send whole steps back: whoever was on the step before is not asked about again.
    """
    values = dict(sent)
    if values.get("deadline", True) is None:
        values["deadline"] = await default_deadline(tx)
    checks.check_urls(values, ("webhook",), errors)
    members = checks.indexed("assignees", values.get("assignees", ()))
    groups = checks.indexed("groups", values.get("groups", ()))
    if kept is not None:
        members = [each for each in members if each[1] not in kept.assignees]
        groups = [each for each in groups if each[1] not in kept.groups]
    await checks.check_people(tx, errors, members, groups)
    if "guests" in values:
        values["guests"] = await checks.checked_guests(tx, values["guests"], kept.guests if kept else (), errors)
    await _check_job_titles(tx, values.get("roles", ()), kept.roles if kept else (), errors)
    stage_id = values.get("stage_id")
    if stage_id is not None and row.document.stage(stage_id) is None:
        errors["stage_id"] = ["The milestone does not belong to this template."]
    follow_up: FollowUp | None = values.get("follow_up")
    if follow_up is not None and (kept is None or kept.follow_up != follow_up):
        problem = await _problem_with_target(tx, follow_up.template_id)
        if problem is not None:
            errors["bp_to_launch.id"] = [problem]
    return values


async def _check_job_titles(tx: WriteTx, sent: Sequence[str], kept: Sequence[str], errors: checks.Errors) -> None:
    known = await job_titles.known(tx, (each for each in sent if each not in kept))
    for index, each in enumerate(sent):
        if each not in known and each not in kept:
            errors[f"roles.{index}"] = ["There is no job title with this id."]


async def _problem_with_target(tx: WriteTx, template_id: str) -> str | None:
    """Why completing a step cannot launch this template. Spec: api-templates 4.5, L-10.1."""
    target, problem = await target_of(tx, template_id)
    if target is not None and any(field.required for field in target.document.kickoff):
        return "A template whose kick-off form has a required field cannot be launched by a step."
    return problem


async def _tag_ids(tx: WriteTx, sent: Sequence[str], errors: checks.Errors) -> list[str]:
    """Ids of tags named by id or title. Spec: api-templates 4.1."""
    if not sent:
        return []
    known = await references.known_tags(tx, [each.lower() for each in sent], [fold(each) for each in sent])
    by_name = {folded: tag_id for tag_id, folded in known} | {tag_id: tag_id for tag_id, _ in known}
    found: list[str] = []
    for index, each in enumerate(sent):
        tag_id = by_name.get(each.lower()) or by_name.get(fold(each))
        if tag_id is None:
            errors[f"tags.{index}"] = [UNKNOWN_TAG]
        elif tag_id not in found:
            found.append(tag_id)
    return found


async def move_step(tx: WriteTx, row: TemplateRow, step_id: str, position: int) -> tuple[TemplateRow, Step]:
    """Raises NotFound. Spec: api-templates S4 (position alone), S7."""
    step = find_step(row.document, step_id)
    saved = await save_document(tx, row, with_step_at(row.document, step_id, position))
    if saved != row:
        tx.record(happened("step.moved", step.id, template=row.id, title=step.title, position=position))
    return saved, step


async def delete_step(tx: WriteTx, row: TemplateRow, step_id: str) -> None:
    """Raises NotFound, NotAllowed while another step's deadline counts from it. Spec: api-templates S5, T-5.3."""
    step = find_step(row.document, step_id)
    await save_document(tx, row, without_step(row.document, step_id))
    await template_links.untag_steps(tx, [step_id])
    tx.record(happened("step.deleted", step_id, template=row.id, title=step.title))


async def clone_step(tx: WriteTx, row: TemplateRow, step_id: str, *, title: str | None) -> tuple[TemplateRow, Step]:
    """A copy right after the original, tags included. Raises NotFound, Invalid. Spec: api-templates S6, T-5.5."""
    original, errors = find_step(row.document, step_id), checks.Errors()
    checks.require_steps(row)
    if title is not None:
        title = checks.checked_title(title, MAX_STEP_TITLE, errors)
    if errors:
        raise Invalid(errors)
    copy = copy_step(row.document, original, title=title, new_id=tx.new_id, now=tx.now)
    copy = replace(copy, created_by=tx.actor.id)
    saved = await save_document(tx, row, with_copied_step(row.document, original, copy))
    tags = await template_links.tags_of_steps(tx, [step_id])
    await files.share_documents(tx, row.id, row.id, {step_id: copy.id})
    await template_links.tag_steps(tx, row.id, {copy.id: [each.tag_id for each in tags[step_id]]})
    tx.record(happened("step.created", copy.id, template=row.id, title=copy.title, copied_from=step_id))
    return saved, copy
