"""Guests: create, change, disable, remove, make a member. Spec: api-people 5, behaviour-people 4.4, 5."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from procession.adapters.secrets import Secrets, new_token
from procession.domain.actors import Role
from procession.domain.emails import is_email
from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.guests import MEMBERS_ADDRESS, GuestDetails, GuestKey, checked_details, normal_email
from procession.domain.people import is_bot_email, name_faults, require_admin, require_full_member
from procession.storage import accounts, groups, guests, handovers, kickoff_visits, members, people, shared_templates
from procession.storage.guests import Guest
from procession.storage.members import Member, NewMember
from procession.storage.shared_work import people_of_caller
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import reassigning
from procession.usecases.members import enter_by_address

NOT_AN_ADDRESS = "The guest must be a valid email address."
UNKNOWN_GUEST = "There is no guest with this address."


async def ensure(
    tx: WriteTx, secrets: Secrets, emails: Sequence[str], *, field: str = "owners.guests"
) -> dict[str, int]:
    """The guests with these addresses, made where there are none: lower-case address to id.

    Raises Invalid at `<field>.<index>` for what is no address, and for addresses of members.
    Spec: api-conventions 18.1, behaviour-people 5.1.
    """
    wanted = [normal_email(email) for email in emails]
    errors: dict[str, list[str]] = {
        f"{field}.{index}": [NOT_AN_ADDRESS] for index, email in enumerate(wanted) if not _may_be_a_guests(email)
    }
    if errors:
        raise Invalid(errors)
    known = await guests.hold(tx, wanted)
    if len(known) < len(set(wanted)):
        await people.lock_addresses(tx)
        taken = await members.addresses_among(tx, wanted)
        if taken:
            raise Invalid(
                {f"{field}.{index}": [MEMBERS_ADDRESS] for index, email in enumerate(wanted) if email in taken}
            )
        known = await guests.hold(tx, wanted)
        missing = [email for email in dict.fromkeys(wanted) if email not in known]
        known |= {guest.email: guest for guest in await _enter(tx, secrets, missing)}
    return {email: known[email].id for email in wanted}


def _may_be_a_guests(email: str) -> bool:
    return is_email(email) and not is_bot_email(email)


async def _enter(tx: WriteTx, secrets: Secrets, emails: Sequence[str]) -> list[Guest]:
    """New guests with links of their own; the addresses are locked and nobody's."""
    if not emails:
        return []
    first = await tx.next_number("guest", len(emails))
    made: list[Guest] = []
    for number, email in enumerate(emails, start=first):
        code = new_token()
        made.append(
            Guest(
                id=number,
                email=email,
                code_hash=secrets.keyed_hash(code),
                sealed_code=secrets.seal(code),
                created_at=tx.now,
                updated_at=tx.now,
            )
        )
    await guests.add(tx, made)
    tx.record(*[happened("guest.created", guest.id, email=guest.email) for guest in made])
    return made


async def create(tx: WriteTx, secrets: Secrets, email: str, record: Mapping[str, Any]) -> tuple[Guest, bool]:
    """A guest with this record, and whether they are new: one who is here already is returned as they are.

    Raises NotAllowed, Invalid. Spec: api-people G4, 5.1.
    """
    require_full_member(tx.actor, "create guests")
    checked = await _checked(tx, record)
    if not _may_be_a_guests(normal_email(email)):
        raise Invalid({"email": ["The email must be a valid email address."]})
    await people.lock_addresses(tx)
    if await members.by_email(tx, email) is not None:
        raise Invalid({"email": [MEMBERS_ADDRESS]})
    known = await guests.find(tx, GuestKey(email=normal_email(email)))
    if known is not None:
        return known, False
    [guest] = await _enter(tx, secrets, [normal_email(email)])
    guest = _with_record(guest, checked)
    await guests.save(tx, guest)
    return guest, True


async def update(tx: WriteTx, key: GuestKey, record: Mapping[str, Any]) -> Guest:
    """Change what the record mentions. Raises NotAllowed, NotFound, Invalid. Spec: api-people G5."""
    before = await managed(tx, key)
    guest = _with_record(before, await _checked(tx, record))
    if guest == before:
        return before
    guest = replace(guest, updated_at=tx.now)
    await guests.save(tx, guest)
    tx.record(happened("guest.updated", guest.id, changed=sorted(record)))
    return guest


async def disable(tx: WriteTx, key: GuestKey) -> Guest:
    """Their link shows nothing any more. Raises NotAllowed, NotFound. Spec: api-people G7, behaviour-people G8."""
    require_admin(tx.actor, "disable guests")
    guest = await _locked(tx, key)
    if guest.disabled_at is not None:
        return guest
    guest = replace(guest, disabled_at=tx.now, disabled_by=tx.actor.id, updated_at=tx.now)
    await guests.save(tx, guest)
    tx.record(happened("guest.disabled", guest.id))
    return guest


