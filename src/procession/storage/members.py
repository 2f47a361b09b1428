"""Members of an organization."""

import msgspec

from procession.domain.actors import Role
from procession.domain.events import happened
from procession.domain.names import fold
from procession.storage.tables.lists import viewers
from procession.storage.tables.people import members
from procession.storage.tx import WriteTx


class NewMember(msgspec.Struct, frozen=True, kw_only=True):
    account: int
    email: str
    first_name: str
    last_name: str
    role: Role
    status: str
    timezone: str
    invited_by: int | None
    type: str = "standard"


async def add(tx: WriteTx, member: NewMember) -> None:
    """Enter a member. Their viewer's counters start stale, so the first rebuild counts what groups already give."""
    active = member.status == "active"
    await tx.insert(
        members,
        [
            {
                "account": member.account,
                "role": member.role,
                "status": member.status,
                "type": member.type,
                "email": member.email,
                "first_name": member.first_name,
                "last_name": member.last_name,
                "folded_name": fold(f"{member.first_name} {member.last_name}"),
                "timezone": member.timezone,
                "profile": "{}",
                "is_default_admin": 0,
                "invited_by": member.invited_by,
                "activated_at": tx.now if active else None,
                "created_at": tx.now,
                "updated_at": tx.now,
            }
        ],
    )
    await tx.insert(viewers, [{"account": member.account, "is_stale": 1}])
    tx.record(happened("member.added", member.account, role=member.role, status=member.status))
    tx.rights_changed([member.account])
