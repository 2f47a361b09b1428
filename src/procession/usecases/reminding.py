"""Reminding the assignees of a task by mail. Spec: behaviour-work N-4, api-tasks T22."""

from procession.domain.calendar import local_time
from procession.domain.errors import MailNotSetUp, WrongState
from procession.domain.events import happened
from procession.domain.mails import Letter, framed_letter, paragraphs
from procession.domain.organizations import OrganizationSettings
from procession.domain.permissions import may_edit_task, require
from procession.domain.processes import Process, Task
from procession.domain.tasks import require_live
from procession.domain.times import SECOND
from procession.storage import notices, organizations, people
from procession.storage.tx import WriteTx
from procession.usecases import guards, mailing, task_mails
from procession.usecases.guards import SeenTask
from procession.usecases.mailing import Recipient
from procession.usecases.means import Means

NOT_OPEN = "Only a task that is open and shown can be reminded of."


async def remind(tx: WriteTx, task_id: str, means: Means) -> int:
    """Mail everybody who is assigned to an open task, except the caller; how many.

    Raises NotFound, NotAllowed, ProcessArchived, WrongState, MailNotSetUp.
    """
    seen = await guards.locked_task(tx, task_id)
    require(
        tx.actor.role in ("admin", "standard") and may_edit_task(tx.actor, seen.named, seen.task),
        to="remind others of this task",
    )
    if seen.process is not None:
        guards.require_unarchived(seen.process)
    require_live(seen.task)
    if not seen.task.is_open:
        raise WrongState(NOT_OPEN)
    if means.mail != "sent":
        raise MailNotSetUp
    recipients = await _reachable(tx, seen.task)
    if recipients:
        letters = await _letters(tx, seen, recipients, means)
        await mailing.queue(tx, means, "reminder", seen.task.id, letters)
        addresses = [each.address for each in recipients]
        tx.record(happened("task.reminded", seen.task.id, process=seen.task.process, recipients=addresses))
    return len(recipients)


async def _reachable(tx: WriteTx, task: Task) -> list[Recipient]:
    """The assignees but the caller and those who want no mail at all. Spec: behaviour-people N7."""
    found = [each for each in await mailing.recipients_of(tx, task.owners) if each.member != tx.actor.id]
    said = await notices.preferences_of(tx, [each.member for each in found if each.member is not None])
    return [each for each in found if each.member is None or each.member not in said or not said[each.member].stop_all]


async def _letters(tx: WriteTx, seen: SeenTask, recipients: list[Recipient], means: Means) -> list[Letter]:
    [caller] = (await people.names(tx, [tx.actor.id])).values()
    organization = (await organizations.get(tx.connection, tx.org)).name
    settings = await organizations.settings_of(tx, tx.org)
    title = await task_mails.title_of(tx, seen.task, seen.process)
    lines = [f"{caller.full_name} reminds you of a task.", f"Task: {title}", *_facts(seen.task, seen.process, settings)]
    letters: list[Letter] = []
    for each in recipients:
        markup = paragraphs(lines)
        page = mailing.page_of(each, means)
        if page is not None:
            markup += paragraphs([f"Your page: {page}"])
        html, text = framed_letter(markup, organization=organization, recipient=each.address)
        letters.append(
            Letter(
                recipient=each.address,
                recipient_name=each.name,
                sender_name=caller.full_name,
                reply_to=caller.email,
                # Nothing of what only its assignees see stands where it shows on locked screens.
                subject="Reminder of a task" if seen.task.top_secret else f"Reminder: {title}",
                html=html,
                text=text,
                is_notice=True,
            )
        )
    return letters


def _facts(task: Task, process: Process | None, settings: OrganizationSettings) -> list[str]:
    found = [] if process is None else [f"Process: {process.name}"]
    if task.deadline is not None and not task.is_held:
        due = local_time(task.deadline // SECOND * SECOND, settings.timezone)
        found.append(f"Due: {due:%Y-%m-%d %H:%M} ({settings.timezone})")
    return found
