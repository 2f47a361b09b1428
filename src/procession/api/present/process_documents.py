"""What `with=` adds from the template versions that processes run: checklist, fields, milestones.

Spec: api-processes 4.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from procession.api.contract.envelope import Many, One
from procession.api.contract.forms import FormField
from procession.api.contract.process_answers import RunIncludes
from procession.api.contract.processes import Stage
from procession.api.present.forms import present_form
from procession.api.present.steps import present_steps
from procession.api.present.templates import present_template
from procession.domain import stages as domain
from procession.domain.fields import Field
from procession.domain.permissions import is_assigned_to
from procession.domain.run_document import RunDocument, read_document
from procession.domain.templates import Template, TemplateRow
from procession.domain.times import parse_instant
from procession.storage import processes, templates
from procession.storage.listing import includes
from procession.storage.listing.includes import BriefTask, FormTask
from procession.storage.listing.rows import ListedProcess
from procession.storage.parts import loaded
from procession.storage.tx import ReadTx
from procession.usecases.calendars import zone_for

NO_DOCUMENT = Template()


async def add_from_documents(
    tx: ReadTx,
    rows: Sequence[ListedProcess],
    runs: Sequence[RunIncludes],
    names: frozenset[str],
    *,
    named: frozenset[str],
    tasks: Mapping[int, list[BriefTask]] | None,
    with_answers: bool,
) -> None:
    """Fill checklist, kick-off fields, task fields and milestones; `tasks` are the visible ones, for milestones."""
    form_tasks = await includes.form_tasks_of(tx, [row.seq for row in rows]) if "form_fields" in names else {}
    parts = await loaded(tx, rows, [task for of_row in form_tasks.values() for task in of_row])
    found = [parts.document(parts.own(row.seq)) or NO_DOCUMENT for row in rows]
    if "checklist" in names:
        await _add_checklists(tx, rows, runs, found, with_steps="checklist.steps" in names, named=named)
    if "ko_form_fields" in names:
        zone = await zone_for(tx, (field for document in found for field in document.kickoff))
        for row, run, document in zip(rows, runs, found, strict=True):
            run.ko_form_fields = Many(present_form(document.kickoff, read_document(row.document).prerun, zone=zone))
    if "form_fields" in names:
        forms = [
            [
                (task, _fields_of(task, parts.document(parts.of(task))))
                for task in form_tasks[row.seq]
                if tx.actor.is_admin or not task.top_secret or is_assigned_to(named, task.owners)
            ]
            for row in rows
        ]
        zone = await zone_for(tx, (field for of_run in forms for _, fields in of_run for field in fields))
        for run, of_run in zip(runs, forms, strict=True):
            shown = (_task_form(task, fields, zone, with_answers=with_answers) for task, fields in of_run)
            run.form_fields = Many([field for form in shown for field in form])
    if "stages" in names and tasks is not None:
        own = await processes.own_stages(tx, [row.seq for row in rows])
        for row, run, document in zip(rows, runs, found, strict=True):
            run.stages = Many(_stages(own.get(row.seq, document.stages), tasks.get(row.seq, [])))


def _fields_of(task: FormTask, document: Template | None) -> Sequence[Field]:
    if task.fields is not None:
        return msgspec.json.decode(task.fields, type=tuple[Field, ...])
    step = document.step(task.step_id) if document is not None and task.step_id is not None else None
    return step.fields if step is not None else ()


def _task_form(task: FormTask, fields: Sequence[Field], zone: str, *, with_answers: bool) -> list[FormField]:
    answers = msgspec.json.decode(task.taskdata, type=dict[str, Any]) if with_answers else None
    return present_form(fields, answers, zone=zone, task_id=task.id, step_id=task.step_id)


def _stages(stages: Sequence[domain.Stage], tasks: list[BriefTask]) -> list[Stage]:
    return [
        Stage(
            id=stage.id,
            name=stage.name,
            position=place,
            task_count=sum(task.stage_id == stage.id for task in tasks),
            completed_count=sum(task.stage_id == stage.id and not task.is_open for task in tasks),
        )
        for place, stage in enumerate(stages, start=1)
    ]


async def _add_checklists(
    tx: ReadTx,
    rows: Sequence[ListedProcess],
    runs: Sequence[RunIncludes],
    documents: Sequence[Template],
    *,
    with_steps: bool,
    named: frozenset[str],
) -> None:
    """The version each process was launched from, even if its template changed, or is gone, since."""
    secrets = await _secrets_told(tx, rows, documents, named) if with_steps and not tx.actor.is_admin else None
    ids = sorted({row.template_id for row in rows})
    known = {row.id: row for row in await templates.many(tx, ids)}
    starred = await templates.starred_among(tx, ids)
    for row, run, document in zip(rows, runs, documents, strict=True):
        shown = read_document(row.document)
        head = known.get(row.template_id) or _gone(shown)
        launched = msgspec.structs.replace(
            head, title=shown.checklist_title, type=shown.type, version=row.template_version, document=document
        )
        checklist = present_template(launched, starred=row.template_id in starred)
        if with_steps:
            steps = present_steps(row.template_id, document)
            told = [step for step in steps if not step.top_secret or secrets is None or step.id in secrets[row.seq]]
            checklist.steps = Many(told)
        run.checklist = One(checklist)


async def _secrets_told(
    tx: ReadTx, rows: Sequence[ListedProcess], documents: Sequence[Template], named: frozenset[str]
) -> Mapping[int, frozenset[str | None]]:
    """By process, the secret steps whose tasks the caller is assigned to. Spec: behaviour-templates T-8.11."""
    having = [
        row.seq
        for row, document in zip(rows, documents, strict=True)
        if any(step.top_secret for step in document.steps)
    ]
    found = await includes.form_tasks_of(tx, having) if having else {}
    return {
        row.seq: frozenset(
            task.step_id for task in found.get(row.seq, ()) if task.top_secret and is_assigned_to(named, task.owners)
        )
        for row in rows
    }


def _gone(shown: RunDocument) -> TemplateRow:
    """What is left of a template that was erased: its version, and what the process knows of it."""
    launched_at = parse_instant(shown.created_at)
    return TemplateRow(
        id=shown.checklist_id,
        no=0,
        title=shown.checklist_title,
        folded_title="",
        alias="",
        type=shown.type,
        owner=shown.owner_id,
        created_by=shown.started_by,
        archived_at=launched_at,
        created_at=launched_at,
        updated_at=launched_at,
        document=NO_DOCUMENT,
    )
