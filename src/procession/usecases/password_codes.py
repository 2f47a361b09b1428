"""Setting a password with a code that came by mail. Spec: api-people 1.6, behaviour-people ML6."""

from collections.abc import Sequence

from procession.adapters import identity
from procession.adapters.secrets import Secrets, new_token
from procession.domain.actors import Actor
from procession.domain.errors import Invalid, MailNotSetUp
from procession.domain.events import happened
from procession.domain.mails import Letter, MailKind, framed_letter, paragraphs
from procession.domain.passwords import password_faults
from procession.domain.people import full_name
from procession.domain.times import MINUTE, Millis
from procession.domain.tokens import token_hash
from procession.storage import accounts, attempts, password_codes, tokens
from procession.storage.accounts import Account
from procession.storage.connection import Connection
from procession.storage.database import Database
from procession.storage.tx import WriteTx
from procession.usecases import mailing
from procession.usecases.accounts import in_every_organization
from procession.usecases.attempts import MustWait, attempts_key, begin_attempt
from procession.usecases.means import Means

CODE_MINUTES = 60
SERVER = "Procession"
NO_CODE = "This code is unknown, was used, or has run out. Ask for another one."


async def may_ask(database: Database, secrets: Secrets, email: str, now: Millis, means: Means) -> MustWait | None:
    """Count a request for a code for this address, whether or not somebody has it. Raises MailNotSetUp."""
    if means.mail != "sent":
        raise MailNotSetUp
    return await begin_attempt(database, _asking_key(secrets, email), now)


async def send_code(database: Database, email: str, now: Millis, means: Means) -> None:
    """Mail a code to whoever has this address; nothing when nobody has."""

    async def work(connection: Connection) -> None:
        account = await accounts.by_email(connection, email)
        if account is None:
            return
        code = await new_code(connection, account.id, now, lasts=CODE_MINUTES * MINUTE)
        lines = (
            "Somebody, probably you, has forgotten the password that goes with this address.",
            f"Code to set another one: {code}",
            f"It is good for {CODE_MINUTES} minutes. If it was not you, nothing needs to be done.",
        )
        letter = _letter(account, "Set a new password", lines, means)
        await _queue(connection, account, "password_reset", letter, now, means, lasts=CODE_MINUTES * MINUTE)

    await database.write(work)


async def new_code(connection: Connection, account: int, now: Millis, *, lasts: Millis) -> str:
    """A code that sets the account's password once; only its hash is kept."""
    code = new_token()
    await password_codes.add(connection, code_hash=token_hash(code), account=account, now=now, expires_at=now + lasts)
    return code


async def set_password(
    database: Database, *, code: str, password: str, min_length: int, actor: Actor, now: Millis, means: Means
) -> None:
    """Give whoever the code was mailed to this password; sign-ins and other codes end, failures are forgotten.

    Raises Invalid.
    """
    faults = password_faults(password, min_length=min_length)
    if faults:
        raise Invalid({"password": faults})
    async with database.reading() as connection:
        if not await password_codes.is_known(connection, token_hash(code), now):
            raise Invalid({"code": [NO_CODE]})
    password_hash = await identity.hash_off_loop(password)

    async def work(connection: Connection) -> None:
        account_id = await password_codes.account_of(connection, token_hash(code), now)
        account = None if account_id is None else await accounts.find(connection, account_id)
        if account is None:
            raise Invalid({"code": [NO_CODE]})
        await password_codes.drop_all(connection, account.id)
        await accounts.save_password(connection, account.id, password_hash, now)
        await tokens.revoke_sessions(connection, account.id, now)
        for key in (attempts_key(means.secrets, account.email), _asking_key(means.secrets, account.email)):
            await attempts.clear(connection, key)
        letter = _letter(account, "Your password was set", ("A new password was set for this address.",), means)
        if means.mail == "sent":
            await _queue(connection, account, "password_changed", letter, now, means)

        async def changed(tx: WriteTx) -> None:
            tx.record(happened("account.password_reset", account.id))

        await in_every_organization(database, connection, account.id, actor, now, changed)

    await database.write(work)


def _letter(account: Account, subject: str, lines: Sequence[str], means: Means) -> Letter:
    server = means.base_url or SERVER
    html, text = framed_letter(paragraphs(lines), organization=server, recipient=account.email)
    return Letter(
        recipient=account.email,
        recipient_name=full_name(account.first_name, account.last_name),
        sender_name=SERVER,
        subject=subject,
        html=html,
        text=text,
        is_notice=True,
    )


async def _queue(
    connection: Connection,
    account: Account,
    kind: MailKind,
    letter: Letter,
    now: Millis,
    means: Means,
    **lasts: Millis,
) -> None:
    await mailing.queue_on(connection, means, kind, str(account.id), [letter], org=0, now=now, **lasts)


def _asking_key(secrets: Secrets, email: str) -> str:
    return attempts_key(secrets, f"forgotten {email}")
