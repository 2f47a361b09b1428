"""What there is to tell of comments: issues and what became of them, mentions, comments on one's own."""

from collections.abc import Iterator

import msgspec

from procession.domain.loose import as_list
from procession.domain.notices.notice import Notice, NoticeKind, Placed, Things, participants
from procession.domain.notices.operations import Operation, Read
from procession.domain.processes import Process
from procession.domain.templates import TemplateRow
from procession.domain.threads import Thread


class _Place(msgspec.Struct, frozen=True):
    """Where a comment is."""

    placed: Placed | None = None
    process: Process | None = None
    template: TemplateRow | None = None

    @property
    def assigned(self) -> frozenset[str]:
        return frozenset() if self.placed is None else self.placed.task.owners.principals

    @property
    def concerned(self) -> frozenset[str]:
        """Who hears of issues here: whose task it is, and who takes part in the process. Spec: behaviour-work I1."""
        if self.process is not None:
            return self.assigned | participants(self.process)
        return self.assigned if self.placed is None else self.assigned | {f"m:{self.placed.task.starter}"}

    def notice(self, kind: NoticeKind, to: frozenset[str], thread: Thread, answer: Thread | None = None) -> Notice:
        task = None if self.placed is None else self.placed.task
        return Notice(
            kind=kind, to=to, task=task, process=self.process, template=self.template, thread=thread, answer=answer
        )


def happenings(operation: Operation, there: Things) -> Iterator[Notice]:
    """What has been deleted meanwhile, and what the system itself has to say, is not told. Spec: behaviour-work M13."""
    answers = {str(each.event.payload.get("resolve_id")) for each in operation.of_kind("thread.resolved")}
    for each in operation.of_kind("thread.added", "thread.changed", "thread.resolved"):
        thread = there.threads.get(each.event.subject_id)
        if thread is None or thread.author_kind == "bot":
            continue
        place = _place(thread, there)
        if place is None:
            continue
        if each.event.kind == "thread.resolved":
            yield from _resolved(thread, place, there)
        elif each.event.kind == "thread.changed":
            yield from _changed(thread, place, each)
        else:
            yield from _added(thread, place, each, is_answer=thread.id in answers)


def _place(thread: Thread, there: Things) -> _Place | None:
    """None where it is archived or hidden."""
    if thread.task is not None:
        placed = there.tasks_by_number.get(thread.task)
        return None if placed is None else _Place(placed=placed, process=placed.process)
    if thread.template_id is not None:
        template = there.templates.get(thread.template_id)
        return None if template is None else _Place(template=template)
    process = there.processes.get(thread.process or 0)
    return None if process is None else _Place(process=process)


def _added(thread: Thread, place: _Place, read: Read, *, is_answer: bool) -> Iterator[Notice]:
    if place.template is not None:
        yield place.notice("template_commented", frozenset({f"m:{place.template.owner}"}), thread)
    elif thread.is_open_issue:
        yield place.notice("issue_reported", place.concerned, thread)
    elif place.placed is not None and not is_answer:
        yield place.notice("commented", place.assigned, thread)
    yield from _mentioned(thread, place, read.event.payload.get("mentions"), read.event.payload.get("groups"))


def _changed(thread: Thread, place: _Place, read: Read) -> Iterator[Notice]:
    """Only what it has become by the change."""
    payload = read.event.payload
    if payload.get("was_issue") is False and thread.is_open_issue and place.template is None:
        yield place.notice("issue_reported", place.concerned, thread)
    yield from _mentioned(thread, place, payload.get("new_mentions"), payload.get("new_groups"))


def _mentioned(thread: Thread, place: _Place, members: object, groups: object) -> Iterator[Notice]:
    """Whom the text still mentions."""
    found = {f"m:{each}" for each in as_list(members) or () if each in thread.mentions}
    found |= {f"g:{each}" for each in as_list(groups) or ()}
    if found:
        yield place.notice("mentioned", frozenset(found), thread)


def _resolved(issue: Thread, place: _Place, there: Things) -> Iterator[Notice]:
    """Spec: behaviour-work I5."""
    answer = there.threads.get(issue.resolve_id or "")
    if answer is None:
        return
    reporter = f"e:{issue.author_guest}" if issue.author_guest else f"m:{issue.author}"
    to = {reporter} if place.template is not None else place.concerned | {reporter}
    yield place.notice("issue_resolved", frozenset(to), issue, answer)
