"""The templates of seeded organizations, made as people make them: step by step."""

from collections.abc import Sequence
from typing import Any

from procession.domain.deadlines import START_RUN, StepDeadline
from procession.domain.processes import TaskType
from procession.domain.template_permissions import Permission
from procession.domain.templates import Step, TemplateRow
from procession.seed import words
from procession.storage.tx import WriteTx
from procession.usecases import stages, step_fields, steps, template_access, template_permissions, templates
from procession.usecases.steps import StepInput
from procession.usecases.template_permissions import PermissionList
from procession.usecases.templates import TemplateInput

# Every so many-th step waits for the one before it, and is due so long after its completion.
WAITS_EVERY = 4
WAIT_DAYS = 3
# The theme whose processes everybody may see.
FOR_ALL_EYES = 4
REGIONS = ("North", "South", "East", "West")

_REGION: dict[str, Any] = {
    "field_type": "dropdown",
    "label": "Region",
    "required": False,
    "options": [{"id": number, "text": text} for number, text in enumerate(REGIONS, 1)],
}


async def make_template(tx: WriteTx, number: int, *, tasks: int, group_ids: Sequence[str]) -> TemplateRow:
    """The template of the theme with this number, with `tasks` steps. The third is the only one with secret steps."""
    theme = words.THEMES[number]
    reference = {"field_type": "text", "label": "Reference", "required": False}
    row = await templates.create_template(
        tx, TemplateInput(title=theme.title, type="procedure", kickoff=[reference, _REGION])
    )
    made: list[Step] = []
    for place in range(tasks):
        given = StepInput(title=_title(place), values=_values(place, made, is_secret=number == 2 and place == 1))
        row, step = await steps.add_step(tx, row, given)
        made.append(step)
        if place % 3 == 0:
            note = {"field_type": "text", "label": "Note", "required": False}
            await step_fields.add_field(tx, row, step.id, note if place % 2 else _REGION)
            row = await template_access.editable(tx, row.id)
    for place, name in enumerate(words.STAGES):
        share = [step.id for step in made[place * len(made) // 3 : (place + 1) * len(made) // 3]]
        _, stage = await stages.add_stage(tx, row, name=name, position=None)
        row = await template_access.editable(tx, row.id)
        await stages.update_stage(tx, row, stage.id, name=None, position=None, steps=share)
        row = await template_access.editable(tx, row.id)
    await template_permissions.change_permissions(tx, row, _permissions(number, group_ids))
    return row


def _title(place: int) -> str:
    known, again = words.STEP_TITLES[place % len(words.STEP_TITLES)], place // len(words.STEP_TITLES)
    return f"{known} {again + 1}" if again else known


def _values(place: int, before: Sequence[Step], *, is_secret: bool) -> dict[str, Any]:
    kind: TaskType = "approval" if place % 6 == 4 else "expiring" if place % 10 == 9 else "task"
    rule = StepDeadline(2 * (place + 1), "days", "from", START_RUN)
    if place % WAITS_EVERY == WAITS_EVERY - 1:
        rule = StepDeadline(WAIT_DAYS, "days", "from", before[-1].id)
    return {"step_type": kind, "deadline": rule, "top_secret": is_secret}


def _permissions(number: int, group_ids: Sequence[str]) -> dict[Permission, tuple[int, PermissionList]]:
    """Everybody launches; a tenth of the processes is for all eyes, a third for one group, the rest for those in it."""
    everyone = PermissionList(everyone=True)
    lists: dict[Permission, tuple[int, PermissionList]] = {"READ": (0, everyone), "LAUNCH": (1, everyone)}
    if number == FOR_ALL_EYES:
        lists["PROCESS_READ"] = (2, everyone)
    elif number % 3 == 1:
        lists["PROCESS_READ"] = (2, PermissionList(groups=[group_ids[number % len(group_ids)]]))
    return lists
