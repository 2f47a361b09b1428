"""Taking back what somebody did just before: what has to be remembered for it, and the state it leads back to.

Spec: behaviour-work 5.9.
"""

from collections.abc import Collection, Mapping

import msgspec
from msgspec.structs import replace

from procession.domain.actors import Actor
from procession.domain.automations.state import RuleState
from procession.domain.errors import WrongState
from procession.domain.permissions import may_edit_task, may_hide_task, may_reopen_task, may_work_on_task
from procession.domain.processes import Owners, Process, Task
from procession.domain.threads import shown_to

# What can be undone, by its event, as a person calls it.
ACTS: Mapping[str, str] = {
    "task.completed": "completed this task",
    "task.part_completed": "completed a part of this task",
    "task.reopened": "reopened this task",
    "task.assigned": "reassigned this task",
    "task.hidden": "hid this task",
    "task.shown": "showed this task",
    "process.archived": "archived this process",
    "process.restored": "restored this process",
}


class CannotUndo(WrongState):
    code = "CANNOT_UNDO"


class Before(msgspec.Struct, frozen=True):
    """A process without the tasks that stayed the same, or a task that stands alone, before something was done.

    `added` are the numbers of tasks that were not there. `rules` is what the process remembered of its rules; None when
    that did not change.
    """

    process: Process | None
    tasks: tuple[Task, ...]
    rules: RuleState | None = None
    added: tuple[int, ...] = ()


def before_of(former: Process, latter: Process, rules: RuleState | None = None) -> Before:
    """What leads back from the saved process to what it was."""
    now = {task.seq: task for task in latter.tasks}
    changed = tuple(task for task in former.tasks if now.get(task.seq) != task)
    known = {task.seq for task in former.tasks}
    added = tuple(task.seq for task in latter.tasks if task.seq not in known)
    return Before(replace(former, tasks=()), changed, rules, added)


def may_do_again(actor: Actor, named: frozenset[str], act: str, before: Task) -> bool:
    """Whether somebody who did this to the task might do it now, were the task as before. Spec: W5."""
    match act:
        case "task.completed" | "task.part_completed":
            return may_work_on_task(actor, named, before)
        case "task.reopened":
            return may_reopen_task(actor, named, before)
        case "task.assigned":
            return may_edit_task(actor, named, before)
        case _:
            return may_hide_task(actor, named, before)


def commented(before: Before, mentioned: Collection[int]) -> Before:
    """What leads back when somebody has commented since: whom they mentioned still sees the process then."""
    return before if before.process is None else replace(before, process=shown_to(before.process, mentioned))


def rules_back(before: RuleState, now: RuleState) -> RuleState:
    """What the process remembers of its rules again; what was launched is not launched anew. Spec: A-4.73."""
    return replace(before, launched=now.launched, passed=now.passed)


def restored(current: Process, before: Before) -> Process:
    """The process as it was. Comments stay, and so do tags, folder and stars."""
    assert before.process is not None
    former = {task.seq: task for task in before.tasks}
    return replace(
        before.process,
        tasks=tuple(
            restored_task(task, former.get(task.seq, task)) for task in current.tasks if task.seq not in before.added
        ),
        tags=current.tags,
        folder=current.folder,
        starred_by=current.starred_by,
    )


def restored_task(current: Task, before: Task) -> Task:
    """The task as it was, with the comments there are."""
    return replace(before, improvements=current.improvements)


def people_back(before: Before, current: tuple[Task, ...]) -> Owners:
    """Everybody who would have a task again that they do not have now."""
    now = {task.seq: task.owners for task in current}
    nobody = Owners()
    users = {each for task in before.tasks for each in set(task.owners.users) - set(now.get(task.seq, nobody).users)}
    guests = {each for task in before.tasks for each in set(task.owners.guests) - set(now.get(task.seq, nobody).guests)}
    groups = {each for task in before.tasks for each in set(task.owners.groups) - set(now.get(task.seq, nobody).groups)}
    return Owners(tuple(sorted(users)), tuple(sorted(guests)), tuple(sorted(groups)))
