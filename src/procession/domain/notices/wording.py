"""How notices are put: a letter's subject, and its lines as safe markup. Spec: behaviour-people 10.4, N12."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

import msgspec

from procession.domain.calendar import local_time
from procession.domain.mails import paragraphs
from procession.domain.notices.notice import Notice, NoticeKind, Watched
from procession.domain.notices.telling import Person, Told
from procession.domain.permissions import may_see_task
from procession.domain.processes import Process, Task
from procession.domain.richtext import excerpt, plain_text
from procession.domain.threads import Thread, with_names
from procession.domain.told_changes import read_out

MOST_TASKS = 50
SOMEBODY = "Somebody"

_SUBJECTS: Mapping[NoticeKind, tuple[str, str, str]] = {
    "issue_reported": ("Issue reported: {}", "An issue was reported", "{} issues were reported"),
    "mentioned": ("You were mentioned: {}", "You were mentioned", "You were mentioned {} times"),
    "task_reopened": ("Reopened: {}", "A task was reopened", "{} tasks were reopened"),
    "deadline_moved": ("New deadline: {}", "A task has a new deadline", "{} tasks have new deadlines"),
    "assigned": ("Your task: {}", "A task for you", "{} tasks for you"),
    "process_owned": ("Your process: {}", "A process for you", "{} processes for you"),
    "issue_resolved": ("Issue resolved: {}", "An issue was resolved", "{} issues were resolved"),
    "commented": ("New comment: {}", "A new comment on your task", "{} new comments on your tasks"),
    "template_commented": ("New comment: {}", "A new comment", "{} new comments on your templates"),
    "task_edited": ("Changed: {}", "A task was changed", "{} tasks were changed"),
    "assignees_changed": ("Other assignees: {}", "A task has other assignees", "{} tasks have other assignees"),
    "task_completed": ("Completed: {}", "A task was completed", "{} tasks were completed"),
    "process_finished": ("Finished: {}", "A process is finished", "{} processes are finished"),
    "process_updated": ("Changed: {}", "A process was changed", "{} processes were changed"),
    "template_public": ("Public now: {}", "A template is public", "{} templates are public"),
    "template_shared": ("Shared with you: {}", "A template was shared with you", "{} templates were shared with you"),
    "role_changed": ("You have another role", "You have another role", "You have another role"),
    "watched": ("You watch this: {}", "News of what you watch", "{} news of what you watch"),
}
"""Of one thing, of one whose name must not be read by others, and of several."""
_SETTINGS = {
    "summary": "it has other notes",
    "prerun": "the answers of its kick-off form are different",
    "is_public": "whether it is public is different",
}


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What things and people are called: tasks by id as they now read, people and groups by principal."""

    titles: Mapping[str, str]
    people: Mapping[str, str]
    # Who did it; blank where nobody did.
    actor: str
    zone: str
    # Whether it is said of everything when it happened.
    tells_time: bool = False
    # What the files are called that comments carry, by the comments' numbers.
    files: Mapping[int, Sequence[str]] = {}
    # Titles of the templates that sentences name, as far as the reader knows of them.
    templates: Mapping[str, str] = {}

    def title(self, task: Task) -> str:
        return self.titles.get(task.id, task.title)

    def named(self, principals: Iterable[str]) -> str:
        return ", ".join(sorted(self.people.get(each, each.partition(":")[2]) for each in principals))

    def time(self, at: int) -> str:
        return f"{local_time(at, self.zone):%Y-%m-%d %H:%M}"


def subject(told: Told, words: Words) -> str:
    """What the most important thing is; how many there are of its kind."""
    first = told.notices[0]
    same = [each for each in told.notices if each.kind == first.kind]
    one, secret, many = _SUBJECTS[first.kind]
    if len(same) > 1:
        return many.format(len(same))
    return secret if first.is_secret else one.format(_called(first, words))


def body(told: Told, words: Words) -> str:
    """Safe markup, a paragraph for each line."""
    markup: list[str] = []
    for kind, group in groupby(told.notices, key=lambda each: each.kind):
        same = list(group)
        if kind == "assigned":
            markup.append(paragraphs(_assigned(same, words)))
        elif kind == "process_owned":
            markup += [each for notice in same for each in _process_owned(notice, told.person, words)]
        else:
            markup += [each for notice in same for each in _LINES[kind](notice, words)]
    return "".join(markup)


def _called(notice: Notice, words: Words) -> str:
    if notice.task is not None:
        return words.title(notice.task)
    if notice.process is not None:
        return notice.process.name
    return "" if notice.template is None else notice.template.title


def _where(notice: Notice, words: Words) -> str:
    """ "Weigh (Onboard Iris)", a process or a template by its name."""
    called = _called(notice, words)
    return f"{called} ({notice.process.name})" if notice.task is not None and notice.process is not None else called


