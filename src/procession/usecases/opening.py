"""What forms begin with, as far as the database has to be asked. Spec: behaviour-templates 11.4."""

from collections.abc import Sequence

from procession.domain.calendar import local_day
from procession.domain.fields import Field
from procession.domain.opening import begun, quotes_people
from procession.domain.organizations import OrganizationSettings
from procession.domain.processes import Process, Task
from procession.domain.templates import Template
from procession.domain.variables import Reader
from procession.storage import attachable
from procession.storage.tx import ReadTx


async def reader_of(tx: ReadTx, settings: OrganizationSettings, document: Template | None) -> Reader:
    """For whom the defaults of the document are put into words; no statement unless one of them names people."""
    if document is None or not quotes_people(document):
        return Reader(zone=settings.timezone)
    names = await attachable.everybody(tx)
    return Reader(zone=settings.timezone, members=names.member_names, groups=names.group_names)


async def begun_task(
    tx: ReadTx,
    task: Task,
    fields: Sequence[Field],
    settings: OrganizationSettings,
    *,
    process: Process | None,
    document: Template | None,
) -> Task:
    """The task with the defaults of these fields, as far as they have no answer."""
    reader = await reader_of(tx, settings, document)
    today = local_day(tx.now, settings.timezone)
    return begun(task, fields, process=process, document=document, today=today, reader=reader)
