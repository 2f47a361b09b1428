"""Members of an organization."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import and_, bindparam, func, or_, select, update

from procession.domain.actors import Role
from procession.domain.guests import normal_email
from procession.domain.people import MemberStatus, MemberType, Profile, folded_name
from procession.storage import accounts
from procession.storage.dialect import is_in
from procession.storage.pages import Listing
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.lists import viewers
from procession.storage.tables.people import members
from procession.storage.tx import ReadTx, WriteTx


class NewMember(msgspec.Struct, frozen=True, kw_only=True):
    account: int
    email: str
    first_name: str
    last_name: str
    role: Role
    status: MemberStatus
    timezone: str
    invited_by: int | None
    type: MemberType = "standard"
    profile: Profile = Profile()


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows). `account` is the member's id on the wire."""

    account: int
    role: Role
    status: MemberStatus
    type: MemberType
    email: str
    folded_email: str
    first_name: str
    last_name: str
    folded_name: str
    timezone: str
    profile: Profile
    is_default_admin: bool = False
    invited_by: int | None = None
    activated_at: int | None = None
    approved_at: int | None = None
    disabled_at: int | None = None
    disabled_by: int | None = None
    reactivated_at: int | None = None
    reactivated_by: int | None = None
    last_login_at: int | None = None
    last_known_ip: str | None = None
    created_at: int
    updated_at: int

    @property
    def is_bot(self) -> bool:
        return self.type == "bot"

    @property
    def is_active_admin(self) -> bool:
        return self.role == "admin" and self.status == "active"


_rows = Mapper(Member, members)
_M = members.c
_here = and_(_M.org == bindparam("org"), _M.status != "deleted")
_list = Listing(
    _rows,
    sorts={
        "first_name": (_M.folded_name,),
        "name": (_M.folded_name,),
        "email": (_M.folded_email,),
        "created_at": (_M.created_at,),
        "last_updated": (_M.updated_at,),
    },
    tie=_M.account,
    filters={
        "but_status": _M.status != bindparam("but_status"),
        "pattern": or_(
            _M.folded_name.like(bindparam("pattern"), escape="\\"),
            _M.folded_email.like(bindparam("pattern"), escape="\\"),
        ),
        "among": is_in(_M.account, "among"),
    },
)
SORTS = tuple(_list.sorts)
list_page = _list.page

_by_id = Query(select(*_rows.columns).where(_here, _M.account == bindparam("account")))
_lock_by_id = Query(select(*_rows.columns).where(_here, _M.account == bindparam("account")).with_for_update())
_ever = Query(select(*_rows.columns).where(_M.org == bindparam("org"), _M.account == bindparam("account")))
_by_email = Query(select(*_rows.columns).where(_here, _M.folded_email == bindparam("email")))
_many = Query(select(*_rows.columns).where(_M.org == bindparam("org"), is_in(_M.account, "accounts")))
_all = Query(select(*_rows.columns).where(_here).order_by(_M.folded_name, _M.account))
_with_addresses = Query(select(_M.folded_email, _M.account).where(_here, is_in(_M.folded_email, "addresses")))
_lock_admins = Query(
    select(*_rows.columns)
    .where(_M.org == bindparam("org"), _M.role == "admin", _M.status == "active", _M.type != "bot")
    .order_by(_M.account)
    .with_for_update()
)
_has_default_admin = Query(
    select(func.count()).select_from(members).where(_M.org == bindparam("org"), _M.is_default_admin == 1)
)
_save = Query(
    update(members)
    .where(_M.org == bindparam("org_is"), _M.account == bindparam("account_is"))
    .values({name: bindparam(f"new_{name}") for name in _rows.names if name != "account"})
)


def new_member(new: NewMember, now: int) -> Member:
    return Member(
        account=new.account,
        role=new.role,
        status=new.status,
        type=new.type,
        email=new.email,
        folded_email=normal_email(new.email),
        first_name=new.first_name,
        last_name=new.last_name,
        folded_name=folded_name(new.first_name, new.last_name),
        timezone=new.timezone,
        profile=new.profile,
        invited_by=new.invited_by,
        activated_at=now if new.status == "active" else None,
        approved_at=now,
        created_at=now,
        updated_at=now,
    )


async def add(tx: WriteTx, member: Member) -> None:
    """Enter a member, and the organization among those of their account.

    Their viewer's counters start stale, so the first rebuild counts what groups already give.
    """
    await tx.insert(members, [_rows.write(member)])
    await accounts.join(tx.connection, member.account, tx.org)
    if not member.is_bot:
        await tx.insert(viewers, [{"account": member.account, "is_stale": 1}])


async def save(tx: WriteTx, member: Member) -> None:
    values = {f"new_{name}": value for name, value in _rows.write(member).items()}
    await tx.run(_save, org_is=tx.org, account_is=member.account, **values)


async def find(tx: ReadTx, account: int) -> Member | None:
    """The member, whatever their status but deleted."""
    return await _first(tx, _by_id, account=account)


async def find_ever(tx: ReadTx, account: int) -> Member | None:
    """The member, also one who was deleted."""
    return await _first(tx, _ever, account=account)


async def lock(tx: WriteTx, account: int) -> Member | None:
    return await _first(tx, _lock_by_id, account=account)


async def by_email(tx: ReadTx, email: str) -> Member | None:
    return await _first(tx, _by_email, email=normal_email(email))


async def many(tx: ReadTx, ids: Iterable[int]) -> dict[int, Member]:
    """Members by id, also disabled and deleted ones; one statement."""
    wanted = sorted(ids)
    rows = await tx.tuples(_many, accounts=wanted) if wanted else []
    return {member.account: member for member in map(_rows.read, rows)}


async def everyone(tx: ReadTx) -> list[Member]:
    """All members by name, whatever their status but deleted."""
    return [_rows.read(row) for row in await tx.tuples(_all)]


async def addresses_among(tx: ReadTx, emails: Iterable[str]) -> set[str]:
    """Which of these lower-case addresses belong to members."""
    return set(await with_addresses(tx, emails))


async def with_addresses(tx: ReadTx, emails: Iterable[str]) -> dict[str, int]:
    """The members, whatever their status, that these lower-case addresses belong to."""
    wanted = sorted(set(emails))
    return {row[0]: row[1] for row in await tx.tuples(_with_addresses, addresses=wanted)} if wanted else {}


async def lock_admins(tx: WriteTx) -> list[Member]:
    """The active administrators; nobody else can take their role from one of them until the commit.

    They come before any other member: whoever may take the last one away locks all of them first.
    """
    return [_rows.read(row) for row in await tx.tuples(_lock_admins)]


async def has_default_admin(tx: ReadTx) -> bool:
    return bool(await tx.value(_has_default_admin))


async def _first(tx: ReadTx, query: Query, **values: object) -> Member | None:
    rows: Sequence[tuple[object, ...]] = await tx.tuples(query, **values)
    return _rows.read(rows[0]) if rows else None
