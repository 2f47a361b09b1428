"""Launching a process from a template, and what rules launch from there. Spec: api-processes 7, A-4.70 to A-4.75."""

from collections.abc import Mapping

import msgspec

from procession.domain import launching
from procession.domain.automations.state import LAUNCHED
from procession.domain.errors import WrongState
from procession.domain.events import happened
from procession.domain.job_titles import holders_to_remember
from procession.domain.launching import Numbers, Source
from procession.domain.processes import Owners, Process
from procession.domain.summary import settle
from procession.domain.template_permissions import LAUNCH_ARCHIVED
from procession.domain.templates import Template, TemplateRow
from procession.domain.times import Millis
from procession.storage import (
    job_titles,
    organizations,
    processes,
    tasks,
    template_links,
    templates,
)
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import follow_ups, guests, injecting, public_processes, reactions, watchers
from procession.usecases.launch_requests import Ready, Wish, checked, prepared
from procession.usecases.reactions import Means, Reacted

# Of what is only rehearsed.
FIRST_TASK = 1
MOST_AT_ONCE = 50
"""What one change may launch by rules, those included that rules of the launched processes launch. Spec: A-4.75."""


async def launch_process(
    tx: WriteTx, wish: Wish, *, means: Means, map_selects_steps: bool = False
) -> tuple[Process, list[str]]:
    """Launch; returns the process as it is and the kick-off keys that no field has.

    Raises Invalid (everything wrong at once; nothing is created), NotAllowed, WrongState (archived, unpublished).
    """
    ready = await checked(tx, wish, map_selects_steps=map_selects_steps)
    by_rules = await _launched(tx, ready, means)
    await _launch_wanted(tx, by_rules, means)
    return by_rules.process, ready.found.ignored


async def save_reaction(tx: WriteTx, change: Reacted, means: Means) -> None:
    """Keep what the stored process remembers of its rules, tell the log what they did and which tasks came, and launch
    what they ask for.
    """
    await reactions.save(tx, change)
    await injecting.tell(tx, change)
    await _launch_wanted(tx, change, means)


async def _launched(
    tx: WriteTx, ready: Ready, means: Means, cause: str | None = None, origin: Mapping[str, str | None] | None = None
) -> Reacted:
    """The stored process, and what its rules made of it."""
    row, source, request, around = ready.row, ready.source, ready.request, ready.around
    document, settings, found = source.document, ready.settings, ready.found
    # Only now, so that no refused launch leaves a gap in them.
    numbers = await _numbers(tx, tasks=len(document.steps))
    launched = launching.launch(source, request, around, found, numbers)
    by_rules = await reactions.reacted(tx, launched, document, settings, LAUNCHED, means, is_new=True)
    process = settle(by_rules.process, numbers.at)
    await guests.ensure(tx, means.secrets, _guests_of(process))
    # Before the process with its tags: the row of a template is locked before the numbers of links everywhere.
    if not await templates.count_launch(tx, row.id):
        raise WrongState(LAUNCH_ARCHIVED)
    await _remember_holders(tx, holders_to_remember(document, request.roles))
    await processes.add(tx, process)
    await watchers.watch_new_process(tx, process, document)
    await public_processes.follow(tx, process, was_public=False)
    tags = await template_links.tags_of_every_step(tx, row.id)
    await tasks.add_tags(tx, {task.seq: tags.get(task.step_id or "", ()) for task in process.tasks})
    event = happened(
        "process.launched",
        process.id,
        process=process.seq,
        template=row.id,
        version=source.version,
        name=process.name,
        tasks=len(process.tasks),
        **({} if origin is None else {"origin": origin}),
    )
    tx.record(msgspec.structs.replace(event, cause=cause))
    await reactions.save(tx, by_rules)
    return msgspec.structs.replace(by_rules, process=process)


async def _launch_wanted(tx: WriteTx, change: Reacted, means: Means) -> None:
    """What rules ask for, then what rules of those processes ask for, in order. Spec: A-4.73, A-4.75."""
    waiting, room = follow_ups.wanted(change), MOST_AT_ONCE
    while waiting:
        wanted = waiting.pop(0)
        ready = await follow_ups.ready(tx, wanted, has_room=room > 0)
        if ready is None:
            continue
        by_rules = await _launched(tx, ready, means, cause=wanted.cause, origin=wanted.origin)
        await follow_ups.tell(tx, wanted, by_rules.process)
        room -= 1
        waiting += follow_ups.wanted(by_rules)


async def rehearsed(tx: ReadTx, row: TemplateRow, document: Template, wish: Wish, *, at: Millis) -> Process:
    """What a launch of this document would make at that instant, before its rules; nothing is written.

    Raises Invalid.
    """
    settings = await organizations.settings_of(tx, tx.org)
    source = Source(id=row.id, version=row.version, title=row.title, type=row.type, document=document)
    request, around = await prepared(tx, wish, source, settings, readers=())
    found = launching.check(source, request, around, at=at)
    return launching.launch(source, request, around, found, Numbers(0, FIRST_TASK, at, at))


async def _numbers(tx: WriteTx, *, tasks: int) -> Numbers:
    first_task = (await tx.reserve("task", tasks))[0] if tasks else 0
    process, entered_at = await tx.reserve("process", 1)
    return Numbers(process, first_task, tx.now, entered_at)


async def _remember_holders(tx: WriteTx, chosen: Mapping[str, Owners]) -> None:
    """The next launch is offered whom this one chose. Spec: T-8.2."""
    for title in await job_titles.lock_many(tx, chosen):
        if title.last_holders != chosen[title.id]:
            await job_titles.save(tx, msgspec.structs.replace(title, last_holders=chosen[title.id]))


def _guests_of(process: Process) -> list[str]:
    return sorted({guest for task in process.tasks for guest in task.owners.guests})
