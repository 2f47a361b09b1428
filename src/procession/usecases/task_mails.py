"""E-mail tasks: whom they are to, and the mail that they become. Spec: behaviour-templates T-6.6 to T-6.11."""

from procession.domain.events import happened
from procession.domain.mails import Letter, framed_letter, plain_letter
from procession.domain.processes import Process, Task
from procession.domain.tasks import summary_of
from procession.storage import guests, notices, organizations, parts, people, task_pages
from procession.storage import tasks as stored
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import mailing
from procession.usecases.mailing import Recipient
from procession.usecases.means import Means
from procession.usecases.task_texts import Texts, texts_of


async def recipients_of(tx: ReadTx, task: Task) -> list[Recipient]:
    """Everybody the task's mail is to; nobody: it cannot be sent. Spec: T-6.6."""
    return await mailing.recipients_of(tx, task.owners)


async def could_get_mail(tx: ReadTx, task: Task) -> bool:
    """Whether there is anybody to send it to; guests who do not exist yet are made when they are assigned."""
    found = await mailing.recipients_of(tx, task.owners)
    return bool(found) or not (await guests.by_emails(tx, task.owners.guests)).keys() >= set(task.owners.guests)


async def send(tx: WriteTx, task: Task, process: Process | None, means: Means) -> bool:
    """Write down the mail of a task that was just completed, as it now reads; whether there was anybody to send it to.

    Each of the assigned gets one of their own, and the sender a copy.
    """
    recipients = await recipients_of(tx, task)
    if not recipients:
        return False
    sender = await _sender(tx, task, process)
    addresses = {each.address.lower() for each in recipients}
    if sender is not None and sender.address.lower() not in addresses and await _wants_a_copy(tx, sender):
        recipients.append(sender)
    document = await stored.document_of(tx, process, task)
    organization = (await organizations.get(tx.connection, tx.org)).name
    summary = summary_of(task, document)
    letters: list[Letter] = []
    for is_guest in (False, True):
        to = [each for each in recipients if each.is_guest == is_guest]
        if to:
            texts = await _texts(tx, task, summary, process, for_guest=is_guest)
            letters += [_letter(task, summary, texts, each, sender, organization) for each in to]
    await mailing.queue(tx, means, "task", task.id, letters)
    tx.record(
        happened("task.mail_sent", task.id, process=task.process, recipients=[each.address for each in recipients])
    )
    return True


async def title_of(tx: ReadTx, task: Task, process: Process | None) -> str:
    """The task's title as it now reads."""
    return (await _texts(tx, task, None, process, for_guest=True)).title(task)


async def _sender(tx: ReadTx, task: Task, process: Process | None) -> Recipient | None:
    """Whose name the mail bears: who completed the task; by the clock the process's owner, else who made the task."""
    if task.completer_guest is not None:
        found = (await guests.by_emails(tx, [task.completer_guest])).get(task.completer_guest)
        name = "" if found is None else " ".join(each for each in (found.first_name, found.last_name) if each)
        return Recipient(address=task.completer_guest, name=name)
    if task.completer is not None:
        wanted = [task.completer]
    else:
        wanted = [task.starter] if process is None else [process.owner, process.starter]
    known = {each.id: each for each in await people.reachable(tx, [each for each in wanted if each])}
    found = next((known[each] for each in wanted if each in known), None)
    return None if found is None else Recipient(address=found.email, name=found.full_name, member=found.id)


async def _wants_a_copy(tx: ReadTx, sender: Recipient) -> bool:
    said = {} if sender.member is None else await notices.preferences_of(tx, [sender.member])
    return all(each.wants("task_assignments") for each in said.values())


async def _texts(tx: ReadTx, task: Task, summary: str | None, process: Process | None, *, for_guest: bool) -> Texts:
    facts = {} if process is None else await task_pages.processes_at(tx, [process.seq])
    placed = await parts.loaded(tx, facts.values(), [task])
    return await texts_of(tx, [task], [summary], facts, placed, for_guest=for_guest)


def _letter(
    task: Task, summary: str | None, texts: Texts, to: Recipient, sender: Recipient | None, organization: str
) -> Letter:
    markup = texts.summary(task, summary) or ""
    if task.send_chromeless:
        html, text = plain_letter(markup)
    else:
        html, text = framed_letter(markup, organization=organization, recipient=to.address)
    return Letter(
        recipient=to.address,
        recipient_name=to.name,
        sender_name=organization if sender is None else sender.name or organization,
        reply_to=None if sender is None else sender.address,
        subject=texts.title(task),
        html=html,
        text=text,
    )
