"""Guests from rows."""

from collections.abc import Sequence

from procession.api.call import Call
from procession.api.contract.envelope import One
from procession.api.contract.guests import Guest, GuestDetails, GuestStats, ShortGuest
from procession.domain.times import wire, wire_or_none
from procession.storage import guests
from procession.storage.guests import Guest as GuestRow
from procession.storage.guests import Stats
from procession.storage.tx import ReadTx

INCLUDES = frozenset({"stats"})


def guest_link(call: Call, row: GuestRow) -> str:
    """The guest's own page. Whoever has the link acts as the guest. Spec: api-people 5.3."""
    return f"{call.base_url}/guest/{call.edge.secrets.open(row.sealed_code)}"


def present_guest(call: Call, row: GuestRow, *, deleted_at: int | None = None) -> Guest:
    may_copy_link = call.actor.role in ("admin", "standard") and deleted_at is None
    return Guest(
        id=row.id,
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        link=guest_link(call, row) if may_copy_link else None,
        last_accessed_at=wire_or_none(row.last_accessed_at),
        last_known_ip=None,
        last_known_country=None,
        created_at=wire(row.created_at),
        deleted_at=wire_or_none(deleted_at),
        details=_details(row),
    )


def _details(row: GuestRow) -> GuestDetails:
    known = row.details
    return GuestDetails(
        first_name=row.first_name,
        last_name=row.last_name,
        status=known.status,
        phone_1=known.phone_1,
        phone_2=known.phone_2,
        timezone=known.timezone,
        image_url=known.image_url,
        contact_url=known.contact_url,
        company_url=known.company_url,
        opportunity_url=known.opportunity_url,
        company_name=known.company_name,
        opportunity_name=known.opportunity_name,
        external_sync_source=known.external_sync_source,
        external_date_creation=wire_or_none(known.external_date_creation),
        cadence_days=None,
        associated_members=list(known.associated_members),
        last_city=None,
        last_country=None,
        last_accessed_at=wire_or_none(row.last_accessed_at),
        disabled_at=wire_or_none(row.disabled_at),
        disabled_on=wire_or_none(row.disabled_at),
        disabled_by=row.disabled_by,
        reactivated_at=wire_or_none(row.reactivated_at),
        reactivated_by=row.reactivated_by,
    )


async def present_guests(call: Call, tx: ReadTx, rows: Sequence[GuestRow], included: frozenset[str]) -> list[Guest]:
    """A page of guests with what was asked for; one statement more with figures, whatever the page."""
    shown = [present_guest(call, row) for row in rows]
    if "stats" in included:
        figures = await guests.stats(tx, [row.email for row in rows])
        for guest in shown:
            guest.stats = One(_stats(figures.get(guest.email, Stats())))
    return shown


def _stats(figures: Stats) -> GuestStats:
    return GuestStats(
        assigned_tasks=figures.assigned,
        tasks_completed=figures.completed,
        last_task_completed_at=wire_or_none(figures.last_completed_at),
        one_off_tasks_completed=figures.oneoff_completed,
        last_one_off_task_completed_at=wire_or_none(figures.last_oneoff_completed_at),
    )


def present_short_guest(row: GuestRow) -> ShortGuest:
    return ShortGuest(
        id=row.id,
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        disabled_at=wire_or_none(row.disabled_at),
    )
