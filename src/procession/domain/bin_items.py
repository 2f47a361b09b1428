"""The bin: what was deleted, who may bring it back, and until when. Spec: behaviour-work 11.1."""

from collections.abc import Collection, Mapping
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from procession.domain.actors import Actor
from procession.domain.processes import Owners, Process, Task
from procession.domain.times import DAY, Millis

BinKind = Literal["process", "template", "task", "tag", "folder", "snippet", "lookup_list"]
KINDS: tuple[BinKind, ...] = get_args(BinKind)

KEPT_FOR = 30 * DAY

ADMINS_ONLY: frozenset[BinKind] = frozenset({"process", "template", "tag", "snippet"})


class BinItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was deleted, without its contents. Column names and fields agree (storage.rows)."""

    no: int
    kind: BinKind
    subject_id: str
    name: str
    deleted_by: int
    deleted_at: Millis
    expires_at: Millis
    template_id: str | None = None
    template_version: int | None = None


class LeftOut(msgspec.Struct, frozen=True, order=True):
    """Something that what is brought back was connected with, and is no longer; `id` as clients know it."""

    kind: str
    id: str


def may_see(actor: Actor, item: BinItem) -> bool:
    """Spec: BI2."""
    return actor.is_admin or item.deleted_by == actor.id


def may_restore(actor: Actor, item: BinItem) -> bool:
    """Whoever may delete such things; of tasks their makers deleted them, or administrators. Spec: BI3."""
    if actor.is_admin:
        return True
    return item.kind not in ADMINS_ONLY and (item.kind == "task" or actor.role == "standard")


class Gone(msgspec.Struct, frozen=True):
    """Those of the people of a task or process that are not there any more."""

    groups: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()

    @property
    def left_out(self) -> set[LeftOut]:
        return {LeftOut("group", each) for each in self.groups} | {LeftOut("guest", each) for each in self.guests}


def people_of(tasks: Collection[Task]) -> Owners:
    """The groups, and the guests with something left to do, that any of these tasks names."""
    return Owners(
        guests=tuple(sorted({each for task in tasks if not task.is_completed for each in task.owners.guests})),
        groups=tuple(sorted({each for task in tasks for each in task.owners.groups})),
    )


def without_gone(task: Task, gone: Gone) -> Task:
    """As the task would be had it been there when they went. Spec: behaviour-people GR1."""
    owners = replace(
        task.owners,
        groups=tuple(each for each in task.owners.groups if each not in gone.groups),
        guests=tuple(each for each in task.owners.guests if task.is_completed or each not in gone.guests),
    )
    return task if owners == task.owners else replace(task, owners=owners)


def process_without_gone(process: Process, gone: Gone) -> Process:
    return replace(process, tasks=tuple(without_gone(task, gone) for task in process.tasks))


FormerTexts = Mapping[str, Mapping[str, str]]
"""Texts of templates as they were before something was cut out of them: by template, then by place."""