def _assigned(same: Sequence[Notice], words: Words) -> list[str]:
    lines = [f"{'This task is' if len(same) == 1 else f'These {len(same)} tasks are'} yours now:"]
    for each in same:
        if each.task is not None:
            process = each.process
            where = "" if process is None else f" ({process.name}, {_progress(process)})"
            lines.append(f"{words.title(each.task)}{where}{_due(each.task, words)}")
    return lines


def _due(task: Task, words: Words) -> str:
    is_told = task.deadline is not None and not task.is_held
    return f", due {words.time(task.deadline or 0)} {words.zone}" if is_told else ""


def _progress(process: Process) -> str:
    shown = [task for task in process.tasks if not task.is_hidden]
    return f"{sum(task.is_completed for task in shown)} of {len(shown)} tasks done"


def _by(words: Words) -> str:
    return f" by {words.actor}" if words.actor else ""


def _struck(text: str) -> str:
    return f"<s>{escape(text)}</s>"


def _deadline_moved(notice: Notice, words: Words) -> Iterator[str]:
    """The old date struck through, then the new one. Spec: D17."""
    before, after = notice.former["before"], notice.former["after"]
    what = escape(_where(notice, words))
    if before is None:
        yield f"<p>{what} is due {words.time(after)} {escape(words.zone)} now.</p>"
    elif after is None:
        yield f"<p>{what} is not due {_struck(words.time(before))} any more: it has no deadline now.</p>"
    else:
        old = _struck(words.time(before))
        yield f"<p>{what} is due {words.time(after)} {escape(words.zone)} now, no longer {old}.</p>"


def _task_reopened(notice: Notice, words: Words) -> Iterator[str]:
    by = _by(words) if notice.by_hand else " by a rule"
    due = "" if notice.task is None else _due(notice.task, words)
    yield paragraphs([f"{_where(notice, words)} was reopened{by}{due}."])


def _task_edited(notice: Notice, words: Words) -> Iterator[str]:
    yield paragraphs([f"{_where(notice, words)} was changed{_by(words)}."])
    if "title" in notice.changed:
        yield f"<p>Title: {escape(_called(notice, words))}, before: {_struck(str(notice.former['title']))}</p>"
    if "summary" in notice.changed and notice.task is not None:
        text = excerpt(plain_text(notice.task.summary or "")) or "none"
        yield paragraphs(["Description:", *text.splitlines()])
        before = str(notice.former["summary"] or "")
        if before:
            yield f"<p>Before: {_struck(before)}</p>"


def _assignees_changed(notice: Notice, words: Words) -> Iterator[str]:
    parts = [f"added: {words.named(notice.added)}"] if notice.added else []
    parts += [f"removed: {words.named(notice.removed)}"] if notice.removed else []
    yield paragraphs([f"{_where(notice, words)} has other assignees, {'; '.join(parts)}."])


def _task_completed(notice: Notice, words: Words) -> Iterator[str]:
    task = notice.task
    done = "completed"
    if task is not None and task.task_type == "approval":
        done = {True: "approved", False: "rejected"}.get(task.is_approved, done)  # type: ignore[arg-type]  # None: neither
    if task is not None and task.task_type == "expiring" and task.is_approved is False:
        yield paragraphs([f"{_where(notice, words)} has expired: nobody acknowledged it in time."])
        return
    yield paragraphs([f"{_where(notice, words)} was {done}{_by(words)}."])


def _process_owned(notice: Notice, person: Person, words: Words) -> Iterator[str]:
    """With what is still to be done, as far as its new owner sees it. Spec: L2."""
    process = notice.process
    if process is None:
        return
    before = words.people.get(f"m:{notice.former.get('owner')}")
    yield paragraphs([f"{process.name} is yours now{'' if before is None else f', before it was owned by {before}'}."])
    tasks = [
        task
        for task in sorted(process.tasks, key=lambda each: each.position)
        if task.is_open and task.is_visible and may_see_task(person.actor, person.named, task, process)
    ]
    if tasks:
        yield paragraphs(["Still to be done:"])
        yield paragraphs([f"{words.title(task)}{_due(task, words)}" for task in tasks[:MOST_TASKS]])
    if len(tasks) > MOST_TASKS:
        yield paragraphs([f"… and {len(tasks) - MOST_TASKS} more."])


def _process_updated(notice: Notice, words: Words) -> Iterator[str]:
    process = notice.process
    if process is None:
        return
    former = str(notice.former.get("name", process.name))
    yield paragraphs([f"{former} was changed{_by(words)}:"])
    if "owner" in notice.changed:
        yield paragraphs([f"it is owned by {words.named([f'm:{process.owner}'])} now"])
    if "name" in notice.changed:
        yield f"<p>it is called {escape(process.name)} now, no longer {_struck(former)}</p>"
    yield paragraphs([text for name, text in _SETTINGS.items() if name in notice.changed])


