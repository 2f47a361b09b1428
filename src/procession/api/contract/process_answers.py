"""A process together with its tasks, which may themselves show their process."""

import msgspec
from msgspec import UNSET, UnsetType

from procession.api.contract.envelope import Many, One
from procession.api.contract.files import Asset
from procession.api.contract.forms import FormField
from procession.api.contract.processes import (
    FolderLink,
    NextTask,
    Run,
    RunPermissions,
    Stage,
    TasksMeta,
)
from procession.api.contract.shared import TagLink
from procession.api.contract.tasks import TaskOut
from procession.api.contract.templates import Checklist
from procession.api.contract.threads import ThreadOut
from procession.api.contract.watchers import GuestWatcher, MemberWatcher


class RunWithTasks(Run, kw_only=True):
    """A process; `tasks` when asked for: visible ones, by position. Spec: api-processes 4."""

    tasks: Many[TaskOut] | UnsetType = UNSET


class RunIncludes(msgspec.Struct, kw_only=True):
    """What `with=` adds to a process when it is shown; each include when it was asked for."""

    checklist: One[Checklist] | UnsetType = UNSET
    tasks_meta: One[TasksMeta] | UnsetType = UNSET
    assets: Many[Asset] | UnsetType = UNSET
    next_task: Many[NextTask] | UnsetType = UNSET
    tags: Many[TagLink] | UnsetType = UNSET
    folders: Many[FolderLink] | UnsetType = UNSET
    permissions: One[RunPermissions] | UnsetType = UNSET
    ko_form_fields: Many[FormField] | UnsetType = UNSET
    form_fields: Many[FormField] | UnsetType = UNSET
    stages: Many[Stage] | UnsetType = UNSET
    threads: Many[ThreadOut] | UnsetType = UNSET
    selected_text_comment: Many[ThreadOut] | UnsetType = UNSET
    member_watchers: Many[MemberWatcher] | UnsetType = UNSET
    guest_watchers: Many[GuestWatcher] | UnsetType = UNSET
    tasks: Many[TaskOut] | UnsetType = UNSET
