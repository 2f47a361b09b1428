"""Personal access tokens: members name, list and revoke their own. Spec: api-people 1.7."""

import msgspec

from procession.adapters.secrets import new_token
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.names import clean_name
from procession.domain.people import require_full_member
from procession.domain.times import DAY
from procession.domain.tokens import HINT_CHARACTERS, MAX_DAYS, MAX_NAME, token_hash
from procession.storage import tokens
from procession.storage.tokens import Token
from procession.storage.tx import WriteTx


class NewToken(msgspec.Struct, frozen=True):
    """A token just made, with the text that nobody can read again."""

    row: Token
    text: str


async def create(tx: WriteTx, *, name: str, days: int) -> NewToken:
    """Raises NotAllowed for light members, Invalid."""
    require_full_member(tx.actor, "create access tokens")
    _check(name, days)
    text = new_token()
    hint, expires_at = text[:HINT_CHARACTERS], tx.now + days * DAY
    token_id = await tokens.add(
        tx.connection,
        token_hash=token_hash(text),
        hint=hint,
        account=tx.actor.id,
        org=tx.org,
        kind="personal",
        name=clean_name(name),
        now=tx.now,
        expires_at=expires_at,
    )
    tx.record(happened("token.created", token_id, name=clean_name(name), hint=hint))
    return NewToken(Token(token_id, clean_name(name), hint, tx.now, expires_at, None), text)


async def revoke(tx: WriteTx, token_id: int) -> None:
    """Raises NotFound for tokens that are not the caller's."""
    if not await tokens.revoke_own(tx.connection, token_id, account=tx.actor.id, org=tx.org, now=tx.now):
        raise NotFound
    tx.record(happened("token.revoked", token_id))


def _check(name: str, days: int) -> None:
    errors: dict[str, list[str]] = {}
    if not clean_name(name):
        errors["name"] = ["The name field is required."]
    elif len(clean_name(name)) > MAX_NAME:
        errors["name"] = [f"The name may not be greater than {MAX_NAME} characters."]
    if not 1 <= days <= MAX_DAYS:
        errors["days"] = [f"The days must be from 1 to {MAX_DAYS}."]
    if errors:
        raise Invalid(errors)
