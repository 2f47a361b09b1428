"""What there is to tell whoever watches something. Spec: behaviour-people 10.7, behaviour-launching L-6.4.

Each kind of thing is told once of each task, process, template or comment, as far as it is still so: however often
it happened, and however many of its watchers it reaches.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from procession.domain.loose import as_list, as_object
from procession.domain.notices import task_happenings
from procession.domain.notices.notice import Audience, Happening, Notice, Placed, Things, Watched
from procession.domain.notices.operations import Read
from procession.domain.notices.task_happenings import AUTO_COMPLETED
from procession.domain.templates import TemplateRow
from procession.domain.told_changes import Sentence, told_in
from procession.domain.watchers import FREQUENCIES, Frequency, ObjectType, Watcher

_OF_TASKS: Mapping[str, Watched] = {
    "task.completed": "completed",
    "task.reopened": "reopened",
    "task.updated": "deadline",
    "task.assigned": "assignees",
}
_OF_PROCESSES: Mapping[str, Watched] = {
    "process.launched": "launched",
    "process.completed": "finished",
    "process.archived": "archived",
    "process.restored": "restored",
    "process.updated": "owner",
}
_TOLD_TO: Mapping[Watched, Collection[ObjectType]] = {
    "launched": ("checklist", "user", "organization"),
    "completed": ("task", "run", "user", "organization"),
    "reopened": ("task",),
    "deadline": ("task",),
    "assignees": ("task", "organization"),
    "commented": ("checklist", "organization"),
    "issue_reported": ("organization",),
    "issue_resolved": ("organization",),
    "finished": ("run", "organization"),
    "archived": ("run",),
    "restored": ("run",),
    "owner": ("run",),
    "changed": ("checklist",),
}
"""Who watches what kind of thing is told of it. Of the organization: api-content 4.3."""

_ASSIGNEES = frozenset({"assignees", "guests", "groups", "roles", "assign_run_starter"})
_TOLD_SETTINGS = frozenset({"body", "kickoff"})
_STEP = {"step.created": "added", "step.deleted": "removed"}
_FIELD = {"field.created": "added", "field.deleted": "removed"}
_RULE = {"rule.created": "added", "rule.updated": "changed", "rule.deleted": "removed"}


def happenings(read: Sequence[Read], there: Things, *, new: Collection[int]) -> list[Notice]:
    """In the order in which they last were so; of `new` processes that they were launched, nothing else."""
    if not there.watchers:
        return []
    known = [each for each in read if each.event.kind == "process.launched" or each.process not in new]
    found = [*_of_tasks(known, there), *_of_processes(known, there), *_of_templates(known, there)]
    found += _of_threads(known, there)
    told = (_to_watchers(notice, read, there.watchers) for notice in found)
    return sorted((each for each in told if each.to), key=lambda each: max(_happening(each).positions))


def _happening(notice: Notice) -> Happening:
    assert notice.watched is not None
    return notice.watched


def _happened(what: Watched, read: Iterable[Read], sentences: Iterable[Sentence] = ()) -> Happening:
    of_it = list(read)
    return Happening(
        what=what,
        at=of_it[-1].event.at,
        by=of_it[-1].by,
        positions=frozenset(each.position for each in of_it),
        sentences=tuple(sentences),
    )


def _of_tasks(read: Iterable[Read], there: Things) -> Iterator[Notice]:
    groups: dict[tuple[str, Watched], list[Read]] = defaultdict(list)
    for each in read:
        what = _OF_TASKS.get(each.event.kind)
        # Closed by age: only that the process is finished. Spec: Y9.
        if what is not None and not (what == "completed" and each.event.cause == AUTO_COMPLETED):
            groups[each.event.subject_id, what].append(each)
    for (task_id, what), of_it in groups.items():
        placed = there.tasks.get(task_id)
        told = None if placed is None else _of_task(placed, what, of_it)
        if told is not None:
            yield told


def _of_task(placed: Placed, what: Watched, read: list[Read]) -> Notice | None:
    """None where it is not so any more."""
    task = placed.task
    happened = _happened(what, read)
    notice = Notice(kind="watched", to=frozenset(), task=task, process=placed.process, watched=happened)
    if what == "completed":
        return notice if task.is_completed else None
    if what == "reopened":
        by_hand = all(each.event.cause is None for each in read)
        return replace(notice, by_hand=by_hand) if task.is_open else None
    if what == "deadline":
        moved = task_happenings.moved_deadline(task, read)
        return None if moved is None else replace(notice, former={"before": moved[0], "after": moved[1]})
    added, removed = task_happenings.reassigned(task, read)
    return replace(notice, added=added, removed=removed) if added or removed else None


def _of_processes(read: Iterable[Read], there: Things) -> Iterator[Notice]:
    groups: dict[tuple[int, Watched], list[Read]] = defaultdict(list)
    for each in read:
        what = _OF_PROCESSES.get(each.event.kind)
        if what is not None and each.process is not None:
            groups[each.process, what].append(each)
    for (seq, what), of_it in groups.items():
        process = (there.archived if what == "archived" else there.processes).get(seq)
        if process is None:
            continue
        if what == "finished" and process.status != "complete":
            continue
        if what == "owner" and _first_owner(of_it) in (None, process.owner):
            continue
        yield Notice(kind="watched", to=frozenset(), process=process, watched=_happened(what, of_it))


def _first_owner(read: Iterable[Read]) -> object:
    """Who it was before the first of these changes of a process; None where none of them changed that."""
    formers = (as_object(each.event.payload.get("former")) or {} for each in read)
    return next((former["owner"] for former in formers if "owner" in former), None)


def _of_templates(read: Iterable[Read], there: Things) -> Iterator[Notice]:
    """Everything that one person did to one template together, for whoever hears of it."""
    groups: dict[tuple[str, str, Audience], list[tuple[Read, Sequence[Sentence]]]] = defaultdict(list)
    for each in read:
        sentences = _sentences(each)
        template_id = each.template_id or ""
        if sentences and template_id in there.templates:
            audience = _audience(each, there.templates[template_id])
            groups[template_id, each.by, audience].append((each, sentences))
    for (template_id, _, audience), of_it in groups.items():
        sentences = dict.fromkeys(sentence for _, said in of_it for sentence in said)
        yield Notice(
            kind="watched",
            to=frozenset(),
            template=there.templates[template_id],
            watched=_happened("changed", [each for each, _ in of_it], sentences),
            audience=audience,
        )


def _audience(read: Read, template: TemplateRow) -> Audience:
    """Who edits a template with a draft hears of each change, others of what all of them made published. Spec: T-10.7.

    Its permissions are no part of a draft.
    """
    if read.event.kind == "template.published":
        return "others"
    is_edit = read.event.kind != "template.permissions_changed"
    return "editors" if is_edit and template.document.dual_version_enabled else "readers"


def _sentences(read: Read) -> Sequence[Sentence]:
    """What became different of the steps, their assignees, the fields, the text, the rules and the permissions."""
    kind, payload = read.event.kind, read.event.payload
    changed = {str(each) for each in as_list(payload.get("changed")) or ()}
    changes = told_in(payload)
    if kind in _STEP:
        return [f"The step “{payload.get('title')}” was {_STEP[kind]}."]
    if kind == "step.updated" and changed & _ASSIGNEES:
        return changes or [f"The step “{payload.get('title')}” has other assignees."]
    if kind in _FIELD:
        return changes or [f"The field “{payload.get('label')}” was {_FIELD[kind]}."]
    if kind in _RULE:
        return changes or [f"The rule “{payload.get('name')}” was {_RULE[kind]}."]
    if kind == "template.updated" and changed & _TOLD_SETTINGS:
        return changes or ["Its text was changed."]
    if kind == "template.published":
        return changes
    if kind == "template.permissions_changed":
        return ["Its permissions were changed."]
    return []


def _of_threads(read: Sequence[Read], there: Things) -> Iterator[Notice]:
    """What has been deleted meanwhile, and what the system itself has to say, is not told."""
    answers = {str(each.event.payload.get("resolve_id")) for each in read if each.event.kind == "thread.resolved"}
    for each in read:
        thread = there.threads.get(each.event.subject_id)
        if each.event.subject_kind != "thread" or thread is None or thread.author_kind == "bot":
            continue
        placed = there.tasks_by_number.get(thread.task or 0)
        process = there.processes.get(thread.process or 0) if placed is None else placed.process
        template = there.templates.get(thread.template_id or "")
        answer = there.threads.get(thread.resolve_id or "")
        what: Watched | None = None
        if each.event.kind == "thread.added" and thread.id not in answers:
            what = "issue_reported" if thread.is_open_issue and template is None else "commented"
        elif each.event.kind == "thread.resolved" and answer is not None:
            what = "issue_resolved"
        is_there = placed is not None or template is not None or (thread.task is None and process is not None)
        if what is not None and is_there:
            yield Notice(
                kind="watched",
                to=frozenset(),
                task=None if placed is None else placed.task,
                process=process,
                template=template,
                thread=thread,
                answer=answer if what == "issue_resolved" else None,
                watched=_happened(what, [each]),
            )


def _to_watchers(notice: Notice, read: Sequence[Read], watchers: Iterable[Watcher]) -> Notice:
    """To whoever watched something it happened to by then: as soon as one of their watchers wants that."""
    told = _happening(notice)
    of_it = [each for each in read if each.position in told.positions]
    soonest: dict[str, Frequency] = {}
    for each in watchers:
        by = {one.by for one in of_it if one.event.at >= each.created_at}
        if by and each.object_type in _TOLD_TO[told.what] and _watches(each, notice, by):
            who = f"m:{each.account}"
            known = soonest.get(who, each.frequency)
            soonest[who] = known if FREQUENCIES.index(known) < FREQUENCIES.index(each.frequency) else each.frequency
    later = {who: frequency for who, frequency in soonest.items() if frequency != "electric"}
    return replace(notice, to=frozenset(soonest), later=later)


def _watches(watcher: Watcher, notice: Notice, by: Collection[str]) -> bool:
    match watcher.object_type:
        case "organization":
            return True
        case "user":
            return f"m:{watcher.object_id}" in by
        case "checklist":
            template_id = notice.template.id if notice.template is not None else _launched_from(notice)
            return watcher.object_id == template_id
        case "run":
            return notice.process is not None and watcher.process == notice.process.seq
        case "task":
            return notice.task is not None and watcher.object_id == notice.task.id


def _launched_from(notice: Notice) -> str | None:
    return None if notice.process is None else notice.process.template_id
