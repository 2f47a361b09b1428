"""Conditions on time, as clients send them. Spec: api-templates 8.3, A-2.40 to A-2.42."""

from collections.abc import Callable

from msgspec import structs

from procession.domain.automations.rules import Interval, Operator
from procession.domain.calendar import CALENDAR_UNITS, CalendarUnit
from procession.domain.deadlines import MAX_OFFSET
from procession.domain.loose import as_int, as_object
from procession.domain.tasks import TIMED_TYPES
from procession.domain.templates import Step

WITHOUT_INTERVAL = (None, "", "any_time")


def read_interval(
    path: str, raw: object, operator: Operator, complain: Callable[[str, str], None]
) -> dict[str, object] | None:
    """`{value, unit}` of `overdue_by` and `due_in`, as it is kept; `overdue` has none."""
    if operator == "overdue":
        if raw not in WITHOUT_INTERVAL:
            complain(path, "The operation overdue takes no statement. Use overdue_by to wait for longer.")
        return None
    sent = as_object(raw)
    if sent is None:
        complain(path, f"The statement of {operator} must be an object with value and unit.")
        return None
    value = as_int(sent.get("value"))
    unit: CalendarUnit | None = next((each for each in CALENDAR_UNITS if each == sent.get("unit")), None)
    if value is None or not 1 <= value <= MAX_OFFSET:
        complain(f"{path}.value", f"The value must be a whole number from 1 to {MAX_OFFSET}.")
    if unit is None:
        complain(f"{path}.unit", f"The unit must be one of {', '.join(CALENDAR_UNITS)}.")
    return None if value is None or unit is None else structs.asdict(Interval(value, unit))


def senseless(operator: Operator, step: Step) -> str | None:
    """Why the test can never be met by this step."""
    if operator in ("overdue", "overdue_by") and step.step_type in TIMED_TYPES:
        return "This step closes by itself when it is due, so it is never overdue. Use the operation expired."
    return None
