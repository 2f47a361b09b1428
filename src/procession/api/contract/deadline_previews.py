"""When a template's steps would be due, and why. Spec: api-templates 8.7."""

from typing import Annotated

import msgspec
from msgspec import Meta

from procession.api.contract.steps import UnitName
from procession.api.params import Params
from procession.domain.deadline_previews import ShiftKind


class DeadlinePreviewParams(Params, frozen=True, kw_only=True):
    at: Annotated[str | None, Meta(description="The moment of the launch; now when absent.")] = None


class DeadlineShift(msgspec.Struct):
    """Days that were passed over, or a change of the clocks between, which keeps the time of day."""

    kind: ShiftKind
    name: Annotated[str | None, Meta(description="Of the holiday or closure.")]
    starts_on: str
    ends_on: str


class DeadlinePreview(msgspec.Struct):
    step_id: str
    title: str
    value: Annotated[int, Meta(description="Of `unit`; negative when it is counted back.")]
    unit: UnitName
    counted_from_step: Annotated[str, Meta(description="`start_run`, or the step whose deadline it is counted from.")]
    counted_from: str
    counted: Annotated[str, Meta(description="Where counting led, before it was moved into working time.")]
    deadline: str
    deadline_local: Annotated[str, Meta(description="By the clocks of the organization.")]
    is_held: Annotated[bool, Meta(description="Provisional: final when the step it waits for is completed.")]
    shifts: list[DeadlineShift]
