"""Which mail a member wants. Spec: behaviour-people 10.3."""

from typing import Literal

import msgspec

Switch = Literal[
    "task_assignments",
    "others_updates",
    "comments",
    "mentions",
    "process_completed",
    "deadline_changes",
    "assignment_changes",
    "task_edits",
]


class Preferences(msgspec.Struct, frozen=True):
    """What a member is mailed. `stop_all` prevails. Column names and fields agree (storage.notices)."""

    task_assignments: bool = True
    others_updates: bool = True
    comments: bool = True
    mentions: bool = True
    process_completed: bool = True
    deadline_changes: bool = True
    assignment_changes: bool = True
    task_edits: bool = True
    stop_all: bool = False

    def wants(self, switch: Switch | None) -> bool:
        """Whether mail of this kind is wanted; None: there is no switch of its own."""
        return not self.stop_all and (switch is None or bool(getattr(self, switch)))


DEFAULTS = Preferences()
