"""Private links to a public kick-off form: asked for by e-mail, the form, then how its process stands.

Spec: behaviour-launching L-7.20, L-7.26, L-7.50 to L-7.52.
"""

import msgspec

from procession.domain.actors import NOBODY
from procession.domain.emails import is_email
from procession.domain.errors import Invalid, MailNotSetUp, NotFound, WrongState
from procession.domain.guests import GuestKey, normal_email
from procession.domain.people import is_bot_email
from procession.domain.processes import Process, Task
from procession.domain.tokens import token_hash
from procession.storage import access, guests, kickoff_visits, members, processes, public_kickoffs, task_pages
from procession.storage.database import Database
from procession.storage.kickoff_visits import Visit
from procession.storage.parts import loaded
from procession.storage.public_kickoffs import Place
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import kickoff_letters, public_kickoff
from procession.usecases.means import Means
from procession.usecases.public_kickoff import NOT_AN_ADDRESS, Form, Submission
from procession.usecases.task_texts import texts_of

NO_LINK = "This link does not (or no longer) lead anywhere."
SUBMITTED = "This form was submitted already."


class OwnTask(msgspec.Struct, frozen=True):
    """A task of the process that is the visitor's, with its title as it reads."""

    task: Task
    title: str


class Visited(msgspec.Struct, frozen=True):
    """What a private link leads to: the form with the code of its public link, or the process that came of it."""

    email: str
    form: Form | None = None
    kickoff_code: str | None = None
    process: Process | None = None
    tasks: tuple[OwnTask, ...] = ()


async def ask(database: Database, place: Place, email: str, means: Means, *, now: int) -> None:
    """Mail a private link to this address; whatever is known of it, the caller does not learn.

    Raises MailNotSetUp, Invalid, NotFound, WrongState (closed).
    """
    if means.mail != "sent":
        raise MailNotSetUp
    address = normal_email(email)
    if not is_email(address) or is_bot_email(address):
        raise Invalid({"email": [NOT_AN_ADDRESS]})

    async def work(tx: WriteTx) -> None:
        form = await public_kickoff.opened(tx, place.template_id)
        known = await guests.find(tx, GuestKey(email=address))
        if await members.addresses_among(tx, [address]):
            await kickoff_letters.send_to_sign_in(tx, place.template_id, form.template.title, address, means)
        elif known is not None and known.disabled_at is not None:
            await kickoff_letters.note(tx, place.template_id, address, means)
        else:
            await kickoff_letters.invite(tx, place.template_id, form.template.title, address, means)

    await writing(database, place.org, place.organization_id, NOBODY, now, work)


async def shown(tx: ReadTx, code: str) -> Visited:
    """Raises NotFound, WrongState (the form is closed)."""
    visit = _good(await kickoff_visits.find(tx, token_hash(code)), tx.now)
    if visit.process is None:
        form = await public_kickoff.opened(tx, visit.template_id)
        link = await public_kickoffs.of_template(tx, visit.template_id)
        return Visited(visit.email, form, None if link is None else link.code)
    process = await processes.at(tx, visit.process)
    if process is None:
        raise NotFound(NO_LINK)
    return Visited(visit.email, process=process, tasks=await _own_tasks(tx, process, visit.email))


async def submit(
    database: Database,
    org: int,
    organization_id: str,
    code: str,
    *,
    name: str | None,
    prerun: object,
    means: Means,
    at: int,
    address: str | None,
) -> Process:
    """Launch by the form under this link, once. Raises NotFound, WrongState, Invalid; nothing is created then."""

    async with reading(database, org, organization_id, NOBODY, at) as before:
        visit = _good(await kickoff_visits.find(before, token_hash(code)), at)

    async def work(tx: WriteTx) -> Process:
        locked = _good(await kickoff_visits.lock(tx, token_hash(code)), at)
        if locked.process is not None:
            raise WrongState(SUBMITTED)
        process = await public_kickoff.launch(tx, locked.template_id, Submission(locked.email, name, prerun), means)
        await kickoff_visits.enter_process(tx, token_hash(code), process.seq)
        await kickoff_letters.confirm(tx, locked.template_id, process, locked.email, means, code)
        return process

    visitor = public_kickoff.visitor_of(visit.email, address)
    return await writing(database, org, organization_id, visitor, at, work)


def _good(visit: Visit | None, now: int) -> Visit:
    if visit is None or (visit.process is None and visit.expires_at <= now):
        raise NotFound(NO_LINK)
    return visit


async def _own_tasks(tx: ReadTx, process: Process, email: str) -> tuple[OwnTask, ...]:
    """Spec: L-7.26."""
    named = await access.principals_of_guest(tx, email)
    own = [
        task
        for task in sorted(process.tasks, key=lambda each: each.position)
        if not (task.is_hidden or task.archived_at) and task.owners.principals & frozenset(named)
    ]
    facts = await task_pages.processes_at(tx, [process.seq])
    parts = await loaded(tx, facts.values(), own)
    texts = await texts_of(tx, own, [None] * len(own), facts, parts, for_guest=True)
    return tuple(OwnTask(task, texts.title(task)) for task in own)
