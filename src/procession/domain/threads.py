"""Comments, problems and improvements on tasks, processes and templates. Spec: behaviour-work 7, api-tasks 14."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from procession.domain.actors import Actor
from procession.domain.emails import is_email
from procession.domain.errors import Invalid
from procession.domain.events import Event, happened
from procession.domain.guests import normal_email
from procession.domain.loose import clean_text
from procession.domain.processes import Process, Task, ThreadLabel
from procession.domain.richtext import is_blank_markup, plain_text
from procession.domain.tasks import reopened

ThreadState = Literal["open", "hide-for-guests", "collapsed"]
AuthorKind = Literal["user", "guest", "bot"]

MAX_CONTENT = 65_535
MAX_EMOJI = 32
MAX_SELECTED_TEXT = 2000
NO_GROUPS: Mapping[str, str] = {}

# A whole tag, or a mention between tags: what looks like one inside an attribute is none.
_TAG_OR_MENTION = re.compile(r"""<(?:[^<>"]|"[^"]*")*+>|@\[(?:(\d{1,15})|([0-9a-f]{32}))\]""", re.ASCII)

# A whole tag, or an address after a plus sign that begins a word.
_TAG_OR_INVITATION = re.compile(
    r"""<(?:[^<>"]|"[^"]*")*+>|(?:(?<=[\s>(,;])|(?<![\s\S]))\+([^\s<>@,;:&"()+]+@[^\s<>@,;:&"()]+)"""
)

# Joiners and tags, which make one symbol of several, are neither printable nor blank.
_EMOJI = re.compile(rf"[^\s\x00-\x1f\x7f-\x9f]{{1,{MAX_EMOJI}}}")


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """One comment, on exactly one task, process or template. Column names and fields agree (storage.rows)."""

    no: int
    id: str
    process: int | None = None
    task: int | None = None
    template_id: str | None = None
    label: ThreadLabel
    state: ThreadState
    # Holds something up until it is resolved. A process's comment that is merely labelled "problem" does not.
    is_issue: bool = False
    author_kind: AuthorKind
    author: int | None = None
    author_guest: str | None = None
    content: str
    # Members whose `@[<id>]`, or a group of theirs, in the content counts: they are notified, named on reading, and see
    # the process.
    mentions: tuple[int, ...] = ()
    # The thread that resolved this one, which somebody may have deleted since.
    resolve_id: str | None = None
    created_at: int
    updated_at: int

    @property
    def is_open_issue(self) -> bool:
        return self.is_issue and self.resolve_id is None


def check_content(content: str) -> None:
    """Raises Invalid when the comment says nothing."""
    if is_blank_markup(content):
        raise Invalid({"content": ["The content field is required."]})


def selected(text: str | None) -> str | None:
    """The piece of text a comment is about, on one line. Raises Invalid. Spec: behaviour-work M16."""
    if text is None:
        return None
    words = " ".join(clean_text(plain_text(text)).split())
    if not words:
        raise Invalid({"selected_text": ["The selected text field is required."]})
    return words


def check_emoji(emoji: str) -> None:
    """Raises Invalid."""
    if not _EMOJI.fullmatch(emoji):
        raise Invalid({"emoji": [f"The emoji must be one symbol or name of at most {MAX_EMOJI} characters."]})


def default_state(actor: Actor) -> ThreadState:
    """Spec: api-tasks 14.3."""
    return "open" if actor.kind == "guest" else "hide-for-guests"


def may_read(actor: Actor, thread: Thread, task: Task | None) -> bool:
    """A comment on what the actor sees: members read all, guests on a task their own and open ones. Spec: M3, M4."""
    if actor.kind == "member":
        return True
    if task is None or task.prevent_guest_comment:
        return False
    return thread.state == "open" or (thread.author_guest is not None and thread.author_guest == actor.guest_email)


def may_change(actor: Actor, thread: Thread) -> bool:
    """Edit and delete: the author, administrators. Spec: behaviour-work M9."""
    if actor.kind == "guest":
        return thread.author_kind == "guest" and thread.author_guest == actor.guest_email
    wrote = thread.author_kind == "user" and actor.kind == "member" and thread.author == actor.id
    return wrote or actor.is_admin


def mentioned(content: str) -> tuple[int, ...]:
    """The numbers in `@[<number>]`, without repeats: members, if there are such. Spec: behaviour-work M5."""
    found = (match[1] for match in _TAG_OR_MENTION.finditer(content))
    return tuple(dict.fromkeys(int(number) for number in found if number))


def groups_mentioned(content: str) -> tuple[str, ...]:
    """The ids in `@[<group id>]`, without repeats: groups, if there are such. Spec: behaviour-work M5."""
    found = (match[2] for match in _TAG_OR_MENTION.finditer(content))
    return tuple(dict.fromkeys(each for each in found if each))


def invited(content: str) -> tuple[str, ...]:
    """The addresses in `+address@domain`, without repeats: guests the task is given to. Spec: behaviour-work M7."""
    found = (normal_email((match[1] or "").rstrip(".!?'")) for match in _TAG_OR_INVITATION.finditer(content))
    return tuple(dict.fromkeys(address for address in found if is_email(address)))


def with_names(content: str, names: Mapping[int, str], groups: Mapping[str, str] = NO_GROUPS) -> str:
    """`content` with each mention of a named member or group as its name in bold; other mentions stay as typed."""

    def shown(found: re.Match[str]) -> str:
        name = names.get(int(found[1])) if found[1] else groups.get(found[2] or "")
        return found[0] if name is None else f"<strong>{escape(name)}</strong>"

    return _TAG_OR_MENTION.sub(shown, content)


def with_thread(task: Task, before: Thread | None, after: Thread | None) -> Task:
    """The task once one of its threads is no longer as `before` but as `after` (None: not there).

    Counts its open problems and its improvements; a new problem reopens a completed task. Spec: I1, I2, P15.
    """
    problems = _issues(after) - _issues(before)
    counted = replace(
        task,
        open_problems=task.open_problems + problems,
        improvements=task.improvements + _improvements(after) - _improvements(before),
    )
    return reopened(counted) if problems > 0 and task.is_completed else counted


def with_process_thread(process: Process, before: Thread | None, after: Thread | None) -> Process:
    """As `with_thread`, for the process-level issues that lock a process. Spec: I6, api-processes 1.1."""
    return replace(process, open_issues=process.open_issues + _issues(after) - _issues(before))


def shown_to(process: Process, members: Iterable[int]) -> Process:
    """The process as these members, mentioned on it, may see it from now on. Spec: behaviour-work M6, Q2."""
    return replace(process, involved=tuple(sorted({*process.involved, *(f"m:{member}" for member in members)})))


def thread_event(kind: str, thread: Thread, *, process: int | None, **more: Any) -> Event:
    """What happened to a thread on this process or its task, with what notices and webhooks need to know of it."""
    payload = {
        "task": thread.task,
        "template": thread.template_id,
        "label": thread.label,
        "is_issue": thread.is_issue,
        "author_kind": thread.author_kind,
        "mentions": list(thread.mentions),
        **more,
    }
    return happened(kind, thread.id, process=process, **payload)


def _issues(thread: Thread | None) -> int:
    return int(thread is not None and thread.is_open_issue)


def _improvements(thread: Thread | None) -> int:
    return int(thread is not None and thread.label == "improvement")
