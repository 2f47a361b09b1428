"""What there is to tell: its kinds in the order of their importance, and what each is about."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from procession.domain.notices.preferences import Switch
from procession.domain.processes import Process, Task
from procession.domain.template_permissions import Permission
from procession.domain.templates import TemplateRow
from procession.domain.threads import Thread
from procession.domain.times import Millis
from procession.domain.told_changes import Sentence
from procession.domain.watchers import Frequency, Watcher

NoticeKind = Literal[
    "issue_reported",
    "mentioned",
    "task_reopened",
    "deadline_moved",
    "assigned",
    "process_owned",
    "issue_resolved",
    "commented",
    "template_commented",
    "task_edited",
    "assignees_changed",
    "task_completed",
    "process_finished",
    "process_updated",
    "template_public",
    "template_shared",
    "role_changed",
    "watched",
]
"""The first of a letter's gives its subject."""
IMPORTANCE: Mapping[NoticeKind, int] = {kind: place for place, kind in enumerate(get_args(NoticeKind))}

SWITCHES: Mapping[NoticeKind, Switch] = {
    "issue_reported": "comments",
    "mentioned": "mentions",
    "task_reopened": "task_edits",
    "deadline_moved": "deadline_changes",
    "assigned": "task_assignments",
    "process_owned": "task_assignments",
    "issue_resolved": "comments",
    "commented": "comments",
    "template_commented": "comments",
    "task_edited": "task_edits",
    "assignees_changed": "assignment_changes",
    "task_completed": "others_updates",
    "process_finished": "process_completed",
    "process_updated": "others_updates",
}
"""Kinds that are not named follow none of their own. Spec: behaviour-people 10.3."""
UNSTOPPABLE: frozenset[NoticeKind] = frozenset({"template_public", "role_changed"})
"""About accounts and security: nobody can turn them off."""

Watched = Literal[
    "launched",
    "completed",
    "reopened",
    "deadline",
    "assignees",
    "commented",
    "issue_reported",
    "issue_resolved",
    "finished",
    "archived",
    "restored",
    "owner",
    "changed",
]
"""What watchers are told of. Spec: behaviour-people 10.7."""

Audience = Literal["readers", "editors", "others"]

NO_GRANTS: Mapping[str, Sequence[tuple[Permission, str]]] = {}


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was watched: what it was, when it last was so, through whom, and where the log says it."""

    what: Watched
    at: Millis
    # The principal, "" where nobody did it.
    by: str
    positions: frozenset[int]
    # Of templates: what became different, in sentences.
    sentences: tuple[Sentence, ...] = ()


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell, and the principals it concerns; who of them hears of it is up to `telling`."""

    kind: NoticeKind
    to: frozenset[str]
    # What it is about, as it now is.
    process: Process | None = None
    task: Task | None = None
    template: TemplateRow | None = None
    thread: Thread | None = None
    # The explanation that resolved an issue, which is the thread.
    answer: Thread | None = None
    # Facts of the event: what was changed, and how it was before where that is told.
    changed: tuple[str, ...] = ()
    former: Mapping[str, Any] = {}
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    # Whoever did it did it themselves: no rule, no clock.
    by_hand: bool = True
    # Of what is told because somebody watches; who of them is told later, and how often they are told.
    watched: Happening | None = None
    later: Mapping[str, Frequency] = {}
    # Of templates: only those hear of it who edit it, or only those who do not; "readers" is both.
    audience: Audience = "readers"

    @property
    def is_secret(self) -> bool:
        """Nothing of it may stand where it shows on locked screens. Spec: behaviour-people 10.4."""
        return self.task is not None and self.task.top_secret


class Placed(msgspec.Struct, frozen=True):
    """A task with its process (None: it stands alone)."""

    task: Task
    process: Process | None


def participants(process: Process) -> frozenset[str]:
    """Who takes part in a process: its owner, who launched it, and every member who has one of its shown tasks."""
    assigned = (task.owners for task in process.tasks if task.is_visible)
    of_tasks = {each for owners in assigned for each in owners.principals if not each.startswith("e:")}
    return frozenset({f"m:{process.owner}", f"m:{process.starter}", *of_tasks})


class Things(msgspec.Struct, frozen=True):
    """What an operation was about, as it is now. Nothing archived, no hidden tasks: of these nothing is told (N5).

    But whoever watches a process is told that it was archived.
    """

    processes: Mapping[int, Process]
    archived: Mapping[int, Process]
    tasks: Mapping[str, Placed]
    tasks_by_number: Mapping[int, Placed]
    threads: Mapping[str, Thread]
    templates: Mapping[str, TemplateRow]
    # Who is on which permission list of each template.
    grants: Mapping[str, Sequence[tuple[Permission, str]]]
    admins: frozenset[int]
    watchers: Sequence[Watcher]


def things(
    processes: Iterable[Process],
    alone: Iterable[Task] = (),
    *,
    threads: Iterable[Thread] = (),
    templates: Iterable[TemplateRow] = (),
    grants: Mapping[str, Sequence[tuple[Permission, str]]] = NO_GRANTS,
    admins: Iterable[int] = (),
    watchers: Sequence[Watcher] = (),
) -> Things:
    processes = tuple(processes)
    live = [process for process in processes if not process.is_archived]
    placed = [Placed(task, process) for process in live for task in process.tasks if task.is_visible]
    placed += [Placed(task, None) for task in alone if task.is_visible]
    return Things(
        processes={process.seq: process for process in live},
        archived={process.seq: process for process in processes if process.is_archived},
        tasks={each.task.id: each for each in placed},
        tasks_by_number={each.task.seq: each for each in placed},
        threads={thread.id: thread for thread in threads},
        templates={row.id: row for row in templates if not row.is_archived},
        grants=grants,
        admins=frozenset(admins),
        watchers=watchers,
    )
