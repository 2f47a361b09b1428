"""Members from rows."""

from collections.abc import Mapping, Sequence

from procession.api.call import Call
from procession.api.contract.envelope import Many
from procession.api.contract.people import GroupOfMember, HandoverOut, ShortUser, User
from procession.api.present.watchers import WATCHERS, add_watchers
from procession.domain.handing_over import Handover
from procession.domain.people import full_name, utc_offset
from procession.domain.times import MINUTE, wire, wire_or_none
from procession.storage import groups
from procession.storage.accounts import Account
from procession.storage.groups import Group, GroupPeople
from procession.storage.members import Member
from procession.storage.tx import ReadTx

INCLUDES = frozenset({"groups", *WATCHERS})
QUARTER = 15 * MINUTE


def present_user(call: Call, member: Member, *, capitalised: bool = False) -> User:
    """A member as the caller may see them. Roles are capitalised on reads of members (Spec: api-people 4.2)."""
    # Clocks are changed at whole quarters of an hour, so until the next one the offset is right.
    call.changes_at((call.now // QUARTER + 1) * QUARTER)
    status = "disabled" if member.status == "deleted" else member.status
    return User(
        id=member.account,
        email=member.email,
        username=member.email,
        first_name=member.first_name,
        last_name=member.last_name,
        full_name=full_name(member.first_name, member.last_name),
        profile_pic=member.profile.profile_pic,
        locale=member.profile.locale,
        phone=member.profile.phone,
        job_title=member.profile.job_title,
        job_description=member.profile.job_description,
        team=member.profile.team,
        role=member.role.capitalize() if capitalised else member.role,
        status=status,
        active=status == "active",
        is_active=status == "active",
        complete=member.last_login_at is not None,
        is_suspended=False,
        is_default_admin=member.is_default_admin,
        support_user=False,
        type=member.type,
        country_id=member.profile.country_id,
        timezone=member.timezone,
        UTC_offset=utc_offset(member.timezone, call.now),
        date_format=member.profile.date_format,
        created_at=wire(member.created_at),
        last_updated=wire(member.updated_at),
        updated_at=wire(member.updated_at),
        last_login_at=wire_or_none(member.last_login_at),
        last_accessed_at=wire_or_none(member.last_login_at),
        activated_at=wire_or_none(member.activated_at),
        approved_at=wire_or_none(member.approved_at),
        disabled_at=wire_or_none(member.disabled_at),
        reactivated_at=wire_or_none(member.reactivated_at),
        invited_by=member.invited_by,
        disabled_by=member.disabled_by,
        reactivated_by=member.reactivated_by,
        last_known_ip=member.last_known_ip if call.actor.is_admin else None,
        last_known_country=None,
        step_preferences=member.profile.step_preferences,
    )


def present_handover(handover: Handover) -> HandoverOut:
    return HandoverOut(
        user_id=handover.leaver,
        to=handover.guest or handover.member,
        by=handover.asked_by,
        status=handover.status,
        tasks=handover.tasks,
        processes=handover.processes,
        templates=handover.templates,
        created_at=wire(handover.created_at),
        last_updated=wire(handover.updated_at),
        finished_at=wire_or_none(handover.finished_at),
    )


async def present_users(
    call: Call, tx: ReadTx, members: Sequence[Member], included: frozenset[str], *, capitalised: bool = False
) -> list[User]:
    """A page of members with what was asked for; two statements more with groups, whatever the page."""
    users = [present_user(call, member, capitalised=capitalised) for member in members]
    if "groups" in included:
        of_members = await groups.of_members(tx, [user.id for user in users])
        people = await groups.members_of(tx, {group.id for each in of_members.values() for group in each})
        for user in users:
            user.groups = present_groups_of(of_members[user.id], people)
    if tx.actor.is_admin:
        await add_watchers(tx, "member", [user.id for user in users], users, included)
    return users


def present_groups_of(found: Sequence[Group], people: Mapping[str, GroupPeople]) -> Many[GroupOfMember]:
    return Many(
        [
            GroupOfMember(
                id=group.id,
                name=group.name,
                logo=None,
                members=list(people[group.id].members),
                guests=list(people[group.id].guests),
            )
            for group in found
        ]
    )


def present_short_user(member: Member) -> ShortUser:
    return ShortUser(
        id=member.account,
        first_name=member.first_name,
        last_name=member.last_name,
        full_name=full_name(member.first_name, member.last_name),
        email=member.email,
        profile_pic=member.profile.profile_pic,
        status=member.status,
        type=member.type,
    )


def present_account(call: Call, account: Account) -> User:
    """A signed-in person who is in no organization."""
    return User(
        id=account.id,
        email=account.email,
        username=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        full_name=full_name(account.first_name, account.last_name),
        profile_pic=account.profile.profile_pic,
        locale=account.profile.locale,
        phone=account.profile.phone,
        job_title=account.profile.job_title,
        job_description=account.profile.job_description,
        team=account.profile.team,
        role=None,
        status="active",
        active=True,
        is_active=True,
        complete=account.last_login_at is not None,
        is_suspended=False,
        is_default_admin=False,
        support_user=False,
        type="standard",
        country_id=account.profile.country_id,
        timezone=account.timezone,
        UTC_offset=utc_offset(account.timezone, call.now),
        date_format=account.profile.date_format,
        created_at=wire(account.created_at),
        last_updated=wire(account.updated_at),
        updated_at=wire(account.updated_at),
        last_login_at=wire_or_none(account.last_login_at),
        last_accessed_at=wire_or_none(account.last_login_at),
        activated_at=wire(account.created_at),
        approved_at=wire(account.created_at),
        disabled_at=None,
        reactivated_at=None,
        invited_by=None,
        disabled_by=None,
        reactivated_by=None,
        last_known_ip=None,
        last_known_country=None,
        step_preferences=account.profile.step_preferences,
    )
