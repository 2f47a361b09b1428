"""Letters about an operation: one for each person who is told anything of it. Spec: behaviour-people N4, 10.4."""

from collections.abc import Iterable, Sequence

import msgspec

from procession.domain.actors import Actor
from procession.domain.mails import Letter, MailKind, framed_letter, paragraphs
from procession.domain.names import MARK
from procession.domain.notices.happenings import happenings
from procession.domain.notices.notice import Notice, Things
from procession.domain.notices.operations import Operation
from procession.domain.notices.preferences import DEFAULTS
from procession.domain.notices.telling import Person, Told, addressed, standing_of, told
from procession.domain.notices.wording import Words, body, subject
from procession.domain.people import full_name
from procession.domain.processes import Owners, Process, Task
from procession.domain.template_permissions import Permission, is_listed
from procession.domain.templates import TemplateHead
from procession.domain.threads import groups_mentioned
from procession.domain.told_changes import named_in
from procession.storage import files, guests, hearers, naming, notices, organizations, template_grants, templates
from procession.storage.tx import ReadTx
from procession.usecases import mailing, notice_subjects, task_mails
from procession.usecases.mailing import Recipient
from procession.usecases.means import Means


class Addressed(msgspec.Struct, frozen=True):
    """Somebody who is told of an operation: how mail reaches them, in which time zone they live, and what is told."""

    recipient: Recipient
    zone: str
    told: Told


class Written(msgspec.Struct, frozen=True):
    """A letter with what its mail is about."""

    kind: MailKind
    subject_id: str
    letter: Letter


async def whom_to_tell(tx: ReadTx, operation: Operation) -> list[Addressed]:
    """Everybody who is told of the operation, now or later; who is not among them is not told of it otherwise (N11)."""
    there = await notice_subjects.load(tx, operation)
    return await addressees(tx, happenings(operation, there), there, actor=operation.actor)


async def addressees(tx: ReadTx, found: Sequence[Notice], there: Things, *, actor: str) -> list[Addressed]:
    """Whom mail reaches of those whom the notices concern, with what each is told; `actor` knows it all."""
    to = addressed(found) - {actor}
    recipients = await mailing.recipients_of(tx, _owners(to)) if to else []
    people = await _people(tx, recipients)
    by_principal = {person.principal: (recipient, zone) for recipient, zone, person in people}
    entries = told(found, [person for _, _, person in people], there, actor=actor)
    return [Addressed(*by_principal[each.person.principal], each) for each in entries]


async def _people(tx: ReadTx, recipients: Sequence[Recipient]) -> list[tuple[Recipient, str, Person]]:
    """With their time zones; guests get the organization's."""
    members = [each.member for each in recipients if each.member is not None]
    standing = await hearers.of_members(tx, members)
    said = await notices.preferences_of(tx, members)
    by_guest = await hearers.of_guests(tx, (each.address for each in recipients if each.is_guest))
    zone = (await organizations.settings_of(tx, tx.org)).timezone if by_guest else ""
    found: list[tuple[Recipient, str, Person]] = []
    for each in recipients:
        if each.member is None:
            actor = Actor(kind="guest", guest_email=each.address)
            found.append((each, zone, Person(actor=actor, named=by_guest[each.address])))
        elif each.member in standing:
            known = standing[each.member]
            actor = Actor(kind="member", id=each.member, role=known.role)
            wants = said.get(each.member, DEFAULTS)
            found.append((each, known.timezone, Person(actor=actor, named=known.named, wants=wants)))
    return found


async def letters(
    tx: ReadTx, entries: Sequence[Addressed], means: Means, *, actor: str, tells_time: bool = False
) -> list[Written]:
    """One for each entry. `actor` is the principal of who did it all, "" where nobody or several did."""
    if not entries:
        return []
    organization = (await organizations.get(tx.connection, tx.org)).name
    words = await _words(tx, actor, [notice for each in entries for notice in each.told.notices])
    words = msgspec.structs.replace(words, tells_time=tells_time)
    named = await _named_templates(tx, entries)

    def words_for(each: Addressed) -> Words:
        known = {row.id: row.title for row, grants in named if is_listed(standing_of(row, grants, each.told.person))}
        return msgspec.structs.replace(words, zone=each.zone, templates=known)

    return [_written(each, words_for(each), organization, means) for each in entries]


