"""What a locked task waits for. Spec: behaviour-work 5.8a."""

from procession.api.contract.shared import Blocker
from procession.domain.processes import Task


def blocker(task: Task, title: str | None) -> Blocker:
    """`title` None: the caller may not see the task."""
    return Blocker(None, None, None) if title is None else Blocker(task.id, task.step_id, title)
