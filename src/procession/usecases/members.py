"""Members: entering, inviting, roles, disabling, deleting. Spec: api-people 4, behaviour-people 4."""

import msgspec
from msgspec.structs import replace

from procession.domain.actors import Role
from procession.domain.calendar import is_zone
from procession.domain.emails import is_email
from procession.domain.errors import Invalid, NotFound, Protected
from procession.domain.events import happened
from procession.domain.guests import GuestKey
from procession.domain.people import (
    DELETED,
    LAST_ADMIN,
    NOT_DISABLED,
    deleted_email,
    folded_name,
    is_bot_email,
    name_faults,
    require_admin,
    require_inviter,
    require_person,
)
from procession.storage import (
    accounts,
    groups,
    guests,
    handovers,
    members,
    organizations,
    people,
    shared_templates,
    templates,
    tokens,
    watchers,
)
from procession.storage.members import Member, NewMember
from procession.storage.tx import WriteTx
from procession.usecases import photos, reassigning
from procession.usecases.inviting import mail_invitation
from procession.usecases.means import Means

MAX_MESSAGE = 5000
ALREADY_A_MEMBER = "This person is already a member of the organization."


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    first_name: str
    last_name: str
    role: Role
    message: str
    timezone: str


async def enter(tx: WriteTx, new: NewMember) -> Member:
    """Add a member; an organization's first administrator is its default one. Spec: behaviour-people P1."""
    member = members.new_member(new, tx.now)
    if member.is_active_admin and not await members.has_default_admin(tx):
        member = replace(member, is_default_admin=True)
    if await members.find_ever(tx, member.account) is None:
        await members.add(tx, member)
    else:  # deleted here before, and still known elsewhere
        await members.save(tx, member)
        await handovers.cancel(tx, member.account)
        await accounts.join(tx.connection, member.account, tx.org)
    tx.record(happened("member.added", member.account, role=member.role, status=member.status))
    tx.rights_changed([member.account])
    return member


async def enter_by_address(tx: WriteTx, new: NewMember) -> Member:
    """Add somebody whose address is nobody's here, or a guest's, who then becomes this member.

    Raises Invalid. Spec: behaviour-people I4, C1, C3.
    """
    await reassigning.hold_guest(tx, new.email.lower())
    await people.lock_addresses(tx)
    if await members.by_email(tx, new.email) is not None:
        raise Invalid({"email": [ALREADY_A_MEMBER]})
    member = await enter(tx, new)
    guest = await guests.lock(tx, GuestKey(email=member.folded_email))
    if guest is not None:
        in_groups = await groups.of_guest(tx, guest.id)
        await groups.add_member(tx, in_groups, member.account)
        await reassigning.guest_becomes_member(tx, guest.email, member.account, in_groups)
        await handovers.guest_becomes_member(tx, guest.email, member.account)
        await shared_templates.guest_becomes_member(tx, guest.email, member.account)
        await guests.remove(tx, guest, in_groups)
        tx.record(happened("guest.became_member", guest.id, email=guest.email, member=member.account))
    return member


async def invite(tx: WriteTx, invitation: Invitation, means: Means) -> Member:
    """Enter somebody as invited, with an account when they have none; who is invited already is told again.

    Raises NotAllowed, Invalid. Spec: api-people U5, behaviour-people 4.1.
    """
    settings = await organizations.settings_of(tx, tx.org)
    require_inviter(tx.actor, settings, role=invitation.role)
    _check(invitation)
    await reassigning.hold_guest(tx, invitation.email.lower())
    await people.lock_addresses(tx)
    known = await members.by_email(tx, invitation.email)
    if known is not None and known.status == "invited":
        tx.record(happened("member.invited_again", known.account, message=invitation.message))
        await mail_invitation(tx, known, invitation.message, means)
        return known
    account = await accounts.by_email(tx.connection, invitation.email)
    account_id = (
        account.id
        if account
        else await accounts.create(
            tx.connection,
            email=invitation.email,
            password_hash=None,
            first_name=invitation.first_name,
            last_name=invitation.last_name,
            timezone=invitation.timezone,
            now=tx.now,
        )
    )
    member = await enter_by_address(
        tx,
        NewMember(
            account=account_id,
            email=account.email if account else invitation.email,
            first_name=invitation.first_name,
            last_name=invitation.last_name,
            role=invitation.role,
            status="invited",
            timezone=invitation.timezone,
            invited_by=tx.actor.id,
        ),
    )
    tx.record(happened("member.invited", member.account, message=invitation.message))
    await mail_invitation(tx, member, invitation.message, means)
    return member


def _check(invitation: Invitation) -> None:
    errors = name_faults(invitation.first_name, invitation.last_name)
    if not is_email(invitation.email) or is_bot_email(invitation.email):
        errors["email"] = ["The email must be a valid email address."]
    if not invitation.message.strip():
        errors["message"] = ["The message field is required."]
    elif len(invitation.message) > MAX_MESSAGE:
        errors["message"] = [f"The message may not be greater than {MAX_MESSAGE} characters."]
    if not is_zone(invitation.timezone):
        errors["timezone"] = ["The timezone must be the name of an IANA time zone."]
    if errors:
        raise Invalid(errors)


async def change_role(tx: WriteTx, account: int, role: Role) -> Member:
    """Raises NotAllowed, NotFound, Protected. Spec: api-people U6, behaviour-people R1, R2."""
    member = await to_change_role(tx, account)
    if member.role == role:
        return member
    changed = replace(member, role=role, updated_at=tx.now)
    changed = await _keep_an_admin(tx, member, changed)
    await members.save(tx, changed)
    tx.record(happened("member.role_changed", account, before=member.role, after=role))
    tx.rights_changed([account])
    return changed


