"""Form fields with answers. Spec: api-conventions 18.3."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from procession.api.contract.forms import FormField
from procession.api.present.template_fields import common_shape
from procession.domain.calculating.sheet import is_required_now, standing
from procession.domain.fields import Field


def present_form(
    fields: Sequence[Field],
    answers: Mapping[str, Any] | None,
    *,
    zone: str,
    task_id: str | None = None,
    step_id: str | None = None,
    guide: Callable[[str], str] | None = None,
) -> list[FormField]:
    """Fields in their order, each with its answer and how it stands; without both when `answers` is None.

    `zone` is the organization's, for a form with rules. `guide` makes what readers see of the stored guidance.
    """
    shown: list[FormField] = []
    found = standing(fields, answers or {}, zone)
    for field in fields:
        answer = UNSET if answers is None else answers.get(field.id)
        made = FormField(
            task_id=task_id,
            step_id=step_id,
            unique_id=None,
            field_value=answer,
            value=answer,
            is_hidden=UNSET if answers is None else field.id in found.hidden,
            is_required=UNSET if answers is None else is_required_now(field, found),
            **common_shape(field),
        )
        if guide is not None and made.guidance:
            made.guidance = guide(made.guidance)
        shown.append(made)
    return shown
