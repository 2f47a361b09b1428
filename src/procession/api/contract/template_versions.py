"""Versions of templates on the wire. Spec: api-templates 2.5."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from procession.api.contract.templates import Checklist
from procession.api.params import Params


class TemplateVersion(msgspec.Struct, kw_only=True):
    """A frozen version, or the working copy with what was changed since the last one."""

    version: int
    is_working_copy: Annotated[bool, Meta(description="Not frozen: it takes changes, and no process runs it yet.")]
    is_launched: Annotated[bool, Meta(description="Launches use it now.")]
    frozen_at: str | None
    frozen_by: Annotated[int | None, Meta(description="Member whose launch or publication froze it.")]
    processes_count: Annotated[int, Meta(description="Processes that run it, ended and archived ones too.")]


class TemplateVersionContents(TemplateVersion, kw_only=True):
    """`checklist` is the template with the settings, steps, milestones and rules of the version."""

    checklist: Checklist


class TemplateBackup(msgspec.Struct, kw_only=True):
    """What a template was until somebody changed it."""

    id: int
    title: Annotated[str, Meta(description="The title it had.")]
    last_updated: str
    last_updated_by: int | None
    replaced_at: str
    replaced_by: Annotated[int | None, Meta(description="Member whose change replaced it.")]


class TemplateBackupContents(TemplateBackup, kw_only=True):
    """`checklist` is the template with the settings, steps, milestones and rules it had, as exports have it."""

    checklist: Checklist


class TemplateDifference(msgspec.Struct):
    """One thing that is different.

    `part` with `part_id` and `name` says where, `attribute` what of it (null: the whole part), `before` and `after`
    how it is in the two versions.
    """

    part: Literal["setting", "kickoff_field", "step", "field", "rule", "milestone"]
    change: Literal["added", "removed", "changed", "moved"]
    part_id: str | None
    name: str | None
    attribute: str | None
    before: Any
    after: Any
    sentence: str


class TemplateComparison(msgspec.Struct, rename={"from_": "from"}):
    from_: int
    to: int
    changes: list[TemplateDifference]


class CompareParams(Params, frozen=True, kw_only=True):
    to: Annotated[
        int | None, Meta(description="The version to compare with; without it the newest the caller may read.")
    ] = None
