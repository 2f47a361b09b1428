"""What a list of tasks is asked for. Spec: api-tasks 5, 7."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from procession.domain.listing import NO_DEADLINE, OPEN_STATES, TaskState
from procession.domain.summary import DUE_SOON_MS
from procession.domain.times import parse_instant, wire

Word = Literal[
    "active",
    "active-visible",
    "not-started",
    "in-progress",
    "complete",
    "overdue",
    "due-soon",
    "on-time",
    "stalled",
    "has-problem",
    "has-improvement",
    "auto-skipped",
    "archived",
]
Archived = Literal["without", "with", "only"]
Hidden = Literal["when asked", "always", "never"]

STALLED_AFTER_MS = 30 * 86_400_000

# Every way to write each status word; letters only, as case and separators do not count. Spec: api-tasks 5.1.
SPELLINGS: dict[str, Word] = {
    "active": "active",
    "incomplete": "active",
    "activevisible": "active-visible",
    "notstarted": "not-started",
    "inprogress": "in-progress",
    "complete": "complete",
    "completed": "complete",
    "overdue": "overdue",
    "duedatepassed": "overdue",
    "duesoon": "due-soon",
    "ontime": "on-time",
    "stalled": "stalled",
    "hasproblem": "has-problem",
    "problem": "has-problem",
    "hasimprovement": "has-improvement",
    "autoskipped": "auto-skipped",
    "hidden": "auto-skipped",
    "archived": "archived",
}
EVERYTHING = "all"


def letters(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "").strip()


class Span(msgspec.Struct, frozen=True):
    """Instants from `start` up to, not including, `end`; None is open."""

    start: int | None = None
    end: int | None = None


FORMS_OF_VALUE = 6


class CustomValue(msgspec.Struct, frozen=True):
    """A custom field with exactly this value. Spec: api-tasks 5, T2."""

    key: str
    text: str

    @property
    def forms(self) -> list[str]:
        """How the stored object may hold it: as a text, a date, a number or boolean; always `FORMS_OF_VALUE` many."""
        key = msgspec.json.encode(self.key).decode()
        found = [f"{key}:{msgspec.json.encode(each).decode()}" for each in (self.text, self._as_date())]
        number = self._as_number()
        if number is not None:
            found += [f"{key}:{number}{end}" for end in (",", "}")]
        return found + found[:1] * (FORMS_OF_VALUE - len(found))

    def _as_date(self) -> str:
        try:
            return wire(parse_instant(self.text))
        except ValueError:
            return self.text

    def _as_number(self) -> str | None:
        try:
            found = msgspec.json.decode(self.text)
        except msgspec.DecodeError:
            return None
        return msgspec.json.encode(found).decode() if isinstance(found, int | float) else None


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Words are joined by OR, everything else by AND. No words: tasks in any state.

    `assignees`, `members`, `guests` and `groups` are principals ("m:<id>", "e:<address>", "g:<id>"): a task is
    assigned to any of them.
    """

    words: tuple[Word, ...] = ()
    # Whether hidden tasks are listed: guests never see them, a process's own list always does.
    hidden: Hidden = "when asked"
    archived: Archived = "without"
    process: int | None = None
    assignees: tuple[str, ...] | None = None
    members: tuple[str, ...] | None = None
    guests: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    roles: tuple[str, ...] = ()
    unassigned: bool = False
    due: Span | None = None
    created: Span | None = None
    # Folded text that the process's name, or with `in_titles` the task's title, contains.
    text: str | None = None
    in_titles: bool = False
    # Of the task or of its process: id or folded title of a tag, ids of folders.
    tag: str | None = None
    folders: tuple[str, ...] = ()
    is_oneoff: bool | None = None
    value: CustomValue | None = None


class TaskOrder(msgspec.Struct, frozen=True):
    """Sort fields in the order they apply; the task's number breaks ties. Nulls come last either way."""

    keys: tuple[tuple[str, bool], ...]


BY_DEADLINE = TaskOrder((("deadline", False),))
BY_POSITION = TaskOrder((("position", False),))


class KeyRange(msgspec.Struct, frozen=True):
    """Tasks in one state whose deadline that counts lies in [start, end): a range of `task_access`.

    Without an end those without such a deadline belong to it, too.
    """

    state: TaskState
    start: int | None = None
    end: int | None = None

    def within(self, start: int | None, end: int | None) -> "KeyRange | None":
        """What lies in [start, end) of it, too; None when that is nothing."""
        starts = [each for each in (self.start, start) if each is not None]
        ends = [each for each in (self.end, end) if each is not None]
        first, last = max(starts, default=None), min(ends, default=None)
        is_empty = first is not None and last is not None and last <= first
        return None if is_empty else KeyRange(self.state, first, last)


