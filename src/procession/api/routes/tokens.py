"""Personal access tokens: everybody's own. Spec: api-people 1.7."""

from procession.api.call import Call
from procession.api.contract.auth import CreatedToken, PersonalToken, TokenBody, TokenListParams
from procession.api.contract.envelope import Item, Paginated
from procession.api.lists import answered
from procession.api.operations import operation
from procession.domain.times import wire, wire_or_none
from procession.storage import tokens
from procession.storage.tokens import Token
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.tokens import create, revoke

TOKENS = "/organizations/{org_id}/tokens"


@operation("GET", TOKENS, tag="tokens")
async def list_tokens(tx: ReadTx, call: Call, params: TokenListParams) -> Paginated[PersonalToken]:
    """List one's own personal tokens that are not revoked, oldest first."""
    page = None if params.without_pagination else call.page(params.page, params.per_page, params.limit)
    rows, total = await tokens.list_page(
        tx.connection,
        tx.actor.id,
        tx.org,
        limit=page.size if page else None,
        offset=page.offset if page else 0,
    )
    return answered(call, [_shown(row) for row in rows], total, page)


@operation("POST", TOKENS, tag="tokens", status=201, shows_secret=True)
async def create_token(tx: WriteTx, call: Call, body: TokenBody) -> Item[CreatedToken]:
    """Create a personal token. Only this answer shows it. Not for light members."""
    days = call.edge.settings.token_days if body.days is None else body.days
    made = await create(tx, name=body.name, days=days)
    row = made.row
    return Item(
        CreatedToken(
            id=row.id,
            name=row.name,
            hint=row.hint,
            created_at=wire(row.created_at),
            expires_at=wire_or_none(row.expires_at),
            last_used_at=None,
            token=made.text,
        )
    )


@operation("DELETE", TOKENS + "/{token_id}", tag="tokens", status=204)
async def revoke_token(tx: WriteTx, token_id: int) -> None:
    """Revoke one of one's own personal tokens; it ends at once."""
    await revoke(tx, token_id)


def _shown(row: Token) -> PersonalToken:
    return PersonalToken(
        id=row.id,
        name=row.name,
        hint=row.hint,
        created_at=wire(row.created_at),
        expires_at=wire_or_none(row.expires_at),
        last_used_at=wire_or_none(row.last_used_at),
    )