def _process_finished(notice: Notice, _: Words) -> Iterator[str]:
    if notice.process is not None:
        yield paragraphs([f"{notice.process.name} is finished: {_progress(notice.process)}."])


def _comment(notice: Notice, words: Words) -> Iterator[str]:
    if notice.thread is None:
        return
    what = {"issue_reported": "reports an issue on", "mentioned": "mentions you on"}.get(notice.kind, "commented on")
    yield paragraphs([f"{words.actor or SOMEBODY} {what} {_where(notice, words)}:", *said(notice.thread, words)])


def _issue_resolved(notice: Notice, words: Words) -> Iterator[str]:
    """With what had been reported. Spec: behaviour-work I5."""
    if notice.thread is not None and notice.answer is not None:
        head = f"{words.actor or SOMEBODY} resolved an issue on {_where(notice, words)}:"
        yield paragraphs([head, *said(notice.answer, words), "What was reported:", *said(notice.thread, words)])


def said(thread: Thread, words: Words) -> list[str]:
    """The text of a comment, mentions by name, and what it carries."""
    names = {member: words.people[f"m:{member}"] for member in thread.mentions if f"m:{member}" in words.people}
    groups = {each[2:]: name for each, name in words.people.items() if each.startswith("g:")}
    lines = excerpt(plain_text(with_names(thread.content, names, groups))).splitlines()
    return [*lines, f"Files: {', '.join(words.files[thread.no])}"] if thread.no in words.files else lines


def _template_public(notice: Notice, words: Words) -> Iterator[str]:
    """Spec: T-9.2."""
    what = {"template": "the template itself", "kickoff": "its kick-off form"}
    which = " and ".join(what[each] for each in notice.changed)
    who = words.actor or SOMEBODY
    yield paragraphs([f"{who} made {_where(notice, words)} public: whoever has the link sees {which}."])


def _template_shared(notice: Notice, words: Words) -> Iterator[str]:
    yield paragraphs([f"{words.actor or SOMEBODY} shared the template {_where(notice, words)} with you."])


def _role_changed(notice: Notice, words: Words) -> Iterator[str]:
    before, now = notice.former.get("role"), notice.former.get("now")
    yield paragraphs([f"{words.actor or SOMEBODY} gave you another role: you are {now} now, before you were {before}."])


def _watched(notice: Notice, words: Words) -> Iterator[str]:
    happening = notice.watched
    if happening is None:
        return
    words = msgspec.structs.replace(words, actor=words.people.get(happening.by, ""))
    if words.tells_time:
        yield paragraphs([f"{words.time(happening.at)}:"])
    what = happening.what
    if what == "changed":
        sentences = (read_out(each, words.templates) for each in happening.sentences)
        yield paragraphs([f"{_where(notice, words)} was changed{_by(words)}:", *sentences])
    elif what in _SAME_AS:
        yield from _SAME_AS[what](notice, words)
    else:
        yield paragraphs([_WATCHED[what].format(_where(notice, words), _by(words))])


def _owner(notice: Notice, words: Words) -> Iterator[str]:
    if notice.process is not None:
        owner = words.named([f"m:{notice.process.owner}"])
        yield paragraphs([f"{notice.process.name} is owned by {owner} now."])


def _issue(notice: Notice, words: Words) -> Iterator[str]:
    yield from _comment(msgspec.structs.replace(notice, kind="issue_reported"), words)


_WATCHED: Mapping[Watched, str] = {
    "launched": "{} was launched{}.",
    "archived": "{} was archived{}.",
    "restored": "{} was restored{}.",
}
_SAME_AS: Mapping[Watched, Callable[[Notice, Words], Iterator[str]]] = {
    "completed": _task_completed,
    "reopened": _task_reopened,
    "deadline": _deadline_moved,
    "assignees": _assignees_changed,
    "finished": _process_finished,
    "commented": _comment,
    "issue_reported": _issue,
    "issue_resolved": _issue_resolved,
    "owner": _owner,
}

_LINES = {
    "issue_reported": _comment,
    "mentioned": _comment,
    "task_reopened": _task_reopened,
    "deadline_moved": _deadline_moved,
    "issue_resolved": _issue_resolved,
    "commented": _comment,
    "template_commented": _comment,
    "task_edited": _task_edited,
    "assignees_changed": _assignees_changed,
    "task_completed": _task_completed,
    "process_finished": _process_finished,
    "process_updated": _process_updated,
    "template_public": _template_public,
    "template_shared": _template_shared,
    "role_changed": _role_changed,
    "watched": _watched,
}
