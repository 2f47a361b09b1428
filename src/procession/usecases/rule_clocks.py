"""The clock of a process's rules: one timer, at the first instant that a condition on time waits for.

Whoever saves the process or what it remembers of its rules plans it anew in the same transaction. Spec: A-2.43, A-2.45.
"""

from procession.domain.automations.state import FRESH, RuleState
from procession.domain.automations.timing import Moment, moments
from procession.domain.processes import Process
from procession.domain.templates import Template
from procession.domain.times import Millis
from procession.storage import organizations, rule_states, timers
from procession.storage.template_versions import version_document
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.calendars import calendar_of


async def follow(tx: WriteTx, before: Process, after: Process) -> None:
    """Plan anew after the process changed, where what conditions on time depend on did."""
    if _standing(before) != _standing(after):
        await plan(tx, after, None)


async def plan(tx: WriteTx, process: Process, state: RuleState | None) -> None:
    """Set the timer to the next instant; `state` is what the process remembers of its rules, read when not known."""
    document = await timed_document(tx, process)
    if document is None:
        return
    coming = await next_moments(tx, process, document, state)
    await timers.set_to(tx, "rule_clock", process.seq, coming[0].at if coming else None)


async def timed_document(tx: ReadTx, process: Process) -> Template | None:
    """What the process runs; None when none of its rules depends on the clock."""
    document = await version_document(tx, process.template_id, process.template_version)
    return document if any(rule.is_on_time for rule in document.rules) else None


async def next_moments(tx: ReadTx, process: Process, document: Template, state: RuleState | None) -> list[Moment]:
    if state is None:
        state = await rule_states.find(tx, process.seq) or FRESH
    settings = await organizations.settings_of(tx, tx.org)
    return moments(process, document, state, calendar_of(settings))


def _standing(process: Process) -> tuple[tuple[tuple[int, Millis | None], ...], bool, bool, Millis | None, bool]:
    deadlines = tuple((task.seq, task.clock_deadline) for task in process.tasks)
    is_complete = process.status == "complete"
    return deadlines, process.is_archived, process.is_locked, process.due_date, is_complete
