"""Steps and milestones of templates. Spec: api-templates 4.2, 7."""

from collections.abc import Sequence

from procession.api.contract.shared import TagLink
from procession.api.contract.steps import Deadline, Duration, FollowUp, Milestone, Step
from procession.api.present.template_fields import present_capture
from procession.domain import templates as domain
from procession.domain.times import wire
from procession.storage.template_links import LinkedTag


def present_steps(template_id: str, document: domain.Template) -> list[Step]:
    """All of them in order."""
    return [_present(template_id, step, position) for position, step in enumerate(document.steps, 1)]


def present_step(template_id: str, document: domain.Template, step_id: str) -> Step:
    """One step of the template; raises LookupError when it has none with this id."""
    for position, step in enumerate(document.steps, 1):
        if step.id == step_id:
            return _present(template_id, step, position)
    raise LookupError(step_id)


def _present(template_id: str, step: domain.Step, position: int) -> Step:
    return Step(
        id=step.id,
        checklist_id=template_id,
        title=step.title,
        alias=step.alias,
        summary=step.summary,
        step_type=step.step_type,
        position=position,
        allow_guest_owners=step.allow_guest_owners,
        max_assignable=step.max_assignable,
        skip_start_process=step.skip_start_process,
        can_complete_only_assignees=step.can_complete_only_assignees,
        everyone_must_complete=step.everyone_must_complete,
        approvals_needed=step.approvals_needed,
        blocked_by=list(step.blocked_by or ()),
        webhook=step.webhook,
        start_date=Duration(step.start_date.value, step.start_date.unit),
        is_soft_start_date=step.is_soft_start_date,
        deadline=Deadline(step.deadline.value, step.deadline.unit, step.deadline.option, step.deadline.step),
        bp_to_launch=present_follow_up(step.follow_up),
        assignees=list(step.assignees),
        guests=list(step.guests),
        groups=list(step.groups),
        captures=[present_capture(field, step.id) for field in step.fields],
        prevent_guest_comment=step.prevent_guest_comment,
        roles=list(step.roles),
        role_changes_every_time=step.role_changes_every_time,
        assign_run_starter=step.assign_run_starter,
        top_secret=step.top_secret,
        send_chromeless=step.send_chromeless,
        owner_id=step.created_by,
        stage_id=step.stage_id,
        ai_assigned=step.ai_assigned,
        ai_allowed_app_keys=list(step.ai_allowed_app_keys),
        ai_on_uncertainty=step.ai_on_uncertainty,
        hide_by_default=step.hide_by_default,
        reverse_rules_on_reopen=step.reverse_rules_on_reopen,
        custom_fields=step.custom_fields,
        created_at=wire(step.created_at),
        last_updated=wire(step.updated_at),
        archived_at=None,
    )


def present_follow_up(follow_up: domain.FollowUp | None) -> FollowUp | None:
    if follow_up is None:
        return None
    return FollowUp(follow_up.template_id, follow_up.default_name_format, follow_up.tasks_within_process)


def present_stages(document: domain.Template) -> list[Milestone]:
    return [
        Milestone(stage.id, stage.name, position, [step.id for step in document.steps if step.stage_id == stage.id])
        for position, stage in enumerate(document.stages, 1)
    ]


def present_tags(tags: Sequence[LinkedTag]) -> list[TagLink]:
    return [TagLink(each.id, each.tag_id, each.title, each.color, each.type) for each in tags]