async def _named_templates(
    tx: ReadTx, entries: Iterable[Addressed]
) -> list[tuple[TemplateHead, Sequence[tuple[Permission, str]]]]:
    """The templates that sentences name, with who is on their lists."""
    watched = (notice.watched for each in entries for notice in each.told.notices if notice.watched is not None)
    named = sorted(named_in(sentence for each in watched for sentence in each.sentences))
    if not named:
        return []
    grants = await template_grants.lists_of(tx, named)
    return [(row, grants[row.id]) for row in await templates.many(tx, named)]


def _written(to: Addressed, words: Words, organization: str, means: Means) -> Written:
    recipient, markup, first = to.recipient, body(to.told, words), to.told.notices[0]
    page = mailing.page_of(recipient, means)
    if page is not None:
        markup += paragraphs([f"Your page: {page}"])
    html, text = framed_letter(markup, organization=organization, recipient=recipient.address)
    letter = Letter(
        recipient=recipient.address,
        recipient_name=recipient.name,
        sender_name=organization,
        subject=subject(to.told, words),
        html=html,
        text=text,
        is_notice=True,
        is_answerable=first.task is not None and len({_subject_id(each) for each in to.told.notices}) == 1,
    )
    return Written("assignment" if first.kind == "assigned" else "notice", _subject_id(first), letter)


def _subject_id(notice: Notice) -> str:
    for each in (notice.task, notice.process, notice.template):
        if each is not None:
            return each.id
    return min(notice.to).partition(":")[2]


async def _words(tx: ReadTx, actor: str, found: Sequence[Notice]) -> Words:
    quoting = [each for each in _titled(found).values() if MARK in each[0].title]
    titles = {task.id: await task_mails.title_of(tx, task, process) for task, process in quoting}
    principals = {actor, *(each for notice in found for each in (*notice.added, *notice.removed))}
    principals |= {notice.watched.by for notice in found if notice.watched is not None}
    threads = [thread for notice in found for thread in (notice.thread, notice.answer) if thread is not None]
    for thread in threads:
        principals |= {f"m:{each}" for each in thread.mentions}
        principals |= {f"g:{each}" for each in groups_mentioned(thread.content)}
    for notice in found:
        if notice.process is not None:
            principals |= {f"m:{notice.process.owner}", f"m:{notice.former.get('owner', notice.process.owner)}"}
    people = await _names(tx, principals)
    carried = await files.of_threads(tx, {thread.no for thread in threads})
    named = {no: [each.filename for each in reversed(of_one)] for no, of_one in carried.items()}
    return Words(titles=titles, people=people, actor=people.get(actor, ""), zone="", files=named)


def _titled(found: Iterable[Notice]) -> dict[str, tuple[Task, Process | None]]:
    """The tasks that letters name, by id."""
    titled: dict[str, tuple[Task, Process | None]] = {}
    for notice in found:
        if notice.task is not None:
            titled[notice.task.id] = (notice.task, notice.process)
        if notice.kind == "process_owned" and notice.process is not None:
            titled |= {task.id: (task, notice.process) for task in notice.process.tasks if task.is_open}
    return titled


async def _names(tx: ReadTx, principals: Iterable[str]) -> dict[str, str]:
    owners = _owners(principals)
    named = await naming.names_of(tx, owners.users, owners.groups)
    found = {f"m:{key}": name for key, name in named.members.items()}
    found |= {f"g:{key}": name for key, name in named.groups.items()}
    for address, guest in (await guests.by_emails(tx, owners.guests)).items() if owners.guests else ():
        found[f"e:{address}"] = full_name(guest.first_name or "", guest.last_name or "") or address
    return found


def _owners(principals: Iterable[str]) -> Owners:
    """The members, guests and groups among these."""
    by_kind: dict[str, list[str]] = {}
    for each in sorted(principals):
        kind, _, key = each.partition(":")
        by_kind.setdefault(kind, []).append(key)
    return Owners(
        users=tuple(int(each) for each in by_kind.get("m", ()) if each.isdigit()),
        guests=tuple(by_kind.get("e", ())),
        groups=tuple(by_kind.get("g", ())),
    )
