"""The calendar an organization's deadlines are counted by: its week, its closures, the holidays of its country."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from msgspec.structs import replace

from procession.adapters.public_holidays import countries, holidays_of
from procession.domain.calendar import WorkingWeek
from procession.domain.closings import Closings, HolidayCalendar
from procession.domain.errors import Invalid
from procession.domain.fields import Field
from procession.domain.form_rules import has_rules
from procession.domain.organizations import OrganizationSettings
from procession.storage import organizations
from procession.storage.tx import ReadTx


def calendar_of(settings: OrganizationSettings) -> WorkingWeek:
    week, chosen = settings.working_week(), settings.holiday_calendar
    if chosen is None and not settings.closures:
        return week
    holidays = None if chosen is None else partial(holidays_of, chosen.country, chosen.subdivision)
    return replace(week, closings=Closings(settings.closures, holidays))


def checked_holidays(sent: HolidayCalendar | None) -> dict[str, Any] | None:
    """As it is stored. Raises Invalid naming what there is instead."""
    if sent is None:
        return None
    country = sent.country.strip().upper()
    parts = countries().get(country)
    if parts is None:
        wanted = "There are no holidays of this country. Send its two-letter ISO code, such as DE or US."
        raise Invalid({"holiday_calendar.country": [wanted]})
    subdivision = (sent.subdivision or "").strip() or None
    if subdivision is not None and subdivision not in parts:
        known = ", ".join(sorted(parts)) or "none"
        raise Invalid(
            {"holiday_calendar.subdivision": [f"The parts of {country} with holidays of their own: {known}."]}
        )
    return {"country": country, "subdivision": subdivision}


async def zone_for(tx: ReadTx, fields: Iterable[Field]) -> str:
    """The organization's zone, where the form depends on it; no statement for a form without rules. Spec: T-11.70."""
    return (await organizations.settings_of(tx, tx.org)).timezone if has_rules(fields) else "UTC"
