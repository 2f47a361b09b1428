"""Milestones, of templates and of processes. Spec: behaviour-templates 5.3, behaviour-work 4."""

from collections.abc import Iterable, Sequence

import msgspec

MAX_STAGE_NAME = 250
MAX_STAGES = 500


class Stage(msgspec.Struct, frozen=True):
    """A milestone; steps and tasks name theirs. Spec: T-5.20, S1."""

    id: str
    name: str


def placed(stages: Sequence[Stage], stage: Stage, position: int | None) -> tuple[Stage, ...]:
    """With a new or changed stage; None keeps the place of a known one and appends a new one."""
    index = next((at for at, each in enumerate(stages) if each.id == stage.id), None)
    rest = [each for each in stages if each.id != stage.id]
    if position is None:
        position = len(rest) + 1 if index is None else index + 1
    rest.insert(position - 1, stage)
    return tuple(rest)


def without(stages: Iterable[Stage], stage_id: str) -> tuple[Stage, ...]:
    return tuple(each for each in stages if each.id != stage_id)


def find(stages: Iterable[Stage], stage_id: str | None) -> Stage | None:
    return next((each for each in stages if each.id == stage_id), None)
