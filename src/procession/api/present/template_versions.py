"""Versions of templates. Spec: api-templates 2.5."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from procession.api.contract.template_versions import (
    TemplateBackup,
    TemplateComparison,
    TemplateDifference,
    TemplateVersion,
)
from procession.api.present.rules import present_rule
from procession.api.present.steps import present_follow_up, present_step
from procession.api.present.template_fields import present_capture, present_prerun
from procession.domain.automations.rules import Rule
from procession.domain.fields import Field
from procession.domain.stages import Stage
from procession.domain.template_differences import Difference, Part
from procession.domain.templates import FollowUp, Step, Template
from procession.domain.times import wire, wire_or_none
from procession.storage.template_backups import Backup
from procession.usecases.template_versions import Compared, Version

WIRE_NAMES: Mapping[tuple[Part, str], str] = {
    ("step", "follow_up"): "bp_to_launch",
    ("field", "lookup_list"): "list",
    ("kickoff_field", "lookup_list"): "list",
    ("rule", "name"): "automated_alias",
    ("rule", "actions"): "then_actions",
}


def present_version(version: Version) -> TemplateVersion:
    return TemplateVersion(**version_shape(version))


def version_shape(version: Version) -> dict[str, Any]:  # attributes of TemplateVersion
    return {
        "version": version.version,
        "is_working_copy": version.frozen_at is None,
        "is_launched": version.is_launched,
        "frozen_at": wire_or_none(version.frozen_at),
        "frozen_by": version.frozen_by,
        "processes_count": version.processes,
    }


def present_backup(backup: Backup) -> TemplateBackup:
    return TemplateBackup(**backup_shape(backup))


def backup_shape(backup: Backup) -> dict[str, Any]:  # attributes of TemplateBackup
    return {
        "id": backup.no,
        "title": backup.title,
        "last_updated": wire(backup.saved_at),
        "last_updated_by": backup.saved_by,
        "replaced_at": wire(backup.replaced_at),
        "replaced_by": backup.replaced_by,
    }


def present_comparison(template_id: str, compared: Compared) -> TemplateComparison:
    return TemplateComparison(
        from_=compared.before,
        to=compared.after,
        changes=[_difference(template_id, each) for each in compared.differences],
    )


def _difference(template_id: str, found: Difference) -> TemplateDifference:
    attribute = found.attribute
    return TemplateDifference(
        part=found.part,
        change=found.change,
        part_id=found.part_id,
        name=found.name,
        attribute=None if attribute is None else WIRE_NAMES.get((found.part, attribute), attribute),
        before=_value(template_id, found, found.before),
        after=_value(template_id, found, found.after),
        sentence=found.sentence,
    )


def _value(template_id: str, found: Difference, value: Any) -> Any:
    """As the part or attribute looks everywhere else in this API."""
    match value:
        case Step():
            return present_step(template_id, Template(steps=(value,)), value.id)
        case Field():
            in_kickoff = found.part == "kickoff_field"
            return present_prerun(value, template_id) if in_kickoff else present_capture(value, found.step_id or "")
        case Rule():
            return present_rule(value, found.position or 1)
        case Stage():
            return {"id": value.id, "name": value.name}
        case FollowUp():
            return present_follow_up(value)
        case _ if found.part == "rule" and found.attribute in ("conditions", "actions"):
            return _of_rule(found, value)
        case _:
            return msgspec.to_builtins(value)


def _of_rule(found: Difference, value: Sequence[Any]) -> Any:
    """Conditions or actions."""
    conditions, actions = (value, ()) if found.attribute == "conditions" else ((), value)
    whole = Rule(id="", name="", conditions=tuple(conditions), actions=tuple(actions), created_at=0, updated_at=0)
    shown = present_rule(whole, 1)
    return shown.conditions if found.attribute == "conditions" else shown.then_actions
