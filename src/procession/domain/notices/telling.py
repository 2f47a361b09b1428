"""Whom an operation is told to, and what of it: one list for each person, however many ways it reaches them.

Spec: behaviour-people N1, N4, N6, N11.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from procession.domain.actors import Actor
from procession.domain.notices.notice import IMPORTANCE, SWITCHES, UNSTOPPABLE, Notice, NoticeKind, Things, Watched
from procession.domain.notices.preferences import DEFAULTS, Preferences
from procession.domain.permissions import may_see_process, may_see_task
from procession.domain.template_permissions import Permission, Standing, may_edit, may_read
from procession.domain.templates import TemplateHead, TemplateRow, is_draft
from procession.domain.threads import may_read as may_read_thread

# What a notice makes superfluous for the same person, of the same task.
_ON_TASKS: Mapping[NoticeKind, frozenset[NoticeKind]] = {
    "assigned": frozenset({"task_reopened", "deadline_moved", "task_edited", "assignees_changed"}),
    "issue_reported": frozenset({"task_reopened"}),
}
# Of the same comment.
_ON_THREADS: Mapping[NoticeKind, frozenset[NoticeKind]] = {
    "issue_reported": frozenset({"mentioned"}),
    "issue_resolved": frozenset({"mentioned", "commented"}),
    "mentioned": frozenset({"commented", "template_commented"}),
}
# Of the same thing, what its watchers need not be told besides.
_ON_WATCHED: Mapping[NoticeKind, frozenset[Watched]] = {
    "task_reopened": frozenset({"reopened"}),
    "deadline_moved": frozenset({"deadline"}),
    "assigned": frozenset({"assignees", "deadline", "reopened"}),
    "assignees_changed": frozenset({"assignees"}),
    "task_completed": frozenset({"completed"}),
    "process_owned": frozenset({"owner"}),
    "process_finished": frozenset({"finished"}),
}


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be told: how the log names them, what they are named by (storage.access), what they want."""

    actor: Actor
    named: frozenset[str]
    wants: Preferences = DEFAULTS

    @property
    def principal(self) -> str:
        return self.actor.principal


class Told(msgspec.Struct, frozen=True):
    """What one person is told of an operation, the most important first. Never empty."""

    person: Person
    notices: tuple[Notice, ...]


def told(notices: Sequence[Notice], people: Iterable[Person], there: Things, *, actor: str) -> list[Told]:
    """One entry for each person who is told anything; whoever has none has not heard of the operation (N11)."""
    found: list[Told] = []
    for person in people:
        if person.principal != actor:  # N1
            heard = [each for each in notices if concerns(each, person) and may_hear(each, person, there)]
            if heard:
                found.append(Told(person, tuple(_each_once(heard))))
    return found


def addressed(notices: Iterable[Notice]) -> frozenset[str]:
    """Every principal that one of them concerns."""
    return frozenset[str]().union(*(each.to for each in notices))


def concerns(notice: Notice, person: Person) -> bool:
    """Whether it is for them, and they want to be told. Spec: N6."""
    if notice.to.isdisjoint(person.named):
        return False
    return notice.kind in UNSTOPPABLE or person.wants.wants(SWITCHES.get(notice.kind))


def may_hear(notice: Notice, person: Person, there: Things) -> bool:
    """Nobody is told of what they do not see."""
    if notice.task is not None:
        is_shown = may_see_task(person.actor, person.named, notice.task, notice.process)
        said = [each for each in (notice.thread, notice.answer) if each is not None]
        return is_shown and all(may_read_thread(person.actor, each, notice.task) for each in said)
    if notice.process is not None:
        return person.actor.kind == "member" and may_see_process(person.actor, person.named, notice.process)
    if notice.template is not None:
        return person.actor.kind == "member" and _may_hear_of_template(notice, notice.template, person, there)
    return True


def _may_hear_of_template(notice: Notice, template: TemplateRow, person: Person, there: Things) -> bool:
    grants = there.grants.get(template.id, ())
    standing = standing_of(template, grants, person)
    if notice.audience == "others" and may_edit(standing):
        return False
    if notice.audience == "editors":
        return may_edit(standing)
    if template.published_version is None and is_draft(template, template.document):
        return may_edit(standing)
    return may_read(standing)


def standing_of(template: TemplateHead, grants: Iterable[tuple[Permission, str]], person: Person) -> Standing:
    granted: frozenset[Permission] = frozenset(permission for permission, who in grants if who in person.named)
    return Standing(actor=person.actor, is_owner=template.owner == person.actor.id, granted=granted)


def _each_once(heard: Sequence[Notice]) -> list[Notice]:
    """What is left to tell where one thing says another, by importance, things of one kind as they came."""
    ordered = sorted(heard, key=lambda each: IMPORTANCE[each.kind])
    return [each for each in ordered if not any(_says(other, each) for other in ordered)]


def _says(other: Notice, notice: Notice) -> bool:
    """Whether whoever is told the other need not be told this one."""
    if notice.watched is not None:
        return _says_watched(other, notice, notice.watched.what)
    is_same_task = _is_same_task(other, notice)
    if is_same_task and notice.kind in _ON_TASKS.get(other.kind, ()):
        return True
    if notice.thread is not None and notice.kind in _ON_THREADS.get(other.kind, ()):
        return notice.thread in (other.thread, other.answer)
    is_same = _is_same_process(other, notice)
    return is_same and other.kind == "process_owned" and notice.kind == "process_updated" and _only_owner(notice)


def _says_watched(other: Notice, notice: Notice, what: Watched) -> bool:
    if other.watched is not None:
        return False
    if notice.thread is not None:
        return notice.thread in (other.thread, other.answer)
    if other.kind == "process_updated":
        return what == "owner" and "owner" in other.changed and _is_same_process(other, notice)
    is_same = _is_same_process(other, notice) if notice.task is None else _is_same_task(other, notice)
    return is_same and what in _ON_WATCHED.get(other.kind, ())


def _is_same_task(one: Notice, other: Notice) -> bool:
    return one.task is not None and other.task is not None and one.task.id == other.task.id


def _is_same_process(one: Notice, other: Notice) -> bool:
    return one.process is not None and other.process is not None and one.process.seq == other.process.seq


def _only_owner(notice: Notice) -> bool:
    return notice.changed == ("owner",)
