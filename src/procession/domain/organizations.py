"""What an administrator can set for an organization, with defaults. Spec: api-people 3.1, behaviour-people 8."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from procession.domain.calendar import ALL_HOURS, UNIT_WORDS, WEEKDAYS, Hours, WorkingWeek, is_zone, parse_working_days
from procession.domain.closings import Closure, HolidayCalendar, checked_closures
from procession.domain.deadlines import WANTED_UNIT
from procession.domain.errors import Invalid
from procession.domain.names import clean_name

MAX_NAME = 50
MAX_LINE = 255
MAX_TEXT = 65_535
DIGEST_DAYS = ("Monday", "Wednesday", "Friday")
ISO_DATES = "yyyy-MM-ddTHH:mm:ssZ"
WEBHOOK_DATE_FORMATS = (ISO_DATES, "d/m/Y h:i A T")


class DefaultDeadline(msgspec.Struct, frozen=True):
    """How long after its start a task without a deadline of its own is due."""

    type: str = "days"
    value: int = 5


class ArchiveAfter(msgspec.Struct, frozen=True):
    unit: str = "weeks"
    value: int = 52


class OrganizationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting; one that nobody has set has its default here. Names are those of the API."""

    timezone: str = "UTC"
    working_days: dict[str, Any] = {}
    holiday_calendar: HolidayCalendar | None = None
    closures: tuple[Closure, ...] = ()
    deadline_setting: str | None = None
    default_deadline: DefaultDeadline = DefaultDeadline()
    cadence_days: tuple[str, ...] = DIGEST_DAYS
    guest_cadence_days: tuple[str, ...] = DIGEST_DAYS

    auto_archive: bool = False
    auto_archive_processes_after: ArchiveAfter = ArchiveAfter()
    auto_complete_tasks: bool = False
    auto_complete_task_months: int = 18

    allow_user_invite: bool = True
    allow_manage_groups: bool = True
    restrict_blueprint_permissions: bool = True
    auto_join_signups: bool = False
    allow_template_creation: bool = True
    allow_archive: bool = True
    label_needs_edit: bool = False
    guest_only_assignment: bool = False
    automation_fire_once: bool | None = None
    maximum_group_assignment_limit: int = 0

    wyiwyg: bool = False
    webhook_date_field_format: str = ISO_DATES
    use_generative_ai: bool = False
    enable_custom_404_error: bool = False
    enable_onboarding_template: bool = False
    onboarding_template_id: str | None = None

    welcome_title: str | None = None
    welcome_description: str | None = None
    description: str | None = None
    industry: str | None = None
    purpose: str | None = None
    process_today: str | None = None
    address1: str | None = None
    address2: str | None = None
    address3: str | None = None
    country: str | None = None
    state: str | None = None
    city: str | None = None
    zipcode: str | None = None
    homepage_snippet: str | None = None
    onboarding_snippet: str | None = None
    guest_onboarding_snippet: str | None = None
    light_role_error_snippet: str | None = None
    global_css: str | None = None
    error_404_template: str | None = None

    def working_week(self) -> WorkingWeek:
        """The week the organization works, without its closures. Days nobody has set are worked at all hours."""
        return parse_working_days(self.working_days, self.timezone)


LONG_TEXTS = frozenset(
    {
        "description", "welcome_description", "homepage_snippet", "onboarding_snippet", "guest_onboarding_snippet",
        "light_role_error_snippet", "global_css", "error_404_template",
    }
)  # fmt: skip


def check_name(name: str) -> None:
    """Raises Invalid."""
    if not clean_name(name):
        raise Invalid({"name": ["The name field is required."]})
    if len(clean_name(name)) > MAX_NAME:
        raise Invalid({"name": [f"The name may not be greater than {MAX_NAME} characters."]})


def checked_settings(changes: Mapping[str, Any], *, timezone: str) -> dict[str, Any]:
    """Settings as they are stored, from values of the right types; `timezone` is the one in force until now.

    An empty text is stored as null. Raises Invalid with every fault.
    """
    errors: dict[str, list[Any]] = {}
    stored: dict[str, Any] = {}
    for name, value in changes.items():
        try:
            stored[name] = _CHECKS[name](value) if name in _CHECKS else _text(name, value)
        except ValueError as error:
            errors[name] = [str(error)]
    if "working_days" in changes:
        try:
            week = parse_working_days(changes["working_days"], timezone)
            stored["working_days"] = wire_week(week)
        except Invalid as invalid:
            errors |= invalid.errors
    if "closures" in changes:
        try:
            stored["closures"] = checked_closures(changes["closures"])
        except Invalid as invalid:
            errors |= invalid.errors
    if errors:
        raise Invalid(errors)
    return stored


def wire_week(week: WorkingWeek) -> dict[str, dict[str, Any]]:
    """A working week as the API shows it."""
    return {name: _wire_day(hours) for name, hours in zip(WEEKDAYS, week.days, strict=True)}


def _wire_day(hours: Hours | None) -> dict[str, Any]:
    shown = hours or ALL_HOURS
    return {
        "working": hours is not None,
        "all_hours": shown == ALL_HOURS,
        "start": _clock(shown.start),
        "end": _clock(shown.end),
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _text(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    most = MAX_TEXT if name in LONG_TEXTS else MAX_LINE
    if len(value) > most:
        raise ValueError(f"The {name.replace('_', ' ')} may not be greater than {most} characters.")
    return value or None


def _zone(value: str) -> str:
    if not is_zone(value):
        raise ValueError("The timezone must be the name of an IANA time zone.")
    return value


def _weekdays(value: list[str]) -> list[str]:
    days = [day.strip().capitalize() for day in value]
    if not set(days) <= set(WEEKDAYS):
        raise ValueError(f"Each day must be one of {', '.join(WEEKDAYS)}.")
    return [day for day in WEEKDAYS if day in days]


def _deadline(value: DefaultDeadline) -> dict[str, Any]:
    unit = UNIT_WORDS.get(value.type.lower())
    if unit is None:
        raise ValueError(WANTED_UNIT.replace("unit", "type", 1))
    if not 0 <= value.value <= 9999:
        raise ValueError("The value must be from 0 to 9999.")
    return {"type": unit, "value": value.value}


def _archive_after(value: ArchiveAfter) -> dict[str, Any]:
    unit = UNIT_WORDS.get(value.unit.lower())
    if unit not in ("days", "weeks"):
        raise ValueError("The unit must be days or weeks.")
    return {"unit": unit, "value": _within(value.value, 1, 90)}


def _within(value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise ValueError(f"The value must be from {least} to {most}.")
    return value


def _date_format(value: str) -> str:
    if value not in WEBHOOK_DATE_FORMATS:
        raise ValueError(f"The format must be {' or '.join(WEBHOOK_DATE_FORMATS)}.")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "timezone": _zone,
    "working_days": dict,
    "closures": list,
    "default_deadline": _deadline,
    "cadence_days": _weekdays,
    "guest_cadence_days": _weekdays,
    "auto_archive_processes_after": _archive_after,
    "auto_complete_task_months": lambda value: _within(value, 2, 24),
    "maximum_group_assignment_limit": lambda value: _within(value, 0, 10_000),
    "webhook_date_field_format": _date_format,
}
