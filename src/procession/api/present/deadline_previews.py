"""Previewed deadlines as clients read them."""

from procession.api.contract.deadline_previews import DeadlinePreview, DeadlineShift
from procession.domain.calendar import local_time
from procession.domain.deadline_previews import Preview
from procession.domain.times import wire


def present_deadline_preview(preview: Preview, title: str, zone: str) -> DeadlinePreview:
    return DeadlinePreview(
        step_id=preview.step_id,
        title=title,
        value=preview.sign * preview.value,
        unit=preview.unit,
        counted_from_step=preview.anchor,
        counted_from=wire(preview.counted_from),
        counted=wire(preview.raw),
        deadline=wire(preview.at),
        deadline_local=local_time(preview.at, zone).isoformat(timespec="seconds"),
        is_held=preview.is_held,
        shifts=[
            DeadlineShift(each.kind, each.name, each.starts_on.isoformat(), each.ends_on.isoformat())
            for each in preview.shifts
        ],
    )
