"""Titles and descriptions of tasks with their variables replaced. Spec: api-tasks 2, behaviour-templates 12."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import UNSET
from msgspec.structs import replace

from procession.adapters.text import safe_markup
from procession.domain.calendar import local_day
from procession.domain.loose import as_object
from procession.domain.names import MARK, Variable, clean_name, fill_variables, system_variables
from procession.domain.processes import Task
from procession.domain.quoting import Quoted
from procession.domain.richtext import fill_rich_variables
from procession.domain.snippets import references
from procession.domain.task_input import TaskInput
from procession.domain.tasks import MAX_TITLE
from procession.domain.templates import Template
from procession.domain.variables import Reader, own_reader
from procession.storage import attachable, members, organizations, parts, task_pages
from procession.storage.parts import Part, Parts, Placed
from procession.storage.task_pages import Answered, ProcessFacts
from procession.storage.tx import ReadTx
from procession.usecases.quoting import Snippets, quoted_in


class Titled(Placed, Protocol):
    """A task as far as its title goes."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...


class Texts:
    """The variables of a page of tasks, loaded once."""

    def __init__(
        self, variables: Mapping[Part, Quoted], snippets: Snippets, launched_at: Mapping[int, int], parts: Parts
    ) -> None:
        self._variables = variables
        self._snippets = snippets
        self._launched_at = launched_at
        self._parts = parts

    @classmethod
    def without_quotes(cls) -> "Texts":
        return cls({}, Snippets({}, for_guest=False), {}, Parts(()))

    def title(self, task: Titled) -> str:
        """Cut to what a title may hold, however long the answers in it are. Spec: L-7.12."""
        return fill_variables(task.title, self._of(task))[:MAX_TITLE] if MARK in task.title else task.title

    def summary(self, task: Task, markup: str | None) -> str | None:
        """Safe markup, whatever the variables hold; None when there is none."""
        if not markup:
            return None
        safe = self._with_snippets(task, safe_markup(markup))
        return fill_rich_variables(safe, self._of(task), sanitize=safe_markup) if MARK in safe else safe

    def guidance(self, task: Task, markup: str) -> str:
        """What stands beside a field of the task."""
        return self._with_snippets(task, markup)

    def _with_snippets(self, task: Task, markup: str) -> str:
        part = self._parts.of(task)
        if part is None:
            return self._snippets.now(markup)
        launched_at = self._launched_at[part.process] if part.injected_at is None else part.injected_at
        return self._snippets.at_launch(markup, launched_at)

    def _of(self, task: Titled) -> Mapping[str, Variable]:
        own = {"current-task-id": Variable((task.id,))}
        part = self._parts.of(task)
        quoted = None if part is None else self._variables.get(part)
        return own if quoted is None else quoted.also(own)


async def titles_of(tx: ReadTx, tasks: Sequence[Titled]) -> dict[str, str]:
    """The titles of these stored tasks as they now read, by id. No statement when none of them quotes anything."""
    found = {task.id: task.title for task in tasks}
    quoting = [task for task in tasks if MARK in task.title]
    if quoting:
        facts = await task_pages.processes_at(tx, {task.process for task in quoting if task.process is not None})
        placed = await parts.loaded(tx, facts.values(), quoting)
        texts = await texts_of(tx, quoting, [None] * len(quoting), facts, placed)
        found |= {task.id: texts.title(task) for task in quoting}
    return found


async def as_read(tx: ReadTx, task: Task, markup: str | None, said: TaskInput) -> set[str]:
    """Which of title and description were sent as the caller reads them, variables replaced, snippets filled in.

    Clients that send a whole task back mean no change: what it quotes goes on following its sources. `markup` is its
    text as it stands. Nothing is looked up where nothing is quoted. Spec: api-tasks 10, T-12.10.
    """
    quotes_in_summary = bool(markup) and (MARK in markup or bool(references(markup)))
    sent_title = said.title is not UNSET and MARK in task.title
    sent_summary = said.summary is not UNSET and quotes_in_summary
    if not (sent_title or sent_summary):
        return set()
    facts = await task_pages.processes_at(tx, () if task.process is None else (task.process,))
    placed = await parts.loaded(tx, facts.values(), [task])
    texts = await texts_of(tx, [task], [markup], facts, placed)
    found: set[str] = set()
    if sent_title and said.title == clean_name(texts.title(task)):
        found.add("title")
    if sent_summary and said.summary == texts.summary(task, markup):
        found.add("summary")
    return found


async def caller(tx: ReadTx, zone: str) -> Reader:
    """Who reads: by the organization's clocks, days as they have chosen to see them. Spec: T-12.13."""
    reader = Reader(zone=zone)
    member = await members.find(tx, tx.actor.id) if tx.actor.kind == "member" else None
    return reader if member is None else own_reader(reader, zone=zone, date_format=member.profile.date_format)


async def texts_of(
    tx: ReadTx,
    tasks: Sequence[Titled],
    summaries: Sequence[str | None],
    processes: Mapping[int, ProcessFacts],
    placed: Parts,
    guidance: Iterable[str | None] = (),
    *,
    for_guest: bool | None = None,
) -> Texts:
    """What the titles and the given summaries of these tasks, and the `guidance` of their fields, quote.

    For the caller or, where it is said, for a guest or a member. No statement when they quote nothing, else two for
    variables, one for who reads, and two for snippets; two more when an assignee answer is among the quoted.
    """
    snippets = await quoted_in(tx, (*summaries, *guidance), for_guest=for_guest)
    launched_at = {seq: process.created_at for seq, process in processes.items()}
    quoting = {
        part
        for task, summary in zip(tasks, summaries, strict=True)
        if MARK in task.title or MARK in (summary or "") or snippets.hold(MARK, summary)
        if (part := placed.of(task)) is not None
    }
    if not quoting:
        return Texts({}, snippets, launched_at, placed)
    answered = await task_pages.answers_in(tx, {part.process for part in quoting})
    zone = (await organizations.settings_of(tx, tx.org)).timezone
    reader = Reader(zone=zone) if for_guest is not None else await caller(tx, zone)
    if any(_names_people(each, processes[seq]) for seq in answered for each in answered[seq]):
        everybody = await attachable.everybody(tx)
        reader = replace(reader, members=everybody.member_names, groups=everybody.group_names)
    return Texts(
        {
            part: _variables(
                processes[part.process],
                placed.document(part),
                answered[part.process],
                reader,
                is_injected=part.injected_at is not None,
            )
            for part in quoting
        },
        snippets,
        launched_at,
        placed,
    )


def _names_people(answered: Answered, process: ProcessFacts) -> bool:
    return any(
        not (as_object(answer) or {}).keys().isdisjoint({"users", "groups"})
        for answer in (*answered.answers.values(), *process.prerun.values())
    )


def _variables(
    process: ProcessFacts,
    document: Template | None,
    answered: Sequence[Answered],
    reader: Reader,
    *,
    is_injected: bool,
) -> Quoted:
    """Every field of the process by its alias, and what each process has; for injected tasks only the fields of their
    template. Spec: T-12.2, T-12.3, T-12.16.
    """
    template = document or Template()
    answers = dict(process.prerun)
    forms = [template.kickoff, *(step.fields for step in template.steps)]
    for each in answered:
        answers |= each.answers
        if not is_injected:
            forms.append(each.own_fields)
    system = system_variables(
        template_name=process.template_title,
        launched_on=local_day(process.created_at, reader.zone),
        process_id=process.id,
        day_form=reader.day_form,
    )
    return Quoted(forms, answers, reader, system)
