"""The signed-in person. Spec: api-people 2."""

import msgspec
from msgspec import UNSET

from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.people import NoticePreferences, NoticePreferencesBody, User, UserParams
from procession.api.edge import bearer_token
from procession.api.lists import includes
from procession.api.operations import operation
from procession.api.present.people import INCLUDES, present_account, present_user, present_users
from procession.domain.errors import NotFound, Unauthenticated
from procession.domain.notices.preferences import DEFAULTS, Preferences
from procession.domain.people import ProfileChange
from procession.domain.tokens import token_hash
from procession.storage import accounts, members, notices, organizations, tokens
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases.accounts import change_profile
from procession.usecases.notice_preferences import choose

ME = "/organizations/{org_id}/me"


@operation("GET", "/me", tag="me", auth="account")
async def get_signed_in_person(tx: ReadTx, call: Call) -> Item[User]:
    """Read the signed-in person, as a member of the organization their token was made in, else of their first."""
    token = bearer_token(call.request.headers.get("authorization"))
    made_in = await tokens.organization_of(tx.connection, token_hash(token)) if token else None
    mine = await organizations.of_account(tx.connection, tx.actor.id)
    for row in sorted(mine, key=lambda each: each.org != made_in):
        there = ReadTx(tx.connection, row.org, row.id, tx.actor, tx.now)
        member = await members.find(there, tx.actor.id)
        if member is not None and member.status == "active":
            return Item(present_user(call, member))
    account = await accounts.find(tx.connection, tx.actor.id)
    if account is None:
        raise Unauthenticated
    return Item(present_account(call, account))


@operation("GET", ME, tag="me", etag=True)
async def get_me(tx: ReadTx, call: Call, params: UserParams) -> Item[User]:
    """Read oneself as a member of the organization."""
    member = await members.find(tx, tx.actor.id)
    if member is None:
        raise NotFound
    [user] = await present_users(call, tx, [member], includes(call, params.with_, INCLUDES))
    return Item(user)


@operation("PUT", ME, tag="me")
async def update_me(call: Call, body: ProfileChange) -> Item[User]:
    """Change one's own profile; it is the same in all organizations."""
    member = await change_profile(
        call.edge.database, call.org, call.organization_id, call.actor.id, body, actor=call.actor, now=call.now
    )
    return Item(present_user(call, member))


@operation("GET", ME + "/notifications", tag="me")
async def get_my_notifications(tx: ReadTx) -> Item[NoticePreferences]:
    """Read which mail one gets in this organization."""
    known = await notices.preferences_of(tx, [tx.actor.id])
    return Item(_preferences(known.get(tx.actor.id, DEFAULTS)))


@operation("PUT", ME + "/notifications", tag="me")
async def update_my_notifications(tx: WriteTx, body: NoticePreferencesBody) -> Item[NoticePreferences]:
    """Choose which mail one gets in this organization."""
    said = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET}
    return Item(_preferences(await choose(tx, said)))


def _preferences(wanted: Preferences) -> NoticePreferences:
    return NoticePreferences(**msgspec.structs.asdict(wanted))
