"""Writing mail down, in the transaction of what it tells; `sending` hands it over. Spec: behaviour-people ML1."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from procession.adapters.secrets import SealedWithAnotherKey, Secrets
from procession.domain.mails import MAX_AGE, Letter, MailKind
from procession.domain.people import full_name
from procession.domain.processes import Owners
from procession.domain.times import Millis
from procession.storage import guests, mails, people
from procession.storage.connection import Connection
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import assigning, comment_addresses
from procession.usecases.means import Means

ABOUT_TASKS: frozenset[MailKind] = frozenset({"task", "reminder", "assignment", "notice"})


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an address; guests with the sealed code of their page."""

    address: str
    name: str
    member: int | None = None
    sealed_code: str | None = None

    @property
    def is_guest(self) -> bool:
        return self.member is None


async def recipients_of(tx: ReadTx, owners: Owners, *, besides: Iterable[int] = ()) -> list[Recipient]:
    """Everybody assigned, also by group, and these members, each once; not who was disabled. Spec: T-6.6, N5."""
    by_group = (await assigning.people_of(tx, owners)).values()
    member_ids = set(owners.users).union(besides, *(members for members, _ in by_group))
    addresses = set(owners.guests).union(*(addresses for _, addresses in by_group))
    found = [
        Recipient(address=each.email, name=each.full_name, member=each.id)
        for each in await people.reachable(tx, member_ids)
    ]
    for address, guest in sorted((await guests.by_emails(tx, addresses)).items()):
        if guest.disabled_at is None:
            name = full_name(guest.first_name or "", guest.last_name or "")
            found.append(Recipient(address=address, name=name, sealed_code=guest.sealed_code))
    return found


def page_of(guest: Recipient, means: Means) -> str | None:
    """A guest's own page; None for members, and where nobody has said what the server is called."""
    if guest.sealed_code is None or not means.base_url:
        return None
    try:
        return f"{means.base_url}/guest/{means.secrets.open(guest.sealed_code)}"
    except SealedWithAnotherKey:
        return None


async def queue(
    tx: WriteTx, means: Means, kind: MailKind, subject_id: str, letters: Sequence[Letter], lasts: Millis = MAX_AGE
) -> None:
    """Write letters down that leave once this transaction has committed."""
    await queue_on(tx.connection, means, kind, subject_id, letters, org=tx.org, now=tx.now, lasts=lasts)


async def queue_on(
    connection: Connection,
    means: Means,
    kind: MailKind,
    subject_id: str,
    letters: Sequence[Letter],
    *,
    org: int,
    now: Millis,
    lasts: Millis = MAX_AGE,
) -> None:
    """As `queue`, also outside any organization (number 0)."""
    if means.mail == "dropped":
        return
    if kind in ABOUT_TASKS:
        letters = [_answerable(each, means, org, subject_id) for each in letters]
    sealed = [(letter, means.secrets.seal(msgspec.json.encode(letter).decode())) for letter in letters]
    await mails.add(connection, sealed, org=org, kind=kind, subject_id=subject_id, now=now, lasts=lasts)


def _answerable(letter: Letter, means: Means, org: int, task_id: str) -> Letter:
    """Where this server takes mail, answers become comments on the task. Spec: behaviour-people N10."""
    address = comment_addresses.address_for(means, org, task_id, letter.recipient) if letter.is_answerable else None
    return letter if address is None else replace(letter, reply_to=address)


def opened(secrets: Secrets, sealed: str) -> Letter:
    """Raises SealedWithAnotherKey."""
    return msgspec.json.decode(secrets.open(sealed), type=Letter)
