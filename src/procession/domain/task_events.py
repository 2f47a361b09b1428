"""What the event log says of a task that was assigned or completed."""

from procession.domain.events import Event, happened
from procession.domain.processes import Owners, Task

NOBODY = Owners()


def assigned(task: Task, former: Owners = NOBODY) -> Event:
    """The event of a task that is now assigned to other people than before."""
    now, before = task.owners.principals, former.principals
    return happened(
        "task.assigned", task.id, process=task.process, added=sorted(now - before), removed=sorted(before - now)
    )


def completion_event(task: Task) -> Event:
    return happened(
        "task.completed",
        task.id,
        process=task.process,
        task_type=task.task_type,
        is_approved=task.is_approved,
        completer=task.completer,
        completer_guest=task.completer_guest,
    )
