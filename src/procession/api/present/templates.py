"""Templates. Spec: api-templates 3, 9, 10."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from procession.api.contract.envelope import Many
from procession.api.contract.templates import (
    Checklist,
    ChecklistFolder,
    DefaultGroupWatcher,
    DefaultMemberWatcher,
    DefaultWatchers,
    DeletedReference,
    PermissionName,
    PublicStep,
    PublicTemplate,
    TemplateGone,
    TemplatePermission,
)
from procession.api.present.rules import present_rules
from procession.api.present.template_fields import present_prerun
from procession.domain.folders import Folder, lineage
from procession.domain.snippets import filled
from procession.domain.template_permissions import EVERYONE, PERMISSIONS, Permission
from procession.domain.template_references import Embedding, rich_texts
from procession.domain.templates import TemplateOutline, TemplateRow, is_published
from procession.domain.times import wire, wire_or_none
from procession.domain.watchers import DefaultWatcher
from procession.storage.template_grants import Grant
from procession.storage.tx import ReadTx
from procession.usecases.quoting import public_text

WIRE_NAMES: Mapping[Permission, PermissionName] = {
    "READ": "CHECKLIST_READ",
    "EDIT": "CHECKLIST_EDIT",
    "LAUNCH": "PROCESS_LAUNCH",
    "DUPLICATE": "CHECKLIST_DUPLICATE",
    "PROCESS_READ": "PROCESS_READ",
}


def present_template(row: TemplateRow | TemplateOutline, *, starred: bool) -> Checklist:
    """A template without includes, as the caller sees it."""
    document = row.document
    return Checklist(
        id=row.id,
        increment_id=row.no,
        title=row.title,
        summary=document.summary,
        type=row.type,
        status=row.status,
        starred=starred,
        is_pinned=row.is_pinned,
        alias=row.alias,
        icon=document.icon,
        guidance=document.guidance,
        body=document.body,
        explanation_video=document.explanation_video,
        webhook=document.webhook,
        public_cover=document.public_cover,
        owner_id=row.owner,
        created_by=row.created_by,
        last_updated_by=row.updated_by,
        kickoff_title=document.kickoff_title,
        kickoff_description=document.kickoff_description,
        prerun=[present_prerun(field, row.id) for field in document.kickoff],
        automated_actions=present_rules(document.rules),
        steps_count=document.steps_count,
        started_processes=row.started_processes,
        is_public=document.is_public,
        is_featured=document.is_featured,
        is_public_kickoff=document.is_public_kickoff,
        kickoff_sharing_user_id=document.kickoff_sharing_user_id,
        ko_form_blueprint_id=document.ko_form_blueprint_id,
        default_process_name_format=document.default_process_name_format,
        auto_naming=document.auto_naming,
        allow_launcher_change_name=document.allow_launcher_change_name,
        dual_version_enabled=document.dual_version_enabled,
        two_way_visibility=document.two_way_visibility,
        is_published_state=is_published(row, document),
        folder_id=row.folder_id,
        default_folder=document.default_folder,
        folder_changeable_by_launcher=document.folder_changeable_by_launcher,
        folderize_process=document.folderize_process,
        tag_process=document.tag_process,
        can_add_oot=document.can_add_oot,
        users=list(document.users),
        groups=list(document.groups),
        default_watchers=_default_watchers(document.default_watchers),
        topic_tags=[],
        industry_tags=[],
        custom_fields=document.custom_fields,
        created_at=wire(row.created_at),
        last_updated=wire(row.updated_at),
        archived_at=wire_or_none(row.archived_at),
    )


def _default_watchers(entries: Iterable[DefaultWatcher]) -> DefaultWatchers:
    shown = DefaultWatchers(users=[], groups=[])
    for each in entries:
        how = msgspec.structs.asdict(each.notice)
        if each.member is not None:
            shown.users.append(DefaultMemberWatcher(id=each.member, **how))
        elif each.group is not None:
            shown.groups.append(DefaultGroupWatcher(id=each.group, **how))
    return shown


def present_permissions(grants: Sequence[Grant], shown: Sequence[Permission] = PERMISSIONS) -> list[TemplatePermission]:
    """One entry for each of the lists in `shown`, empty ones too."""
    by_list: dict[Permission, list[str]] = {permission: [] for permission in shown}
    for permission, principal in grants:
        if permission in by_list:
            by_list[permission].append(principal)
    return [
        TemplatePermission(
            permission=WIRE_NAMES[permission],
            all=EVERYONE in principals,
            users=sorted(int(each[2:]) for each in principals if each.startswith("m:")),
            groups=sorted(each[2:] for each in principals if each.startswith("g:")),
            guests=sorted(each[2:] for each in principals if each.startswith("e:")),
        )
        for permission, principals in by_list.items()
    ]


def present_folder(
    folder_id: str, folders: Mapping[str, Folder], totals: Mapping[str, int], *, ancestors: bool
) -> ChecklistFolder | None:
    """With its parent, and with `ancestors` the chain up to the root; None when there is no such folder."""
    path = lineage(folders, folder_id)
    shown: ChecklistFolder | None = None
    for each in (folders[each_id] for each_id in reversed(path if ancestors else path[:2])):
        shown = ChecklistFolder(
            id=each.id,
            name=each.name,
            parent_id=each.parent_id,
            parent=shown,
            total=totals.get(each.id, 0),
            position=each.position,
            folder_type="checklist",
            created_at=wire(each.created_at),
            custom_fields=each.custom_fields or {},
        )
    return shown


def present_gone(message: str, references: Sequence[Embedding]) -> TemplateGone:
    return TemplateGone(message, [DeletedReference(each.type, each.title, each.id) for each in references])


async def present_public(tx: ReadTx, row: TemplateRow) -> PublicTemplate:
    """As everybody may read it; of its snippets those that public templates show (T-9.3)."""
    document = row.document
    contents = await public_text(tx, rich_texts(document))

    def shown(text: str | None) -> str | None:
        return filled(text, contents) if text else text

    preruns = [present_prerun(field, row.id) for field in document.kickoff]
    for prerun in preruns:
        prerun.custom_fields = None
        prerun.guidance = shown(prerun.guidance)
    return PublicTemplate(
        id=row.id,
        title=row.title,
        alias=row.alias,
        type=row.type,
        summary=shown(document.summary),
        guidance=shown(document.guidance),
        body=shown(document.body) if row.type == "document" else None,
        icon=document.icon,
        public_cover=document.public_cover,
        explanation_video=document.explanation_video,
        kickoff_title=document.kickoff_title,
        kickoff_description=shown(document.kickoff_description),
        prerun=preruns,
        steps=Many(
            [
                PublicStep(step.id, step.title, step.alias, shown(step.summary), step.step_type, position)
                for position, step in enumerate(document.steps, 1)
            ]
        ),
        custom_fields=None,
    )
