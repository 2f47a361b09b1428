"""Who may do what with processes and tasks. Pure: `named` is everything the actor is named by
(storage.access.principals_of_caller). Spec: behaviour-people 2.3, 3.2, 3.3; api-tasks 4.
"""

from procession.domain.actors import Actor
from procession.domain.errors import NotAllowed
from procession.domain.listing import EVERYONE, principals_of
from procession.domain.processes import Owners, Process, Task

# Principals that may see a thing.
Seers = frozenset[str]
NOBODY: Seers = frozenset()


def require(allowed: bool, to: str) -> None:
    """Raise NotAllowed with a sentence unless `allowed`."""
    if not allowed:
        raise NotAllowed(f"You may not {to}.")


def may_see_process(actor: Actor, named: frozenset[str], process: Process) -> bool:
    """Spec: behaviour-people Q1, Q2."""
    return actor.is_admin or not named.isdisjoint(principals_of(process))


def may_edit_process(actor: Actor, named: frozenset[str], process: Process, *, may_edit_template: bool) -> bool:
    """A run editor. Light members never are, not even as owner or starter. Spec: behaviour-people Q6 (DEC-13)."""
    if actor.is_admin:
        return True
    if actor.role != "standard":
        return False
    related = actor.id in (process.owner, process.starter) or f"t:{process.template_id}" in named
    return related or (may_edit_template and may_see_process(actor, named, process))


def may_publish_process(actor: Actor, process: Process) -> bool:
    """An administrator, and who owns or started it unless they are light. Spec: behaviour-work B1, api-processes 9."""
    return actor.is_admin or (actor.role == "standard" and actor.id in (process.owner, process.starter))


def may_archive_process(actor: Actor, *, organization_allows: bool) -> bool:
    """Of a process the actor sees. Spec: behaviour-people 3.2 (DEC-15)."""
    return actor.is_admin or (actor.role == "standard" and organization_allows)


def is_assigned(named: frozenset[str], task: Task) -> bool:
    """Directly or through a group."""
    return is_assigned_to(named, task.owners)


def is_assigned_to(named: frozenset[str], owners: Owners) -> bool:
    return not named.isdisjoint(owners.principals)


def may_see_task(actor: Actor, named: frozenset[str], task: Task, process: Process | None) -> bool:
    """A secret task is seen by its assignees and administrators only. A guest sees own tasks.

    A stand-alone task is seen by members unless it is secret; by light members when it is theirs. Spec: 3.3.
    """
    if actor.is_admin or is_assigned(named, task):
        return True
    if actor.kind != "member" or task.top_secret:
        return False
    if process is not None:
        return may_see_process(actor, named, process)
    return task.starter == actor.id or not actor.is_light


def may_see_beside(actor: Actor, named: frozenset[str], task: Task) -> bool:
    """Of a task beside one the actor sees, in the same process: as `may_see_task`, members see the process."""
    return actor.is_admin or is_assigned(named, task) or (actor.kind == "member" and not task.top_secret)


def task_seers(task: Task, of_process: Seers) -> Seers:
    """The principals by which `may_see_task` lets a task be seen, administrators aside."""
    if task.top_secret:
        return task.owners.principals
    around = of_process if task.process is not None else frozenset({f"m:{task.starter}", EVERYONE})
    return task.owners.principals | around


def may_work_on_task(actor: Actor, named: frozenset[str], task: Task) -> bool:
    """Complete, answer, upload on a task the actor sees. Spec: behaviour-work 5.3, api-tasks 4."""
    if actor.is_admin or is_assigned(named, task):
        return True
    return actor.role == "standard" and not (task.can_complete_only_assignees or task.everyone_must_complete)


def may_edit_task(actor: Actor, named: frozenset[str], task: Task) -> bool:
    """Reassign, change title, deadline and switches, hide, clone, remind, for a task the actor sees."""
    if actor.is_admin or (task.is_oneoff and task.starter == actor.id):
        return True
    return actor.role == "standard" and (not task.can_complete_only_assignees or is_assigned(named, task))


def may_hide_task(actor: Actor, named: frozenset[str], task: Task) -> bool:
    """Hide it by hand, and bring it back. Spec: behaviour-work K1."""
    return not actor.is_light and may_edit_task(actor, named, task)


def may_reopen_task(actor: Actor, named: frozenset[str], task: Task) -> bool:
    """What a guest completed is reopened by administrators and standard members only; guests never reopen (R1)."""
    if actor.kind != "member" or (task.completer_guest is not None and actor.is_light):
        return False
    return may_work_on_task(actor, named, task)
