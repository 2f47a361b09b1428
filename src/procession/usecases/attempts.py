"""How guessing is slowed down: an attempt counts before it is looked at. Spec: behaviour-people S2."""

import msgspec

from procession.adapters.secrets import Secrets
from procession.domain.guests import normal_email
from procession.domain.sign_in import next_attempt, seconds_to_wait
from procession.storage import attempts
from procession.storage.connection import Connection
from procession.storage.database import Database


class MustWait(msgspec.Struct, frozen=True):
    """Too many failures: not even looked at."""

    seconds: int


def attempts_key(secrets: Secrets, email: str) -> str:
    """What failures at this address are counted by."""
    return secrets.keyed_hash(f"sign-in {normal_email(email)}")


async def begin_attempt(database: Database, key: str, now: int) -> MustWait | None:
    """Count an attempt at this address as failed until it succeeds; MustWait when it is too early for one."""

    async def work(connection: Connection) -> MustWait | None:
        known = await attempts.lock(connection, key)
        following = next_attempt(known, now)
        if known is None and following is not None:
            await attempts.add(connection, key, following)
        elif following is not None:
            await attempts.save(connection, key, following)
        elif known is not None:
            return MustWait(seconds_to_wait(known, now))
        return None

    return await database.write(work)
