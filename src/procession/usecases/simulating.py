"""Rehearsing a template: launched and worked through, and nothing of it exists. Spec: api-templates 8.6."""

import msgspec

from procession.domain.automations.reacting import Evaluation, Reaction, TakenBack, with_initial_visibility
from procession.domain.automations.rehearsing import Around, Event, happen, read_events, refused
from procession.domain.automations.state import FRESH, LAUNCHED
from procession.domain.errors import DomainError
from procession.domain.processes import Process
from procession.domain.summary import settle
from procession.domain.templates import TemplateRow
from procession.domain.times import Millis
from procession.domain.values import People
from procession.storage import attachable, organizations
from procession.storage.tx import WriteTx
from procession.usecases import absences, reactions
from procession.usecases.calendars import calendar_of
from procession.usecases.launching import Wish, rehearsed
from procession.usecases.reactions import Means


class Moment(msgspec.Struct, frozen=True):
    """The process after an event (None: the launch) and all that followed from it."""

    event: Event | None
    at: Millis
    process: Process
    log: tuple[Evaluation | TakenBack, ...]


async def simulate(
    tx: WriteTx, row: TemplateRow, wish: Wish, events: object, at: Millis | None, means: Means
) -> list[Moment]:
    """What a launch of the template as it is now, and these events one after the other, would come to.

    Nothing is written, nobody is told, no guest is made. Raises Invalid where the real thing would be refused.
    """
    document, settings, launched_at = row.document, await organizations.settings_of(tx, tx.org), at or tx.now
    wanted = read_events(events, document)
    launched = await rehearsed(tx, row, document, wish, at=launched_at)
    hidden = with_initial_visibility(launched, document)
    reaction = await reactions.decided(tx, hidden, document, settings, LAUNCHED, FRESH, means)
    moments = [_moment(None, launched_at, reaction)]
    away = await absences.of_process(tx, hidden, document, settings)
    around = Around(document, calendar_of(settings), away, await _choosable(tx, row), tx.organization_id)
    for index, event in enumerate(wanted):
        now = moments[-1].at if event.at is None else event.at
        try:
            process, occurrence = happen(reaction.process, event, around, now)
        except DomainError as refusal:
            raise refused(index, refusal) from None
        if occurrence is None:
            reaction = Reaction(process, reaction.state, ())
        else:
            state = reaction.state
            reaction = await reactions.decided(tx, process, document, settings, occurrence, state, means)
        moments.append(_moment(event, now, reaction))
    return moments


def _moment(event: Event | None, at: Millis, reaction: Reaction) -> Moment:
    return Moment(event, at, settle(reaction.process, at), reaction.log)


async def _choosable(tx: WriteTx, row: TemplateRow) -> People:
    fields = (*row.document.kickoff, *row.document.fields())
    has_pickers = any(field.field_type == "assignees_form" for field in fields)
    return (await attachable.everybody(tx)).choosable if has_pickers else People()
