"""Rehearsing a template: launched and worked through, and nothing of it exists. Spec: api-templates 8.6."""

import msgspec
from msgspec.structs import replace

from procession.domain.automations.reacting import Entry, Reaction
from procession.domain.automations.rehearsing import Around, Event, happen, read_events, refused
from procession.domain.automations.state import FRESH, LAUNCHED
from procession.domain.automations.timing import looked_at
from procession.domain.automations.timing import moments as pending
from procession.domain.errors import DomainError
from procession.domain.organizations import OrganizationSettings
from procession.domain.processes import Process
from procession.domain.summary import settle
from procession.domain.templates import Template, TemplateRow
from procession.domain.times import Millis
from procession.domain.values import People
from procession.storage import attachable, organizations
from procession.storage.tx import WriteTx
from procession.usecases import absences, reactions
from procession.usecases.calendars import calendar_of
from procession.usecases.launch_requests import Wish
from procession.usecases.launching import rehearsed
from procession.usecases.opening import reader_of
from procession.usecases.reactions import Means


class Moment(msgspec.Struct, frozen=True):
    """The process after an event (None: the launch) and all that followed from it."""

    event: Event | None
    at: Millis
    process: Process
    document: Template
    log: tuple[Entry, ...]


async def simulate(
    tx: WriteTx, row: TemplateRow, wish: Wish, events: object, at: Millis | None, means: Means
) -> list[Moment]:
    """What a launch of the template as it is now, and these events one after the other, would come to.

    Nothing is written, nobody is told, no guest is made. Raises Invalid where the real thing would be refused.
    """
    document, settings, launched_at = row.document, await organizations.settings_of(tx, tx.org), at or tx.now
    wanted = read_events(events, document)
    launched = await rehearsed(tx, row, document, wish, at=launched_at)
    reaction = await reactions.decided(tx, launched, document, settings, LAUNCHED, FRESH, means, at=launched_at)
    moments = [_moment(None, launched_at, reaction, document)]
    away = await absences.of_process(tx, launched, document, settings)
    reader = await reader_of(tx, settings, document)
    choosable = await _choosable(tx, row)
    around = Around(document, calendar_of(settings), away, choosable, tx.organization_id, reader)
    for index, event in enumerate(wanted):
        now = moments[-1].at if event.at is None else event.at
        passed = await _until(tx, reaction, document, settings, now, means)
        try:
            process, occurrence = happen(passed.process, event, around, now)
        except DomainError as refusal:
            raise refused(index, refusal) from None
        if occurrence is None:
            reaction = Reaction(process, passed.state, passed.log)
        else:
            reaction = await reactions.decided(tx, process, document, settings, occurrence, passed.state, means, at=now)
            reaction = replace(reaction, log=(*passed.log, *reaction.log))
        moments.append(_moment(event, now, reaction, document))
    return moments


async def _until(
    tx: WriteTx, before: Reaction, document: Template, settings: OrganizationSettings, at: Millis, means: Means
) -> Reaction:
    """What rules do by themselves until that instant, as time passes; its log is of that alone. Spec: A-2.43."""
    found = Reaction(before.process, before.state, ())
    week = calendar_of(settings)
    while coming := pending(found.process, document, found.state, week):
        if coming[0].at > at:
            break
        state, log = looked_at(found.state, coming[0]), found.log
        found = await reactions.decided(
            tx, found.process, document, settings, coming[0].occurrence, state, means, at=coming[0].at
        )
        found = replace(found, log=(*log, *found.log))
    return found


def _moment(event: Event | None, at: Millis, reaction: Reaction, document: Template) -> Moment:
    return Moment(event, at, settle(reaction.process, at), document, reaction.log)


async def _choosable(tx: WriteTx, row: TemplateRow) -> People:
    fields = (*row.document.kickoff, *row.document.fields())
    has_pickers = any(field.field_type == "assignees_form" for field in fields)
    return (await attachable.everybody(tx)).choosable if has_pickers else People()
