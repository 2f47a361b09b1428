"""What a search found. Spec: api-content 3.2."""

from collections.abc import Mapping, Sequence

import msgspec

from procession.api.contract.envelope import Many
from procession.api.contract.process_answers import RunIncludes
from procession.api.contract.search import (
    FoundField,
    FoundFolder,
    FoundProcess,
    FoundSnippet,
    FoundStep,
    FoundTask,
    FoundTemplate,
)
from procession.api.contract.tasks import TaskOut
from procession.api.present.steps import present_tags
from procession.domain.fields import Field
from procession.domain.folders import Folder
from procession.domain.run_document import RunDocument
from procession.domain.snippets import Snippet
from procession.domain.summary import Health
from procession.domain.templates import Step, TemplateOutline, TemplateRow
from procession.storage.listing.rows import ListedProcess
from procession.storage.template_links import LinkedTag

_document = msgspec.json.Decoder(RunDocument)


def present_template(
    organization_id: str,
    row: TemplateRow | TemplateOutline,
    folders: Mapping[str, Folder],
    tags: Mapping[str, Sequence[LinkedTag]] | None,
) -> FoundTemplate:
    folder = folders.get(row.folder_id or "")
    shown = FoundTemplate(
        id=row.id,
        increment_id=row.no,
        title=row.title,
        type=row.type,
        status=row.status,
        steps_count=row.document.steps_count,
        icon=row.document.icon,
        is_public=row.document.is_public,
        is_featured=row.document.is_featured,
        organization_id=organization_id,
        folders=[] if folder is None else [FoundFolder(folder.id, folder.name)],
    )
    if tags is not None:
        shown.tags = Many(present_tags(tags[row.id]))
    return shown


def present_process(row: ListedProcess, condition: Health, includes: RunIncludes) -> FoundProcess:
    document = _document.decode(row.document)
    return FoundProcess(
        id=document.id,
        increment_id=document.increment_id,
        name=document.name,
        status=document.status,
        type=document.type,
        due_date_passed=condition.due_date_passed,
        due_soon=condition.due_soon,
        tags=includes.tags,
    )


def present_task(task: TaskOut) -> FoundTask:
    return FoundTask(
        id=task.id,
        increment_id=task.increment_id,
        title=task.title,
        status=task.status,
        status_label=task.status_label,
        type=task.task_type,
        position=task.position,
        deadline=task.deadline,
        created_at=task.created_at,
        starter_id=task.starter_id,
        is_oneoff_task=task.is_oneoff_task,
        owners=task.owners,
        run_id=task.run_id,
        tags=task.tags,
    )


def present_snippet(snippet: Snippet) -> FoundSnippet:
    return FoundSnippet(snippet.id, snippet.id, snippet.title, snippet.content, None, None)


def present_step(template_id: str, step: Step) -> FoundStep:
    return FoundStep(step.id, None, step.title, template_id, None, step.step_type)


def present_field(template_id: str, step: Step, field: Field) -> FoundField:
    return FoundField(field.id, None, field.label, field.label, step.id, template_id, None, field.field_type)
