"""Recurring launches on the wire. Spec: api-processes 21."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.params import PageParams
from procession.domain.recurrence import CatchUp, Frequency

Times = Annotated[list[str], Meta(description="HH:MM by the clocks of the zone; default: the time of `starts_at`.")]
Rule = Annotated[str | None, Meta(description="An RFC 5545 rule instead of a frequency.")]
CatchUpChoice = Annotated[
    CatchUp, Meta(description="What becomes of slots that were missed: none is launched, the last one, or all.")
]


class RecurringJob(msgspec.Struct):
    """A template that is launched by itself, again and again."""

    id: int
    checklist_id: str
    owner_id: int
    frequency: Frequency | None
    interval: int
    weekdays: list[str]
    day_of_month: int | None
    month: int | None
    times: list[str]
    rrule: Annotated[str | None, Meta(description="As it was sent.")]
    rules: Annotated[list[str], Meta(description="What the schedule comes to, as RFC 5545 rules.")]
    timezone: Annotated[str | None, Meta(description="null: the organization's.")]
    starts_at: str
    ends_at: str | None
    name: str | None
    prerun: Any
    tasks: Any
    roles: Any
    tags: list[str] | None
    folders: list[str] | None
    users: list[int] | None
    groups: list[str] | None
    skip_if_open: bool
    catch_up: CatchUpChoice
    is_active: bool
    paused_reason: str | None
    next_run_at: str | None
    next_runs: Annotated[list[str], Meta(description="The next ten slots.")]
    last_run_at: str | None
    last_run_id: str | None
    last_error: str | None
    created_at: str
    last_updated: str


class RecurringJobListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the name, or of the template's title.")] = None
    checklist_id: Annotated[str | None, Meta(description="The template that is launched.")] = None
    is_active: Annotated[bool | None, Meta(description="Only those that are (or are not) paused.")] = None


class RecurrenceBody(msgspec.Struct, kw_only=True):
    """When something is due: a frequency with what belongs to it, or an rrule."""

    frequency: Frequency | UnsetType | None = UNSET
    interval: int | UnsetType = UNSET
    weekdays: list[str] | UnsetType = UNSET
    day_of_month: int | UnsetType | None = UNSET
    month: int | UnsetType | None = UNSET
    times: Times | UnsetType = UNSET
    rrule: Rule | UnsetType = UNSET
    timezone: str | UnsetType | None = UNSET
    starts_at: Annotated[str, Meta(description="The first possible slot; default now.")] | UnsetType = UNSET
    ends_at: str | UnsetType | None = UNSET


class RecurringJobChange(RecurrenceBody, kw_only=True):
    """What is not mentioned stays. `is_active` true also takes back a pause that the server made."""

    owner_id: int | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    prerun: dict[str, Any] | list[Any] | UnsetType | None = UNSET
    tasks: dict[str, Any] | list[Any] | UnsetType | None = UNSET
    roles: dict[str, Any] | list[Any] | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    folders: list[str] | UnsetType | None = UNSET
    users: list[int] | UnsetType | None = UNSET
    groups: list[str] | UnsetType | None = UNSET
    skip_if_open: bool | UnsetType = UNSET
    catch_up: CatchUpChoice | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class RecurringJobBody(RecurringJobChange, kw_only=True):
    """A new recurring launch."""

    checklist_id: str


class NextRuns(msgspec.Struct):
    """What a schedule comes to."""

    rules: list[str]
    next_runs: list[str]