async def to_change_role(tx: WriteTx, account: int) -> Member:
    """The member, locked after the administrators. Raises NotAllowed, NotFound, Protected."""
    require_admin(tx.actor, "change roles")
    await members.lock_admins(tx)
    return await _locked_person(tx, account)


async def disable(tx: WriteTx, account: int) -> Member:
    """Sign-in and tokens end at once, groups are left, work stays. Raises NotAllowed, NotFound, Protected.

    Spec: api-people U7, behaviour-people D1.
    """
    require_admin(tx.actor, "disable members")
    await members.lock_admins(tx)
    member = await _locked_person(tx, account)
    if member.status == "disabled":
        return member
    changed = replace(member, status="disabled", disabled_at=tx.now, disabled_by=tx.actor.id or None, updated_at=tx.now)
    changed = await _keep_an_admin(tx, member, changed)
    await members.save(tx, changed)
    await _shut_out(tx, account)
    tx.record(happened("member.disabled", account))
    return changed


async def _shut_out(tx: WriteTx, account: int) -> None:
    """Out of groups and favourites, and no token opens anything here any more. Spec: behaviour-work L5, T-1.11."""
    await groups.leave_all(tx, account)
    await watchers.leave_all(tx, account)
    await templates.unstar_all(tx, account)
    if await accounts.is_elsewhere(tx.connection, account, tx.org):
        await tokens.revoke_for_organization(tx.connection, account, tx.org, tx.now)
    else:
        await tokens.revoke_all(tx.connection, account, tx.now)
    tx.rights_changed([account])


async def resign(tx: WriteTx, account: int) -> Member:
    """End a membership whose address is to be a guest's; returns the member as they were. History keeps the name.

    Raises NotFound, Protected. Spec: behaviour-people C2.
    """
    await members.lock_admins(tx)
    member = await _locked_person(tx, account)
    email = deleted_email(member.email, account)
    ended = replace(member, status="deleted", email=email, folded_email=email.lower(), updated_at=tx.now)
    ended = await _keep_an_admin(tx, member, ended)
    await members.save(tx, await photos.without(tx, ended))
    await accounts.leave(tx.connection, account, tx.org)
    await _shut_out(tx, account)
    return member


async def enable(tx: WriteTx, account: int) -> Member:
    """Bring somebody back: active, or invited when they never were; a handover that goes on ends.

    Raises NotAllowed, NotFound, Protected. Spec: api-people U8, behaviour-people D4, behaviour-work L9.
    """
    require_admin(tx.actor, "enable members")
    member = await _locked_person(tx, account)
    if member.status != "disabled":
        return member
    changed = replace(
        member,
        status="invited" if member.activated_at is None else "active",
        disabled_at=None,
        disabled_by=None,
        reactivated_at=tx.now,
        reactivated_by=tx.actor.id or None,
        updated_at=tx.now,
    )
    await members.save(tx, changed)
    await handovers.cancel(tx, account)
    tx.record(happened("member.enabled", account))
    tx.rights_changed([account])
    return changed


async def approve(tx: WriteTx, account: int) -> Member:
    """Let in somebody who signed up and waits. Raises NotAllowed, NotFound, Protected. Spec: api-people U11."""
    require_admin(tx.actor, "approve members")
    member = await _locked_person(tx, account)
    if member.approved_at is not None:
        return member
    changed = replace(member, approved_at=tx.now, updated_at=tx.now)
    await members.save(tx, changed)
    tx.record(happened("member.approved", account))
    return changed


async def delete(tx: WriteTx, account: int) -> Member:
    """Take a disabled member away; history keeps their id and shows the name as deleted.

    Raises NotAllowed, NotFound, Protected. Spec: api-people U10, behaviour-work L7.
    """
    require_admin(tx.actor, "delete members")
    member = await _locked_person(tx, account)
    if member.status != "disabled":
        raise Protected(NOT_DISABLED)
    email, last_name = deleted_email(member.email, account), f"{member.last_name} {DELETED}".strip()
    changed = replace(
        member,
        status="deleted",
        email=email,
        folded_email=email.lower(),
        last_name=last_name,
        folded_name=folded_name(member.first_name, last_name),
        updated_at=tx.now,
    )
    await members.save(tx, await photos.without(tx, changed))
    await accounts.leave(tx.connection, account, tx.org)
    if not await accounts.is_elsewhere(tx.connection, account, tx.org):
        await accounts.retire(tx.connection, account, email, tx.now)
    tx.record(happened("member.deleted", account))
    tx.rights_changed([account])
    return changed


async def _locked_person(tx: WriteTx, account: int) -> Member:
    member = await members.lock(tx, account)
    if member is None:
        raise NotFound
    require_person(member.type)
    return member


async def _keep_an_admin(tx: WriteTx, before: Member, after: Member) -> Member:
    """`after` with its default-administrator mark as it must be; hands the mark on when the member loses it.

    Raises Protected when no active administrator would be left. Spec: behaviour-people R2, R3.
    """
    if after.is_active_admin:
        is_first = not await members.has_default_admin(tx)
        return replace(after, is_default_admin=before.is_default_admin or is_first)
    if not before.is_active_admin:
        return after
    others = [each for each in await members.lock_admins(tx) if each.account != before.account]
    if not others:
        raise Protected(LAST_ADMIN)
    if before.is_default_admin:
        heir = replace(others[0], is_default_admin=True)
        await members.save(tx, heir)
        tx.record(happened("member.made_default_admin", heir.account))
    return replace(after, is_default_admin=False)
