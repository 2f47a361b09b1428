"""What somebody who leaves hands over to somebody else: open work, what templates and rules give them, what they own.

Spec: behaviour-work 12, behaviour-people D2, C2, behaviour-automations A-7.9, A-11.4.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from procession.domain.assignees import merged, with_accountable_member
from procession.domain.automations.rules import Rule
from procession.domain.automations.state import Effect, owners_as_json
from procession.domain.job_titles import JobTitle
from procession.domain.planned_people import with_people
from procession.domain.processes import Owners, Process, State, Task
from procession.domain.schedules import Schedule
from procession.domain.templates import Step, Template
from procession.domain.times import Millis

HandoverStatus = Literal["running", "finished", "cancelled"]

NOT_TO_ONESELF = "The work cannot be reassigned to the member who is removed."
NOT_ACTIVE = "There is no active member with this id."
REQUIRED = "The to field is required when with reassignment is set."


class Succession(msgspec.Struct, frozen=True):
    """Who has taken over from `leaver`: a member, or a guest; then `member` has what guests cannot have (L10)."""

    leaver: int
    member: int
    guest: str | None = None

    @property
    def part(self) -> str:
        """How parts of tasks name the leaver."""
        return f"m:{self.leaver}"

    def owners(self, owners: Owners, *, allows_guests: bool = True) -> Owners:
        """The assignees with the successor in the leaver's place."""
        if self.leaver not in owners.users:
            return owners
        if self.guest is None or not allows_guests:
            users = dict.fromkeys(self.owner(each) for each in owners.users)
            return Owners(tuple(users), owners.guests, owners.groups)
        return merged(replace(owners, users=self.members(owners.users)), Owners(guests=(self.guest,)))

    def owner(self, member: int) -> int:
        """Whoever owns a thing that the leaver may have owned."""
        return self.member if member == self.leaver else member

    def members(self, users: tuple[int, ...]) -> tuple[int, ...]:
        """A list that only members are on: a guest takes nobody's place there."""
        if self.guest is None:
            return tuple(dict.fromkeys(self.owner(each) for each in users))
        return tuple(each for each in users if each != self.leaver)


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows). `member` and `guest` are whoever has the work by now."""

    id: int
    leaver: int
    member: int
    guest: str | None = None
    asked_by: int
    status: HandoverStatus = "running"
    tasks: int = 0
    processes: int = 0
    templates: int = 0
    created_at: Millis
    updated_at: Millis
    finished_at: Millis | None = None

    @property
    def succession(self) -> Succession:
        return Succession(self.leaver, self.member, self.guest)


def task_handed_over(task: Task, to: Succession, *, accountable: int, guest_only: bool) -> Task:
    """Completed work stays whose it was, and so does a part that the leaver has done. Spec: L3, L11."""
    if task.is_completed or to.part in task.parts or to.leaver not in task.owners.users:
        return task
    owners = to.owners(task.owners, allows_guests=task.allow_guest_owners)
    return replace(task, owners=with_accountable_member(owners, accountable, guest_only=guest_only))


def process_handed_over(process: Process, to: Succession, *, accountable: int, guest_only: bool) -> Process:
    """With its open tasks, hidden ones too; a running one has another owner, and another to fill in its form."""
    tasks = tuple(task_handed_over(task, to, accountable=accountable, guest_only=guest_only) for task in process.tasks)
    if process.state is not State.OPEN:
        return replace(process, tasks=tasks)
    waits_for_form = process.assign_someone_else and process.prerun_status == "incomplete"
    return replace(
        process,
        tasks=tasks,
        owner=to.owner(process.owner),
        users=tuple(dict.fromkeys(map(to.owner, process.users))) if waits_for_form else process.users,
    )


def document_handed_over(document: Template, to: Succession) -> Template:
    """Steps, rules, and whoever launches by the public form. Spec: A-11.4, L8."""
    sharer = document.kickoff_sharing_user_id
    return replace(
        document,
        users=to.members(document.users),
        kickoff_sharing_user_id=None if sharer is None else to.owner(sharer),
        steps=tuple(_step(step, to) for step in document.steps),
        rules=rules_handed_over(document.rules, [to]),
    )


def _step(step: Step, to: Succession) -> Step:
    before = Owners(step.assignees, step.guests, step.groups)
    after = to.owners(before, allows_guests=step.allow_guest_owners)
    return step if after == before else replace(step, assignees=after.users, guests=after.guests)


def rules_handed_over(rules: tuple[Rule, ...], successions: Iterable[Succession]) -> tuple[Rule, ...]:
    for to in successions:
        rules = tuple(
            replace(
                rule,
                actions=tuple(replace(each, assignees=to.owners(each.assignees)) for each in rule.actions),
            )
            for rule in rules
        )
    return rules


def effects_handed_over(
    effects: Mapping[str, tuple[Effect, ...]], process: Process, successions: Iterable[Succession]
) -> dict[str, tuple[Effect, ...]]:
    """What re-opening a step gives back, and from whom: whoever has taken over by now. Spec: A-9.4, A-11.4."""
    found, tasks = dict(effects), {task.seq: task for task in process.tasks}
    for to in successions:
        found = {step: tuple(_effect(each, tasks, to) for each in caused) for step, caused in found.items()}
    return found


def _effect(effect: Effect, tasks: Mapping[int, Task], to: Succession) -> Effect:
    if effect.attribute != "assignment":
        return effect
    before, after = (msgspec.convert(each, Owners) for each in (effect.before, effect.after))
    task = tasks.get(effect.task)
    # Leavers keep the tasks of which they have done their part, and all others for a moment.
    if task is None or to.leaver not in task.owners.users:
        after = to.owners(after)
    return replace(effect, before=owners_as_json(to.owners(before)), after=owners_as_json(after))


def job_title_handed_over(title: JobTitle, to: Succession) -> JobTitle:
    return replace(title, users=to.members(title.users), last_holders=to.owners(title.last_holders))


def schedule_handed_over(schedule: Schedule, to: Succession) -> Schedule:
    return replace(schedule, owner=to.owner(schedule.owner), launch=with_people(schedule.launch, to.owners))
