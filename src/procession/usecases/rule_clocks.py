"""The clock of a process's rules: one timer, at the first instant that a condition on time waits for.

Whoever saves the process or what it remembers of its rules plans it anew in the same transaction. Spec: A-2.43, A-2.45.
"""

from collections.abc import Iterable

from procession.domain.automations.state import FRESH, RuleState
from procession.domain.automations.timing import Moment, first_moment
from procession.domain.processes import Injection, Process
from procession.domain.templates import Template
from procession.domain.times import Millis
from procession.storage import organizations, rule_states, timers
from procession.storage.tasks import documents_of
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.calendars import calendar_of


async def follow(tx: WriteTx, before: Process, after: Process) -> None:
    """Plan anew after the process changed, where what conditions on time depend on did."""
    has_other_rules = _rules(before) != _rules(after)
    if has_other_rules:
        await timers.remove(tx, "rule_clock", [after.seq])
    if has_other_rules or _standing(before) != _standing(after):
        await plan(tx, after, None)


async def plan(tx: WriteTx, process: Process, state: RuleState | None) -> None:
    """Set the timer to the next instant; `state` is what the process remembers of its rules, read when not known."""
    documents = await timed_documents(tx, process)
    if not documents:
        return
    coming = await next_moment(tx, process, documents, state)
    await timers.set_to(tx, "rule_clock", process.seq, None if coming is None else coming[0].at)


async def timed_documents(tx: ReadTx, process: Process) -> list[Template]:
    """What the process runs and what was injected into it, as far as rules of it depend on the clock."""
    documents = await documents_of(tx, process)
    return [each for each in documents if any(rule.is_on_time for rule in each.rules)]


async def next_moment(
    tx: ReadTx, process: Process, documents: Iterable[Template], state: RuleState | None
) -> tuple[Moment, Template] | None:
    """The first instant that is still to be looked at, with the template whose rules wait for it."""
    if state is None:
        state = await rule_states.find(tx, process.seq) or FRESH
    week = calendar_of(await organizations.settings_of(tx, tx.org))
    return first_moment(process, documents, state, week)


def _rules(process: Process) -> tuple[int, tuple[Injection, ...]]:
    return process.template_version, process.injections


def _standing(process: Process) -> tuple[tuple[tuple[int, Millis | None], ...], bool, bool, Millis | None, bool]:
    deadlines = tuple((task.seq, task.clock_deadline) for task in process.tasks)
    is_complete = process.status == "complete"
    return deadlines, process.is_archived, process.is_locked, process.due_date, is_complete
