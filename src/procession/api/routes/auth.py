"""Signing in and out with a password. Spec: api-people 1.6."""

from procession.api.call import Answer, Call
from procession.api.contract.auth import Credentials, ForgottenBody, PasswordBody, ResetBody, Session, Told
from procession.api.contract.envelope import Item
from procession.api.contract.people import User
from procession.api.edge import bearer_token
from procession.api.errors import HttpRefusal
from procession.api.operations import operation
from procession.api.present.people import present_user
from procession.domain.actors import Actor
from procession.domain.errors import Invalid, NotFound, Unauthenticated
from procession.domain.times import SECOND, wire
from procession.storage import members
from procession.storage.tx import reading
from procession.usecases import password_codes
from procession.usecases import sign_in as signing
from procession.usecases.attempts import MustWait
from procession.usecases.sign_in import SignedIn

MAILED = "If somebody here has this address, a code to set another password is on its way to it."
IS_SET = "Your password is set. Sign in with it."
WRONG_CREDENTIALS = "The e-mail address or the password is not right."


@operation("POST", "/auth/login", tag="auth", auth="public", errors=(401,))
async def sign_in(call: Call, body: Credentials) -> Session:
    """Sign in with e-mail address and password; the answer is the same whether or not the address is known.

    Repeated failures make the address wait, in the end for 15 minutes (429).
    """
    edge = call.edge
    headers = call.request.headers
    actor = Actor(kind="nobody", address=edge.client_address(call.request), client=headers.get("x-tallyfy-client"))
    outcome = await signing.sign_in(
        edge.database, edge.secrets, email=body.email, password=body.password, actor=actor, now=call.now
    )
    if isinstance(outcome, MustWait):
        raise _too_many(outcome)
    if not isinstance(outcome, SignedIn):
        if outcome.account is not None:
            edge.later(signing.note_failure(edge.database, outcome.account, actor=actor, now=call.now))
        raise Unauthenticated(WRONG_CREDENTIALS)
    session = Session(
        access_token=outcome.token,
        token_type="Bearer",  # noqa: S106  # a kind of token, no secret
        expire=wire(outcome.expires_at),
        expires_in=(outcome.expires_at - call.now) // SECOND,
    )
    return Answer(session, headers={"Cache-Control": "no-store"})  # pyright: ignore[reportReturnType]  # the same body, with a header


@operation("POST", "/auth/logout", tag="auth", auth="account", status=204)
async def sign_out(call: Call) -> None:
    """End the sign-in whose token is used. Personal tokens stay until they are revoked."""
    await signing.sign_out(call.edge.database, _token(call), now=call.now)


@operation("PUT", "/organizations/{org_id}/me/update-password", tag="auth")
async def change_password(call: Call, body: PasswordBody) -> Item[User]:
    """Change one's own password; other sign-ins end."""
    _require_confirmed(body)
    edge = call.edge
    waiting = await signing.change_password(
        edge.database,
        edge.secrets,
        current=body.current_password,
        new=body.password,
        min_length=edge.settings.password_min_length,
        token=_token(call),
        actor=call.actor,
        now=call.now,
    )
    if waiting is not None:
        raise _too_many(waiting)
    async with reading(edge.database, call.org, call.organization_id, call.actor, call.now) as tx:
        member = await members.find(tx, call.actor.id)
    if member is None:
        raise NotFound
    return Item(present_user(call, member))


@operation("POST", "/auth/password/forgot", tag="auth", auth="public", errors=(422,))
async def forgot_password(call: Call, body: ForgottenBody) -> Told:
    """Mail a code to set another password; the answer is the same whether or not the address is known.

    Repeated requests make the address wait, in the end for 15 minutes (429). 422 `MAIL_NOT_SET_UP` where the server
    sends no mail.
    """
    edge = call.edge
    waiting = await password_codes.may_ask(edge.database, edge.secrets, body.email, call.now, edge.means)
    if waiting is not None:
        raise _too_many(waiting)
    # Beside the answer, which takes as long for an address that nobody has.
    edge.later(password_codes.send_code(edge.database, body.email, call.now, edge.means))
    return Told(MAILED)


@operation("POST", "/auth/password/reset", tag="auth", auth="public", errors=(422,))
async def reset_password(call: Call, body: ResetBody) -> Told:
    """Set a password with a code that was mailed; all sign-ins end, access tokens stay."""
    _require_confirmed(body)
    edge = call.edge
    actor = Actor(kind="nobody", address=edge.client_address(call.request))
    await password_codes.set_password(
        edge.database,
        code=body.code,
        password=body.password,
        min_length=edge.settings.password_min_length,
        actor=actor,
        now=call.now,
        means=edge.means,
    )
    return Told(IS_SET)


def _require_confirmed(body: PasswordBody | ResetBody) -> None:
    if body.password_confirmation is not None and body.password_confirmation != body.password:
        raise Invalid({"password_confirmation": ["The password confirmation does not match."]})


def _token(call: Call) -> str:
    return bearer_token(call.request.headers.get("authorization")) or ""


def _too_many(waiting: MustWait) -> HttpRefusal:
    sentence = f"Too many failed attempts. Please try again in {waiting.seconds} seconds."
    return HttpRefusal(429, "RATE_LIMIT_EXCEEDED", sentence, {"Retry-After": str(waiting.seconds)})
