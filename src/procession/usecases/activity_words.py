"""What the things read like that rows of the feed are about: titles with their variables, and what rules ask about.

Spec: api-content 7, A-12.1, T-12.11.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.activity import Context, Happening, is_said_by_system
from procession.domain.activity_kinds import EXECUTION, KINDS
from procession.domain.bot_comments import references_in
from procession.domain.events import follower_of
from procession.domain.names import MARK
from procession.domain.rule_rows import Subjects, acted_on, asked_about
from procession.domain.templates import Step, Template
from procession.domain.told_changes import named_in, told_in
from procession.storage import activity, followers, injections, task_pages
from procession.storage.template_versions import version_documents
from procession.storage.tx import ReadTx
from procession.usecases.task_texts import titles_of


async def worded(tx: ReadTx, rows: Sequence[Happening], context: Context, principals: frozenset[str]) -> Context:
    """The context with titles as they now read, and with the names of what rules asked about and did.

    No statement where nothing quotes or names anything, no rule was looked at and nothing followed a task.
    """
    following = [key for row in rows if (key := follower_of(row.kind, row.payload)) is not None]
    named = named_in(each for row in rows for each in told_in(row.payload))
    said = (context.comments.get(row.subject_id, "") for row in rows if is_said_by_system(row))
    named |= references_in(said)
    known = await followers.known_of(tx, {*following, *named}, principals)
    context = replace(context, followers=known, known=await followers.names_of(tx, named & known))
    evaluations = [row for row in rows if KINDS[row.kind].type == EXECUTION and row.process is not None]
    quoting = {each.id for each in (*context.tasks.values(), *context.tasks_by_number.values()) if MARK in each.name}
    if not quoting and not evaluations:
        return context
    asked = await _asked(tx, evaluations)
    steps = frozenset[str]().union(*(each.steps for each in asked.values()))
    ids = quoting | {key for row in evaluations for key in acted_on(row.payload)}
    tasks = await activity.mentioned_tasks(tx, ids, asked.keys(), steps, principals)
    taken = await activity.places_of_steps(tx, asked.keys(), steps)
    titles = await titles_of(tx, tasks)
    by_place = {(task.process, task.step_id): titles[task.id] for task in tasks}
    subjects: dict[int, Subjects] = {}
    for seq, each in asked.items():
        seen = {step: by_place[seq, step] for step in each.steps if (seq, step) in by_place}
        unseen = {step for step in each.steps if (seq, step) in taken} - seen.keys()
        subjects[seq] = _subjects(each, seen, unseen, sees_all=tx.actor.is_admin)
    return replace(
        context,
        tasks=_called(context.tasks, titles),
        tasks_by_number=_called(context.tasks_by_number, titles),
        subjects=subjects,
        acted_on=titles,
    )


def _called(things: Mapping[Any, Any], titles: Mapping[str, str]) -> dict[Any, Any]:
    return {key: replace(each, name=titles.get(each.id, each.name)) for key, each in things.items()}


class _Asked(msgspec.Struct, frozen=True):
    """What rules of a process asked about, by type and id, and the versions that its tasks are made from."""

    subjects: frozenset[tuple[str, str]]
    documents: Sequence[Template]

    @property
    def steps(self) -> frozenset[str]:
        found = (self.step_id(kind, key) for kind, key in self.subjects)
        return frozenset(each for each in found if each is not None)

    def step_id(self, kind: str, key: str) -> str | None:
        """The step that it is, or whose field it is; None of the others, and of a field that is gone."""
        if kind == "Step":
            return key
        return next((step.id for each in self.documents if (step := each.step_with(key)) is not None), None)

    def step(self, step_id: str | None) -> Step | None:
        return next((step for each in self.documents if (step := each.step(step_id or "")) is not None), None)

    def label(self, key: str) -> str | None:
        fields = (field for each in self.documents for field in (*each.kickoff, *each.fields()))
        return next((field.label for field in fields if field.id == key), None)


async def _asked(tx: ReadTx, evaluations: Sequence[Happening]) -> dict[int, _Asked]:
    """By the number of the process."""
    facts = await task_pages.processes_at(tx, {row.process for row in evaluations if row.process is not None})
    injected = await injections.of_processes(tx, facts)
    running = {seq: [(each.template_id, each.template_version)] for seq, each in facts.items()}
    for seq, found in injected.items():
        running[seq] += [(each.template_id, each.version) for each in found]
    documents = await version_documents(tx, (each for versions in running.values() for each in versions))
    return {
        seq: _Asked(
            frozenset(each for row in evaluations if row.process == seq for each in asked_about(row.payload)),
            [documents[each] for each in versions if each in documents],
        )
        for seq, versions in running.items()
    }


def _subjects(asked: _Asked, seen: Mapping[str, str], unseen: Collection[str], *, sees_all: bool) -> Subjects:
    """`seen` are the titles, by their step, of the tasks that the reader sees; `unseen` are the steps of the others."""
    names: dict[str, str | None] = {}
    withheld: set[str] = set()
    for kind, key in asked.subjects:
        if kind == "Prerun":
            names[key] = asked.label(key)
            continue
        step_id = asked.step_id(kind, key)
        step = asked.step(step_id)
        is_left_out = step is not None and step.id not in unseen and not step.top_secret
        if sees_all or step_id in seen or is_left_out:
            names[key] = seen.get(key) if kind == "Step" else asked.label(key)
        else:
            withheld.add(key)
    return Subjects(names, frozenset(withheld))
