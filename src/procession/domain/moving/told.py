"""What is told of a move: each thing in data and in a sentence."""

from typing import Any, Literal

import msgspec

What = Literal["added", "changed", "kept", "lost"]
Part = Literal["step", "field", "kickoff_field", "rule", "process"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One thing: `part_id` is a step, field or rule, `task_id` the task it concerns, `attribute` what of it."""

    what: What
    part: Part
    part_id: str | None = None
    task_id: str | None = None
    name: str | None = None
    attribute: str | None = None
    before: Any = None  # JSON
    after: Any = None  # JSON
    sentence: str


class Report(msgspec.Struct, frozen=True):
    """`unchanged` is the number of tasks that stay as they are."""

    told: tuple[Told, ...]
    unchanged: int