def only_principals(where: TaskFilter) -> tuple[str, ...] | None:
    """The principals of a filter that asks for nothing but assignees, states and deadlines; () is everybody.

    None when it asks for more, so that tasks have to be looked at themselves.
    """
    by_people = [each for each in (where.assignees, where.members, where.guests, where.groups) if each is not None]
    beyond_keys = (
        where.archived != "without"
        or where.hidden == "always"
        or (where.hidden == "never" and "auto-skipped" in where.words)
        or where.process is not None
        or where.roles
        or where.unassigned
        or where.created is not None
        or where.text is not None
        or where.tag is not None
        or where.folders
        or where.is_oneoff is not None
        or where.value is not None
    )
    if beyond_keys or len(by_people) > 1:
        return None
    return by_people[0] if by_people else ()


STATES_IN_ORDER = (*OPEN_STATES, TaskState.COMPLETED, TaskState.HIDDEN)


def key_ranges(words: tuple[Word, ...], now: int) -> tuple[KeyRange, ...] | None:
    """The ranges that hold exactly the visible tasks of these words, without overlap; None when a word needs more.

    Spec: api-tasks 3 "Derived words", behaviour-work H11.
    """
    if not words:
        return tuple(KeyRange(state) for state in (*OPEN_STATES, TaskState.COMPLETED))
    soon = now + DUE_SOON_MS + 1
    known: dict[Word, tuple[KeyRange, ...]] = {
        "active": _open(),
        "active-visible": _open(),
        "not-started": (KeyRange(TaskState.NOT_STARTED),),
        "in-progress": (KeyRange(TaskState.IN_PROGRESS),),
        "complete": (KeyRange(TaskState.COMPLETED),),
        "overdue": _open(None, now),
        "due-soon": _open(now, soon),
        "on-time": _open(now, None),
        "auto-skipped": (KeyRange(TaskState.HIDDEN),),
    }
    if any(word not in known for word in words):
        return None
    wanted = {each for word in words for each in known[word]}
    ranges: list[KeyRange] = []
    for each in sorted(wanted, key=lambda found: (STATES_IN_ORDER.index(found.state), found.start or 0)):
        last = ranges[-1] if ranges else None
        if last is None or last.state != each.state or (last.end is not None and last.end < (each.start or 0)):
            ranges.append(each)
        elif last.end is not None and (each.end is None or each.end > last.end):
            ranges[-1] = KeyRange(last.state, last.start, each.end)
    return tuple(ranges)


def _open(start: int | None = None, end: int | None = None) -> tuple[KeyRange, ...]:
    return tuple(KeyRange(state, start, end) for state in OPEN_STATES)


def within(ranges: Iterable[KeyRange], due: Span | None) -> tuple[KeyRange, ...]:
    """What lies in the span of these ranges; tasks without a deadline that counts lie in none."""
    if due is None:
        return tuple(ranges)
    end = NO_DEADLINE if due.end is None else due.end
    return tuple(found for each in ranges if (found := each.within(due.start, end)) is not None)


class Standing(NamedTuple):
    """How many tasks there are, and how many of them are overdue and due soon."""

    total: int = 0
    overdue: int = 0
    due_soon: int = 0


# By state: how many tasks are due before each instant, and under None how many there are at all.
Ranks = Mapping[TaskState, Mapping[int | None, int]]


def instants_of(ranges: Iterable[KeyRange], now: int) -> dict[TaskState, tuple[int, ...]]:
    """The instants whose ranks tell how the tasks of these ranges stand."""
    found: dict[TaskState, set[int]] = {}
    for each in ranges:
        wanted = found.setdefault(each.state, set())
        wanted |= {instant for instant in (each.start, each.end) if instant is not None}
        if each.state in OPEN_STATES:
            wanted |= {now, now + DUE_SOON_MS + 1}
    return {state: tuple(sorted(wanted)) for state, wanted in found.items()}


def standing_of(ranges: Iterable[KeyRange], ranks: Ranks, now: int) -> Standing:
    """How the tasks of these ranges stand."""

    def count(part: KeyRange | None) -> int:
        if part is None:
            return 0
        counted = ranks[part.state]
        return counted[part.end] - (0 if part.start is None else counted[part.start])

    total = overdue = due_soon = 0
    for each in ranges:
        total += count(each)
        if each.state in OPEN_STATES:
            overdue += count(each.within(None, now))
            due_soon += count(each.within(now, now + DUE_SOON_MS + 1))
    return Standing(total, overdue, due_soon)
