"""Rehearsing a template: launched and worked through, and nothing of it exists. Spec: api-templates 8.6."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from procession.domain.automations.reacting import Entry, FollowUpDue, Injected, Reaction
from procession.domain.automations.rehearsing import Around, Event, happen, read_events, refused, require_order
from procession.domain.automations.state import FRESH, LAUNCHED, Occurrence
from procession.domain.automations.timing import first_moment, looked_at
from procession.domain.errors import DomainError, WrongState
from procession.domain.names import MARK, Variable, fill_variables
from procession.domain.organizations import OrganizationSettings
from procession.domain.processes import Process, Task
from procession.domain.quoting import quoted_in_process
from procession.domain.summary import settle
from procession.domain.tasks import EMAIL_TYPES, MAX_TITLE, needs_approvals, part_takers
from procession.domain.template_permissions import may_read
from procession.domain.templates import FollowUp, Template, TemplateRow
from procession.domain.times import Millis
from procession.domain.values import People
from procession.domain.variables import Reader
from procession.storage import attachable, organizations, template_grants, templates
from procession.storage.template_versions import would_launch
from procession.storage.tx import ReadTx
from procession.usecases import absences, injecting, reactions, task_mails
from procession.usecases.assigning import people_of
from procession.usecases.calendars import calendar_of
from procession.usecases.follow_ups import require_launchable
from procession.usecases.launch_requests import Wish
from procession.usecases.launching import rehearsed
from procession.usecases.opening import reader_of
from procession.usecases.reactions import Means
from procession.usecases.task_texts import caller


class Outcome(msgspec.Struct, frozen=True):
    """What the step of a completed task would launch or add, or why it would not. Spec: L-10.1 to L-10.8."""

    step: str
    follow_up: FollowUp
    outcome: Literal["done", "done_before", "refused"]
    reason: str | None = None


class Moment(msgspec.Struct, frozen=True):
    """The process after an event (None: the launch) and all that followed from it.

    `documents` are what it runs and what was injected.
    """

    event: Event | None
    at: Millis
    process: Process
    documents: Sequence[Template]
    zone: str
    log: tuple[Entry, ...]
    follow_ups: tuple[Outcome, ...]
    # By the id of the task.
    titles: Mapping[str, str]

    def document_of_rule(self, rule_id: str) -> Template:
        return next(each for each in self.documents if each.rule(rule_id) is not None)


async def simulate(
    tx: ReadTx, row: TemplateRow, wish: Wish, events: object, at: Millis | None, means: Means
) -> list[Moment]:
    """What a launch of the template as it is now, and these events one after the other, would come to.

    Nothing is written, nobody is told, no guest is made. Raises Invalid where the real thing would be refused.
    """
    settings, launched_at = await organizations.settings_of(tx, tx.org), at or tx.now
    if launched_at < tx.now:
        # Who was away then and is back by now was away.
        tx = ReadTx(tx.connection, tx.org, tx.organization_id, tx.actor, launched_at)
    play = _Play(tx, settings, means, row.document, await _injectable(tx, row))
    wanted = read_events(events, play.every_document)
    require_order(wanted, launched_at)
    launched = await rehearsed(tx, row, row.document, wish, at=launched_at)
    reaction = await play.decided(launched, row.document, LAUNCHED, Reaction(launched, FRESH, ()), launched_at)
    moments = [await play.moment(None, launched_at, reaction)]
    people = await _choosable(tx, play.every_document)
    for index, event in enumerate(wanted):
        # Others get their turn between the events: many of a large template take seconds.
        await asyncio.sleep(0)
        now = moments[-1].at if event.at is None else event.at
        passed = await play.until(reaction, now)
        document = play.document_of(event.step)
        away = await absences.of_process(tx, passed.process, document, settings)
        reader = await reader_of(tx, settings, document)
        unmailed = await _nobody_gets_mail(tx, passed.process, event)
        deciders = await _may_decide(tx, passed.process, event)
        around = Around(document, calendar_of(settings), away, people, tx.organization_id, reader, unmailed, deciders)
        try:
            process, occurrence = happen(passed.process, event, around, now)
        except DomainError as refusal:
            raise refused(index, refusal) from None
        reaction = replace(passed, process=process)
        if occurrence is not None:
            reaction = await play.decided(process, document, occurrence, passed, now)
        moments.append(await play.moment(event, now, reaction))
    return moments


async def _nobody_gets_mail(tx: ReadTx, process: Process, event: Event) -> bool:
    """Of an e-mail task that is completed. Spec: T-6.6."""
    task = _completed_by(event, process)
    if task is None or task.task_type not in EMAIL_TYPES:
        return False
    return not await task_mails.could_get_mail(tx, task)


async def _may_decide(tx: ReadTx, process: Process, event: Event) -> int | None:
    """Of an approval by several that is completed. Spec: behaviour-work FE2."""
    task = _completed_by(event, process)
    if task is None or not needs_approvals(task):
        return None
    return len(part_takers(task, await people_of(tx, task.owners), launchers=frozenset({f"m:{process.starter}"})))


def _completed_by(event: Event, process: Process) -> Task | None:
    if event.word != "complete":
        return None
    return next((task for task in process.tasks if task.step_id == event.step), None)


class _Play:
    """A rehearsal under way: the template, and those that its steps may inject, by id."""

    def __init__(
        self,
        tx: ReadTx,
        settings: OrganizationSettings,
        means: Means,
        document: Template,
        injectable: Mapping[str, Template],
    ) -> None:
        self.tx = tx
        self.settings = settings
        self.means = means
        self.document = document
        self.injectable = injectable

    @property
    def every_document(self) -> list[Template]:
        return [self.document, *self.injectable.values()]

    def document_of(self, step_id: str | None) -> Template:
        """What has this step; the template itself has the kick-off form."""
        return next((each for each in self.every_document if each.step(step_id or "") is not None), self.document)

    def documents_in(self, process: Process) -> list[Template]:
        return [self.document, *(self.injectable[each.template_id] for each in process.injections)]

    async def moment(self, event: Event | None, at: Millis, reaction: Reaction) -> Moment:
        process = settle(reaction.process, at)
        outcomes = [await self._outcome(each) for each in reaction.log if isinstance(each, FollowUpDue | Injected)]
        titles = await self._titles(process)
        documents, zone = self.documents_in(process), self.settings.timezone
        return Moment(event, at, process, documents, zone, reaction.log, tuple(outcomes), titles)

    async def _titles(self, process: Process) -> dict[str, str]:
        """As they read with the answers there are."""
        found = {task.id: task.title for task in process.tasks}
        quoting = [task for task in process.tasks if MARK in task.title]
        if quoting:
            reader = await self._reader()
            known = {
                step.id: quoted
                for document in self.documents_in(process)
                for quoted in [quoted_in_process(process, document, (), reader)]
                for step in document.steps
            }
            for task in quoting:
                own = known[task.step_id or ""].also({"current-task-id": Variable((task.id,))})
                found[task.id] = fill_variables(task.title, own)[:MAX_TITLE]
        return found

    async def _reader(self) -> Reader:
        names = await attachable.everybody(self.tx) if _picks_people(self.every_document) else None
        reader = await caller(self.tx, self.settings.timezone)
        return reader if names is None else replace(reader, members=names.member_names, groups=names.group_names)

    async def _outcome(self, entry: FollowUpDue | Injected) -> Outcome:
        if isinstance(entry, Injected):
            due = entry.due
            return Outcome(due.step.id, due.follow_up, "done" if entry.injection else "refused", entry.reason or None)
        if entry.is_again:
            return Outcome(entry.step.id, entry.follow_up, "done_before")
        try:
            require_launchable(await templates.find(self.tx, entry.follow_up.template_id))
        except WrongState as refusal:
            return Outcome(entry.step.id, entry.follow_up, "refused", refusal.message)
        return Outcome(entry.step.id, entry.follow_up, "done")

    async def decided(
        self, process: Process, document: Template, occurrence: Occurrence, before: Reaction, at: Millis
    ) -> Reaction:
        """What rules make of it, with the tasks that are injected; its log goes on from the one before."""
        tx, settings, means = self.tx, self.settings, self.means
        found = await reactions.decided(tx, process, document, settings, occurrence, before.state, means, at=at)
        due = injecting.due_in(found)
        if due is not None:
            try:
                is_readable = due.follow_up.template_id in self.injectable
                ready = await injecting.would_be_ready(tx, found.process, due, settings, at, is_readable=is_readable)
            except DomainError as refusal:
                found = injecting.refused(found, due, refusal)
            else:
                first = 1 + max(task.seq for task in found.process.tasks)
                found = await injecting.joined(tx, found, due, ready, settings, means, first_task=first, at=at)
        return replace(found, log=(*before.log, *found.log))

    async def until(self, before: Reaction, at: Millis) -> Reaction:
        """What rules do by themselves until that instant, as time passes; its log is of that alone. Spec: A-2.43."""
        found, week = Reaction(before.process, before.state, ()), calendar_of(self.settings)
        while coming := first_moment(found.process, self.documents_in(found.process), found.state, week):
            moment, document = coming
            if moment.at > at:
                break
            passed = replace(found, state=looked_at(found.state, moment))
            found = await self.decided(found.process, document, moment.occurrence, passed, moment.at)
        return found


async def _injectable(tx: ReadTx, row: TemplateRow) -> dict[str, Template]:
    """Every template whose tasks may join the process, those included that injected tasks bring."""
    found: dict[str, Template] = {}
    documents = [row.document]
    while documents:
        wanted = {
            step.follow_up.template_id
            for document in documents
            for step in document.steps
            if step.follow_up is not None and step.follow_up.tasks_within_process
        }
        rows = await templates.many(tx, sorted(wanted - found.keys() - {row.id}))
        documents = list[Template]()
        for each in rows:
            document = await _readable(tx, each)
            if document is not None:
                found[each.id] = document
                documents.append(document)
    return found


async def _readable(tx: ReadTx, row: TemplateRow) -> Template | None:
    """What a launch would run, where the caller may read the template."""
    if not may_read(await template_grants.standing(tx, row)):
        return None
    try:
        return await would_launch(tx, row)
    except WrongState:
        return None


async def _choosable(tx: ReadTx, documents: Sequence[Template]) -> People:
    return (await attachable.everybody(tx)).choosable if _picks_people(documents) else People()


def _picks_people(documents: Sequence[Template]) -> bool:
    fields = [field for document in documents for field in (*document.kickoff, *document.fields())]
    return any(field.field_type == "assignees_form" for field in fields)
