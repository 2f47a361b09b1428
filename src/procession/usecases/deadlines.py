"""What a changed task entails for the deadlines of others. Spec: behaviour-work D14, L-9.27."""

from procession.domain import task_deadlines
from procession.domain.organizations import OrganizationSettings
from procession.domain.processes import Process, Task
from procession.domain.templates import Template
from procession.storage.tx import ReadTx
from procession.usecases import absences
from procession.usecases.calendars import calendar_of


async def followed_up(
    tx: ReadTx,
    process: Process,
    before: Task,
    after: Task,
    document: Template | None,
    settings: OrganizationSettings,
) -> Process:
    """The process with what follows from the changed task; the process holds it already."""
    if document is None:
        return process
    rules = task_deadlines.rules_of(document)
    away = await absences.of_process(tx, process, document, settings)
    return task_deadlines.followed_up(process, before, after, rules, calendar_of(settings), away)
