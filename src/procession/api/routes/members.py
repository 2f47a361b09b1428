"""Members. Spec: api-people 4."""

from procession.api.call import Call
from procession.api.contract.envelope import Item, Many, Paginated
from procession.api.contract.guests import Guest
from procession.api.contract.people import (
    HandoverOut,
    InvitationBody,
    RemovalParams,
    RoleBody,
    ShortUser,
    User,
    UserListParams,
    UserParams,
)
from procession.api.lists import answered, asked_page, contains, includes
from procession.api.operations import operation
from procession.api.present.guests import present_guest
from procession.api.present.people import (
    INCLUDES,
    present_handover,
    present_short_user,
    present_user,
    present_users,
)
from procession.domain.actors import Role
from procession.domain.errors import Invalid, NotFound
from procession.domain.names import clean_name, fold
from procession.domain.people import ProfileChange, parse_role, require_admin
from procession.storage import members, organizations
from procession.storage.shared_work import people_of_caller
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import handing_over, remaining_parts
from procession.usecases import members as change
from procession.usecases.accounts import change_profile, profile_to_change
from procession.usecases.members import Invitation

USERS = "/organizations/{org_id}/users"
USER = USERS + "/{user_id}"
EVERYBODY_PER_PAGE = 9999


@operation("GET", USERS, tag="members", etag=True)
async def list_members(tx: ReadTx, call: Call, params: UserListParams) -> Paginated[User]:
    """List members of every status by name, the bot included; light members see those they work with.

    All come on one page unless `per_page` says otherwise.
    """
    asked, page = asked_page(
        call,
        params,
        sorts=members.SORTS,
        default_sort="first_name",
        per_page=EVERYBODY_PER_PAGE,
        cap=EVERYBODY_PER_PAGE,
    )
    where: dict[str, object] = {"but_status": "deleted"}
    if params.q:
        where["pattern"] = contains(fold(params.q))
    if tx.actor.is_light:
        where["among"] = sorted((await people_of_caller(tx)).members)
    rows, total = await members.list_page(tx, where, asked)
    users = await present_users(call, tx, rows, includes(call, params.with_, INCLUDES), capitalised=True)
    return answered(call, users, total, page)


@operation("GET", "/organizations/{org_id}/users-list", tag="members", etag=True)
async def list_member_names(tx: ReadTx) -> Many[ShortUser]:
    """List all members briefly, for pickers and for the names of assignees."""
    return Many([present_short_user(member) for member in await members.everyone(tx)])


@operation("GET", USER, tag="members", etag=True)
async def get_member(tx: ReadTx, call: Call, user_id: int, params: UserParams) -> Item[User]:
    """Read one member; administrators only."""
    require_admin(tx.actor, "read the profiles of members")
    member = await members.find(tx, user_id)
    if member is None:
        raise NotFound
    [user] = await present_users(call, tx, [member], includes(call, params.with_, INCLUDES), capitalised=True)
    return Item(user)


@operation("PUT", USER, tag="members", errors=(400,), first=profile_to_change)
async def update_member(call: Call, user_id: int, body: ProfileChange) -> Item[User]:
    """Change a member's profile; administrators only, and only of people who are in no other organization."""
    member = await change_profile(
        call.edge.database, call.org, call.organization_id, user_id, body, actor=call.actor, now=call.now
    )
    return Item(present_user(call, member))


@operation("POST", USERS + "/invite", tag="members")
async def invite_member(tx: WriteTx, call: Call, body: InvitationBody) -> Item[User]:
    """Invite somebody; standard members may when the organization allows it, but not as an administrator."""
    settings = await organizations.settings_of(tx, tx.org)
    invitation = Invitation(
        email=body.email.strip(),
        first_name=clean_name(body.first_name),
        last_name=clean_name(body.last_name),
        role=_role(body.role),
        message=body.message,
        timezone=body.timezone or settings.timezone,
    )
    return Item(present_user(call, await change.invite(tx, invitation, call.edge.means)))


@operation("PUT", USER + "/role", tag="members", errors=(400,), first=change.to_change_role)
async def change_member_role(tx: WriteTx, call: Call, user_id: int, body: RoleBody) -> Item[User]:
    """Change a member's role at once; administrators only."""
    return Item(present_user(call, await change.change_role(tx, user_id, _role(body.role))))


@operation("DELETE", USER + "/disable", tag="members", errors=(400,))
async def disable_member(tx: WriteTx, call: Call, user_id: int) -> Item[User]:
    """Disable a member: tokens end at once, groups are left, work stays; administrators only."""
    return Item(present_user(call, await remaining_parts.disable_member(tx, user_id, call.means)))


@operation("DELETE", USER, tag="members", errors=(400, 422))
async def remove_member(tx: WriteTx, call: Call, user_id: int, params: RemovalParams) -> Item[User]:
    """Disable a member; `with_reassignment` hands what they have to do and own over to the member `to`.

    The account ends at once; much work is handed over in the background (`handover` says how far it has come).
    Administrators only.
    """
    if params.with_reassignment is not True:
        return Item(present_user(call, await remaining_parts.disable_member(tx, user_id, call.means)))
    return Item(present_user(call, await handing_over.remove_member(tx, user_id, params.to, call.means)))


@operation("GET", USER + "/handover", tag="members")
async def get_handover(tx: ReadTx, user_id: int) -> Item[HandoverOut]:
    """Read how far handing over a former member's work has come; administrators only."""
    return Item(present_handover(await handing_over.readable(tx, user_id)))


@operation("PUT", USER + "/to/guest", tag="members", errors=(400, 422))
async def make_member_a_guest(tx: WriteTx, call: Call, user_id: int) -> Item[Guest]:
    """Make a member a guest with the same address, who keeps their open tasks; administrators only.

    What guests cannot have (templates, running processes, planned launches) is the caller's from then on.
    """
    guest = await handing_over.make_guest(tx, user_id, call.means)
    return Item(present_guest(call, guest))


@operation("PUT", USER + "/enable", tag="members", errors=(400,))
async def enable_member(tx: WriteTx, call: Call, user_id: int) -> Item[User]:
    """Enable a disabled member; administrators only."""
    return Item(present_user(call, await change.enable(tx, user_id)))


@operation("PUT", USER + "/approve", tag="members", errors=(400,))
async def approve_member(tx: WriteTx, call: Call, user_id: int) -> Item[User]:
    """Let in somebody who signed up and waits; administrators only."""
    return Item(present_user(call, await change.approve(tx, user_id)))


@operation("DELETE", USER + "/delete", tag="members", errors=(400,))
async def delete_member(tx: WriteTx, call: Call, user_id: int) -> Item[User]:
    """Delete a disabled member; history keeps the id. Administrators only."""
    return Item(present_user(call, await change.delete(tx, user_id)))


def _role(text: str) -> Role:
    role = parse_role(text)
    if role is None:
        raise Invalid({"role": ["The role must be admin, standard or light."]})
    return role
