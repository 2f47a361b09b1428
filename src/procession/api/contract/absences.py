"""Absences on the wire. Spec: api-people 4.6."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.params import PageParams

Day = Annotated[str, Meta(description="YYYY-MM-DD, by the clocks of the organization.")]


class Absence(msgspec.Struct):
    """A member is away from one day to another, both included."""

    id: int
    user_id: int
    starts_on: Day
    ends_on: Day
    deputy_id: Annotated[int | None, Meta(description="Who gets the member's tasks too.")]
    created_at: str
    last_updated: str


class AbsenceListParams(PageParams, frozen=True, kw_only=True):
    user_id: Annotated[int | None, Meta(description="Whose absences.")] = None
    until: Annotated[str | None, Meta(description="Only those that end on this day (YYYY-MM-DD) or later.")] = None


class AbsenceBody(msgspec.Struct):
    starts_on: Day
    ends_on: Day
    user_id: Annotated[int | None, Meta(description="Default: the caller; others for administrators.")] = None
    deputy_id: int | None = None


class AbsenceChange(msgspec.Struct):
    """What is not mentioned stays."""

    starts_on: Day | UnsetType = UNSET
    ends_on: Day | UnsetType = UNSET
    deputy_id: int | UnsetType | None = UNSET
