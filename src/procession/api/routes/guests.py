"""Guests. Spec: api-people 5. In paths a guest is an e-mail address, an id or the code of their link."""

from procession.api.call import Answer, Call
from procession.api.contract.envelope import Item, Many, Paginated
from procession.api.contract.guests import (
    Guest,
    GuestBody,
    GuestListParams,
    GuestParams,
    GuestRecord,
    MemberFromGuest,
    ShortGuest,
)
from procession.api.contract.people import User
from procession.api.errors import HttpRefusal
from procession.api.lists import answered, asked_page, contains, includes
from procession.api.operations import operation
from procession.api.present.guests import INCLUDES, present_guest, present_guests, present_short_guest
from procession.api.present.people import present_user
from procession.domain.errors import Invalid
from procession.domain.guests import GuestKey
from procession.domain.names import fold
from procession.domain.people import parse_role
from procession.domain.times import HOUR
from procession.storage import guests, organizations
from procession.storage.pages import Page
from procession.storage.shared_work import people_of_caller
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import guests as change
from procession.usecases import remaining_parts

GUESTS = "/organizations/{org_id}/guests"
GUEST = GUESTS + "/{guest}"
EVERYBODY_PER_PAGE = 999
MAX_ID_DIGITS = 15


def guest_key(call: Call, text: str) -> GuestKey:
    if "@" in text:
        return GuestKey(email=text.lower())
    if text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS:
        return GuestKey(id=int(text))
    return GuestKey(code_hash=call.edge.secrets.keyed_hash(text))


async def managed_guest(tx: WriteTx, call: Call, guest: str) -> None:
    """Raises NotAllowed, NotFound."""
    await change.managed(tx, guest_key(call, guest))


async def guest_to_become_member(tx: WriteTx, call: Call, guest: str) -> None:
    """Raises NotAllowed, NotFound."""
    await change.to_become_member(tx, guest_key(call, guest))


@operation("GET", GUESTS, tag="guests", etag=True)
async def list_guests(tx: ReadTx, call: Call, params: GuestListParams) -> Paginated[Guest]:
    """List guests, oldest first; light members see those they work with. Up to 999 come on one page."""
    asked, page = asked_page(
        call, params, sorts=guests.SORTS, default_sort="created_at", per_page=EVERYBODY_PER_PAGE, cap=EVERYBODY_PER_PAGE
    )
    where = await _visible(tx)
    if params.q:
        where["pattern"] = contains(fold(params.q))
    rows, total = await guests.list_page(tx, where, asked)
    shown = await present_guests(call, tx, rows, includes(call, params.with_, INCLUDES))
    return answered(call, shown, total, page)


@operation("GET", "/organizations/{org_id}/guests-list", tag="guests", etag=True)
async def list_guest_names(tx: ReadTx) -> Many[ShortGuest]:
    """List all guests briefly, for pickers; light members see those they work with."""
    rows, _ = await guests.list_page(tx, await _visible(tx), Page(sort="email"))
    return Many([present_short_guest(row) for row in rows])


@operation("GET", GUEST, tag="guests", etag=True)
async def get_guest(tx: ReadTx, call: Call, guest: str, params: GuestParams) -> Item[Guest]:
    """Read one guest."""
    row = await change.readable(tx, guest_key(call, guest))
    [shown] = await present_guests(call, tx, [row], includes(call, params.with_, INCLUDES))
    return Item(shown)


@operation("POST", GUESTS, tag="guests", status=201, also=(200,), shows_secret=True)
async def create_guest(tx: WriteTx, call: Call, body: GuestBody) -> Item[Guest]:
    """Create a guest; who is one already is answered as they are, with 200."""
    row, is_new = await change.create(tx, call.edge.secrets, body.email, body.mentioned())
    if is_new:
        await refuse_too_many(tx, call)
    shown = Item(present_guest(call, row))
    return shown if is_new else Answer(shown, status=200)  # pyright: ignore[reportReturnType]  # the same body, another status


@operation("PUT", GUEST, tag="guests", first=managed_guest)
async def update_guest(tx: WriteTx, call: Call, guest: str, body: GuestRecord) -> Item[Guest]:
    """Change a guest's record; the e-mail address never changes."""
    return Item(present_guest(call, await change.update(tx, guest_key(call, guest), body.mentioned())))


@operation("DELETE", GUEST, tag="guests", errors=(422,))
async def delete_guest(tx: WriteTx, call: Call, guest: str) -> Item[Guest]:
    """Remove a guest from the organization; administrators only."""
    row = await remaining_parts.remove_guest(tx, guest_key(call, guest), call.means)
    return Item(present_guest(call, row, deleted_at=tx.now))


@operation("DELETE", GUEST + "/disable", tag="guests")
async def disable_guest(tx: WriteTx, call: Call, guest: str) -> Item[Guest]:
    """Stop a guest's link; administrators only."""
    return Item(present_guest(call, await change.disable(tx, guest_key(call, guest))))


@operation("PUT", GUEST + "/enable", tag="guests")
async def enable_guest(tx: WriteTx, call: Call, guest: str) -> Item[Guest]:
    """Let a guest's link work again; administrators only."""
    return Item(present_guest(call, await change.enable(tx, guest_key(call, guest))))


@operation("POST", GUEST + "/to/member", tag="guests", uses_up=True, first=guest_to_become_member)
async def make_guest_member(tx: WriteTx, call: Call, guest: str, body: MemberFromGuest) -> Item[User]:
    """Invite a guest as a member, standard unless said otherwise; their link ends. Administrators only."""
    role = parse_role(body.role) if body.role else "standard"
    if role is None:
        raise Invalid({"role": ["The role must be admin, standard or light."]})
    settings = await organizations.settings_of(tx, tx.org)
    member = await change.to_member(
        tx,
        guest_key(call, guest),
        role=role,
        first_name=body.first_name,
        last_name=body.last_name,
        timezone=settings.timezone,
    )
    return Item(present_user(call, member))


async def _visible(tx: ReadTx) -> dict[str, object]:
    return {"among": sorted((await people_of_caller(tx)).guests)} if tx.actor.is_light else {}


async def refuse_too_many(tx: WriteTx, call: Call) -> None:
    """Spec: api-conventions 15, a cap that is off by default."""
    most = call.edge.settings.guest_invites_per_hour
    if not most:
        return
    made, first = await guests.made_since(tx, tx.now - HOUR)
    if made > most and first is not None:
        sentence = f"You've reached the hourly limit for guest invites ({most} per hour per organization)."
        wait = max(1, -(-(first + HOUR - tx.now) // 1000))
        raise HttpRefusal(429, "RATE_LIMIT_EXCEEDED", f"{sentence} Please try again later.", {"Retry-After": str(wait)})
