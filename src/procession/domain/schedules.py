"""Schedules: templates that are launched by themselves. Spec: behaviour-launching 12, api-processes 21."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from procession.domain.names import MAX_NAME, clean_name, fold
from procession.domain.recurrence import CatchUp, Recurrence
from procession.domain.times import Millis

Paused = Literal["owner_inactive", "no_launch_permission", "template_archived", "validation_failed"]

NEXT_SHOWN = 10


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What a launch is given besides its template and its owner, as it was sent."""

    name: str | None = None
    prerun: Any = None
    tasks: Any = None
    roles: Any = None
    tags: tuple[str, ...] | None = None
    folders: tuple[str, ...] | None = None
    users: tuple[int, ...] | None = None
    groups: tuple[str, ...] | None = None


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows).

    `next_run_at`: the slot that is launched next; None when it is paused, or has no slot left. `paused_reason` says
    why it was paused by itself.
    """

    id: int
    template_id: str
    owner: int
    folded_name: str = ""
    recurrence: Recurrence
    launch: Launch = Launch()
    skip_if_open: bool = False
    catch_up: CatchUp = "last"
    is_active: bool = True
    paused_reason: Paused | None = None
    next_run_at: Millis | None = None
    last_run_at: Millis | None = None
    last_run_id: str | None = None
    last_error: str | None = None
    created_at: Millis
    updated_at: Millis

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "folded_name", fold(self.launch.name or ""))


def name_fault(name: str | None) -> str | None:
    if len(clean_name(name or "")) > MAX_NAME:
        return f"The name may not be greater than {MAX_NAME} characters."
    return None


def default_name(at: datetime) -> str:
    """The pattern of a process that is launched by itself, by the organization's clock. Spec: L-5.4."""
    hour = at.hour % 12 or 12
    half = "am" if at.hour < 12 else "pm"
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[at.month - 1]
    return f"{month} {at.day}, {hour}:{at.minute:02}{half} - {{{{TEMPLATE_NAME}}}}"
