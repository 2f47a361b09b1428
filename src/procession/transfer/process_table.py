"""A process as a table of 49 columns: one row for each task, kick-off field, task field and comment.

Spec: api-processes 13, behaviour-work K-A5 to K-A7.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.bot_comments import referred_to, with_references
from procession.domain.calculating.sheet import shown_answers
from procession.domain.fields import Field
from procession.domain.numbers import PLAIN
from procession.domain.permissions import may_see_task
from procession.domain.process_stages import stages_of
from procession.domain.processes import Process, Task
from procession.domain.richtext import plain_text
from procession.domain.stages import Stage
from procession.domain.tasks import fields_of
from procession.domain.templates import Template
from procession.domain.threads import Thread
from procession.domain.times import csv_time
from procession.domain.variables import Reader, text_of
from procession.storage import attachable, followers, processes, template_versions, threads
from procession.storage import tasks as stored
from procession.storage.listing.includes import tags_of
from procession.storage.tx import ReadTx
from procession.usecases.calendars import zone_for
from procession.usecases.task_texts import titles_of

COLUMNS = (
    "blueprint_id", "blueprint_name", "blueprint_version", "process_id", "process_name", "process_tag", "process_owner",
    "process_owner_id", "total_tasks_in_process", "tasks_completed", "process_status", "process_last_modified",
    "process_completed_at", "type", "has_form_fields", "kick_off_task_id", "kick_off_task_name", "process_task_id",
    "process_task_status", "process_task_name", "process_task_alias", "process_task_data_id",
    "process_task_data_name", "process_task_comment_id", "process_task_comment_name", "milestone_id", "milestone_name",
    "milestone_position", "user_assigned", "assigned_user_id", "guest_assigned", "total_users_assigned",
    "total_guests_assigned", "total_assignees", "completed_by", "assigned_or_shown_on", "due_by", "completed_on",
    "no_of_form_fields", "form_field_type", "question_in_form_field", "answer_in_form_field", "issue_reported",
    "no_of_issue_reported", "issue_resolved", "no_of_issue_resolved", "total_comments", "comment", "last_modified",
)  # fmt: skip

Cell = str | int
Row = dict[str, Cell]


class People(msgspec.Struct, frozen=True):
    """What members and groups are called."""

    members: Mapping[int, str]
    groups: Mapping[str, str]


async def table_of(tx: ReadTx, seq: int, named: frozenset[str]) -> list[Row]:
    """The rows of one process, as far as the caller sees its tasks."""
    process = await processes.at(tx, seq)
    if process is None:
        return []
    document = await template_versions.version_document(tx, process.template_id, process.template_version)
    everybody = await attachable.everybody(tx)
    people = People(everybody.member_names, everybody.group_names)
    tags = [tag.title for tag in (await tags_of(tx, [seq]))[seq]]
    tasks = [task for task in process.tasks if may_see_task(tx.actor, named, task, process)]
    placed = await threads.of_tasks(tx, [task.seq for task in tasks])
    comments: dict[int, list[Thread]] = {task.seq: [] for task in tasks}
    for each in placed:
        if each.thread.task is not None:
            comments[each.thread.task].append(each.thread)
    referred = await followers.known_names(tx, referred_to(each.thread for each in placed))
    forms = {task.seq: fields_of(task, await stored.document_of(tx, process, task)) for task in tasks}
    zone = await zone_for(tx, [*document.kickoff, *(each for form in forms.values() for each in form)])
    titles = await titles_of(tx, tasks)
    tasks = [replace(task, title=titles[task.id]) for task in tasks]
    return list(_rows(process, document, tasks, forms, comments, referred, people, tags, zone))


def _rows(
    process: Process,
    document: Template,
    tasks: Sequence[Task],
    forms: Mapping[int, Sequence[Field]],
    comments: Mapping[int, Sequence[Thread]],
    referred: Mapping[str, str],
    people: People,
    tags: Sequence[str],
    zone: str,
) -> Iterator[Row]:
    base = _process_cells(process, people, tags)
    reader = Reader(members=people.members, groups=people.groups)
    answers = shown_answers(document.kickoff, process.prerun, zone)
    for field in document.kickoff:
        cells = {"type": "kick_off_task", "kick_off_task_id": field.id, "kick_off_task_name": field.label}
        answer = text_of(field, answers.get(field.id), reader)
        yield _row(base, cells, _field_cells(field, answer), no_of_form_fields=len(document.kickoff))
    stages = stages_of(process, document)
    for task in tasks:
        fields = forms[task.seq]
        cells = _task_cells(task, stages, people) | {"no_of_form_fields": len(fields)}
        thread_cells = _thread_counts(comments[task.seq])
        yield _row(base, {"type": "process_task"}, cells, thread_cells)
        answers = shown_answers(fields, task.taskdata, zone)
        for field in fields:
            answer = text_of(field, answers.get(field.id), reader) if task.is_completed else ""
            named = {
                "type": "process_task_data",
                "process_task_data_id": field.id,
                "process_task_data_name": field.label,
            }
            yield _row(base, named, cells, _field_cells(field, answer))
        for thread in comments[task.seq]:
            yield _row(
                base, {"type": "process_task_comment"}, cells, _comment_cells(thread, with_references(thread, referred))
            )


def _row(*parts: Mapping[str, Cell], **more: Cell) -> Row:
    cells: dict[str, Cell] = {}
    for part in (*parts, more):
        cells |= part
    return {name: cells.get(name, "") for name in COLUMNS}


def _process_cells(process: Process, people: People, tags: Sequence[str]) -> Row:
    return {
        "blueprint_id": process.template_id,
        "blueprint_name": process.template_title,
        "blueprint_version": process.template_version,
        "process_id": process.id,
        "process_name": process.name,
        "process_tag": ", ".join(tags),
        "process_owner": people.members.get(process.owner, ""),
        "process_owner_id": process.owner,
        # Hidden tasks count here, unlike in progress (G6, G10).
        "total_tasks_in_process": process.tasks_total,
        "tasks_completed": process.tasks_done,
        "process_status": "archived" if process.is_archived else process.status,
        "process_last_modified": csv_time(process.updated_at),
        "process_completed_at": _time(process.completed_at),
        "has_form_fields": "Yes",
        "last_modified": csv_time(process.updated_at),
    }


def _task_cells(task: Task, stages: Sequence[Stage], people: People) -> Row:
    stage = next((n for n, each in enumerate(stages, start=1) if each.id == task.stage_id), None)
    groups = [f"GROUP_{each}_{people.groups.get(each, '')}" for each in task.owners.groups]
    users, guests = len(task.owners.users), len(task.owners.guests)
    return {
        "process_task_id": task.id,
        "process_task_status": "hidden" if task.is_hidden else "shown",
        "process_task_name": task.title,
        "process_task_alias": task.alias or "",
        "milestone_id": task.stage_id if stage and task.stage_id else "",
        "milestone_name": stages[stage - 1].name if stage else "",
        "milestone_position": stage or "",
        "user_assigned": ", ".join([*(people.members.get(each, "") for each in task.owners.users), *groups]),
        "assigned_user_id": ", ".join(str(each) for each in task.owners.users),
        "guest_assigned": ", ".join(task.owners.guests),
        "total_users_assigned": users,
        "total_guests_assigned": guests,
        "total_assignees": users + guests + len(groups),
        "completed_by": task.completer or task.completer_guest or 0,
        "assigned_or_shown_on": "" if task.is_hidden else csv_time(task.created_at),
        "due_by": _time(task.deadline),
        "completed_on": _time(task.completed_at),
        "last_modified": csv_time(task.updated_at),
    }


def _field_cells(field: Field, answer: str) -> Row:
    return {
        "form_field_type": field.field_type,
        "question_in_form_field": field.label,
        "answer_in_form_field": answer,
    }


def _thread_counts(threads: Sequence[Thread]) -> Row:
    reported = [each for each in threads if each.label == "problem"]
    resolved = [each for each in reported if each.resolve_id is not None]
    return {
        "issue_reported": "Yes" if reported else "No",
        "no_of_issue_reported": len(reported),
        "issue_resolved": "Yes" if resolved else "No",
        "no_of_issue_resolved": len(resolved),
        "total_comments": len(threads),
    }


def _comment_cells(thread: Thread, text: str) -> Row:
    return {
        "process_task_comment_id": thread.id,
        "process_task_comment_name": thread.label,
        "issue_reported": "Yes" if thread.label == "problem" else "No",
        "issue_resolved": "Yes" if thread.resolve_id is not None else "No",
        "comment": plain_text(text),
        "last_modified": csv_time(thread.updated_at),
    }


def _time(at: int | None) -> str:
    return "" if at is None else csv_time(at)


_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Sequence[Mapping[str, Any]], *, header: bool) -> bytes:
    """Rows as CSV (UTF-8, commas, CRLF).

    Cells that a spreadsheet would run as a formula begin with an apostrophe; a number with a sign is none.
    """
    out = io.StringIO()
    writer: csv.DictWriter[str] = csv.DictWriter(out, COLUMNS)
    if header:
        writer.writeheader()
    writer.writerows([{name: _safe(value) for name, value in row.items()} for row in rows])
    return out.getvalue().encode()


def _safe(value: Any) -> Any:
    is_formula = isinstance(value, str) and value[:1] in _STARTS and not PLAIN.fullmatch(value)
    return f"'{value}" if is_formula else value
