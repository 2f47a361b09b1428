"""What the things read like that rows of the feed are about: titles with their variables, and what rules ask about.

Spec: api-content 7, A-12.1, T-12.11.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from procession.domain.activity import EXECUTION, KINDS, Context, Happening
from procession.domain.names import MARK
from procession.domain.rule_rows import acted_on, asked_about
from procession.storage import activity, injections, task_pages
from procession.storage.activity import MentionedTask
from procession.storage.template_versions import version_documents
from procession.storage.tx import ReadTx
from procession.usecases.task_texts import titles_of


async def worded(tx: ReadTx, rows: Sequence[Happening], context: Context, principals: frozenset[str]) -> Context:
    """The context with titles as they now read, and with the names of what rules asked about and did.

    No statement where nothing quotes anything and no rule was looked at.
    """
    evaluations = [row for row in rows if KINDS[row.kind].type == EXECUTION and row.process is not None]
    quoting = {each.id for each in (*context.tasks.values(), *context.tasks_by_number.values()) if MARK in each.name}
    if not quoting and not evaluations:
        return context
    processes = {row.process for row in evaluations if row.process is not None}
    steps = {key for row in evaluations for kind, key in asked_about(row.payload) if kind == "Step"}
    ids = quoting | {key for row in evaluations for key in acted_on(row.payload)}
    tasks = await activity.mentioned_tasks(tx, ids, processes, steps, principals)
    titles = await titles_of(tx, tasks)
    return replace(
        context,
        tasks=_called(context.tasks, titles),
        tasks_by_number=_called(context.tasks_by_number, titles),
        subjects=await _subjects(tx, processes, tasks, titles),
        acted_on=titles,
    )


def _called(things: Mapping[Any, Any], titles: Mapping[str, str]) -> dict[Any, Any]:
    return {key: replace(each, name=titles.get(each.id, each.name)) for key, each in things.items()}


async def _subjects(
    tx: ReadTx, processes: Iterable[int], tasks: Sequence[MentionedTask], titles: Mapping[str, str]
) -> dict[int, dict[str, str]]:
    """By process: the labels of all fields of what it runs and of what was injected, the titles of tasks by step."""
    facts = await task_pages.processes_at(tx, processes)
    injected = await injections.of_processes(tx, facts)
    running = {seq: [(each.template_id, each.template_version)] for seq, each in facts.items()}
    for seq, found in injected.items():
        running[seq] += [(each.template_id, each.version) for each in found]
    documents = await version_documents(tx, (each for versions in running.values() for each in versions))
    subjects: dict[int, dict[str, str]] = {}
    for seq, versions in running.items():
        known = [documents[each] for each in versions if each in documents]
        subjects[seq] = {field.id: field.label for each in known for field in (*each.kickoff, *each.fields())}
    for task in tasks:
        if task.process in subjects and task.step_id is not None:
            subjects[task.process][task.step_id] = titles[task.id]
    return subjects