async def enable(tx: WriteTx, key: GuestKey) -> Guest:
    """Raises NotAllowed, NotFound. Spec: api-people G8."""
    require_admin(tx.actor, "enable guests")
    guest = await _locked(tx, key)
    if guest.disabled_at is None:
        return guest
    guest = replace(
        guest,
        disabled_at=None,
        disabled_by=None,
        reactivated_at=tx.now,
        reactivated_by=tx.actor.id,
        updated_at=tx.now,
    )
    await guests.save(tx, guest)
    tx.record(happened("guest.enabled", guest.id))
    return guest


async def remove(tx: WriteTx, key: GuestKey) -> Guest:
    """Take the guest out of the organization and its groups. Raises NotAllowed, Invalid. Spec: api-people G6."""
    require_admin(tx.actor, "remove guests")
    guest = await _leaving(tx, key)
    if guest is None:
        raise Invalid({"email": [UNKNOWN_GUEST]})
    await reassigning.drop_guest(tx, guest.email)
    await handovers.guest_is_gone(tx, guest.email)
    await shared_templates.drop_guest(tx, guest.email)
    await kickoff_visits.forget_person(tx, guest.email)
    await guests.remove(tx, guest, await groups.of_guest(tx, guest.id))
    tx.record(happened("guest.removed", guest.id, email=guest.email))
    return guest


async def to_member(
    tx: WriteTx, key: GuestKey, *, role: Role, first_name: str | None, last_name: str | None, timezone: str
) -> Member:
    """Invite the guest as a member; groups are kept, the link ends. Raises NotAllowed, NotFound, Invalid.

    Spec: api-people G9, behaviour-people C1.
    """
    guest = await to_become_member(tx, key)
    account = await accounts.by_email(tx.connection, guest.email)
    first = first_name or guest.first_name or guest.email.partition("@")[0]
    last = last_name or guest.last_name or ""
    if first_name is not None or last_name is not None:
        errors = name_faults(first, last or "-")
        if errors:
            raise Invalid(errors)
    account_id = (
        account.id
        if account
        else await accounts.create(
            tx.connection,
            email=guest.email,
            password_hash=None,
            first_name=first,
            last_name=last,
            timezone=guest.details.timezone or timezone,
            now=tx.now,
        )
    )
    return await enter_by_address(
        tx,
        NewMember(
            account=account_id,
            email=account.email if account else guest.email,
            first_name=first,
            last_name=last,
            role=role,
            status="invited",
            timezone=guest.details.timezone or timezone,
            invited_by=tx.actor.id,
        ),
    )


async def readable(tx: ReadTx, key: GuestKey) -> Guest:
    """The guest; light members know those they work with. Raises NotFound."""
    guest = await guests.find(tx, key)
    if guest is None or (tx.actor.is_light and guest.email not in (await people_of_caller(tx)).guests):
        raise NotFound
    return guest


async def managed(tx: WriteTx, key: GuestKey) -> Guest:
    """The guest, locked for a change of their record. Raises NotAllowed, NotFound."""
    require_full_member(tx.actor, "change guests")
    return await _locked(tx, key)


async def to_become_member(tx: WriteTx, key: GuestKey) -> Guest:
    """The guest, locked after the processes that name them. Raises NotAllowed, NotFound."""
    require_admin(tx.actor, "make guests members")
    guest = await _leaving(tx, key)
    if guest is None:
        raise NotFound
    return guest


async def _leaving(tx: WriteTx, key: GuestKey) -> Guest | None:
    """The guest, locked after the processes that name them."""
    known = await guests.find(tx, key)
    if known is not None:
        await reassigning.hold_guest(tx, known.email)
    return await guests.lock(tx, key)


async def _locked(tx: WriteTx, key: GuestKey) -> Guest:
    guest = await guests.lock(tx, key)
    if guest is None:
        raise NotFound
    return guest


async def _checked(tx: WriteTx, record: Mapping[str, Any]) -> dict[str, Any]:
    checked = checked_details(dict(record))
    if "associated_members" in record:
        wanted: Sequence[int] = record["associated_members"]
        found = await people.assignable(tx, wanted, ())
        errors = {
            f"associated_members.{index}": ["The selected member is invalid."]
            for index, member in enumerate(wanted)
            if member not in found.members
        }
        if errors:
            raise Invalid(errors)
        checked["associated_members"] = tuple(dict.fromkeys(wanted))
    return checked


def _with_record(guest: Guest, checked: Mapping[str, Any]) -> Guest:
    names = {name: value for name, value in checked.items() if name in ("first_name", "last_name")}
    details = {name: value for name, value in checked.items() if name in GuestDetails.__struct_fields__}
    return replace(guest, **names, details=replace(guest.details, **details))
