"""Which ranges of the tasks' keys a list reads, and how they are counted. Spec: api-tasks 3, 5."""

from random import Random
from typing import Any

import pytest

from procession.domain.listing import DAY_MS, NO_DEADLINE, TaskState
from procession.domain.summary import DUE_SOON_MS
from procession.domain.task_filters import (
    KeyRange,
    Span,
    Standing,
    TaskFilter,
    instants_of,
    key_ranges,
    only_principals,
    standing_of,
    within,
)

NOW = 1_790_000_000_000
SOON = NOW + DUE_SOON_MS + 1
NEW, BEGUN, DONE, HIDDEN = TaskState.NOT_STARTED, TaskState.IN_PROGRESS, TaskState.COMPLETED, TaskState.HIDDEN
Bounds = tuple[Any, ...]


def of_open(start: int | None, end: int | None) -> list[Bounds]:
    return [(NEW, start, end), (BEGUN, start, end)]


@pytest.mark.parametrize(
    ("words", "ranges"),
    [
        pytest.param((), [*of_open(None, None), (DONE, None, None)], id="everything that is shown"),
        pytest.param(("active",), of_open(None, None), id="active"),
        pytest.param(("not-started",), [(NEW, None, None)], id="not started"),
        pytest.param(("in-progress", "complete"), [(BEGUN, None, None), (DONE, None, None)], id="begun or done"),
        pytest.param(("in-progress", "not-started"), of_open(None, None), id="begun or not"),
        pytest.param(("active", "complete"), [*of_open(None, None), (DONE, None, None)], id="both"),
        pytest.param(("overdue",), of_open(None, NOW), id="overdue"),
        pytest.param(("due-soon",), of_open(NOW, SOON), id="H11 due now is due soon"),
        pytest.param(("on-time",), of_open(NOW, None), id="on time"),
        pytest.param(("overdue", "due-soon"), of_open(None, SOON), id="neighbours merge"),
        pytest.param(("due-soon", "on-time"), of_open(NOW, None), id="one inside the other"),
        pytest.param(("overdue", "on-time"), of_open(None, None), id="together all that is open"),
        pytest.param(("overdue", "active"), of_open(None, None), id="all that is open"),
        pytest.param(("overdue", "in-progress"), [(NEW, None, NOW), (BEGUN, None, None)], id="overdue or begun"),
        pytest.param(("auto-skipped", "overdue"), [*of_open(None, NOW), (HIDDEN, None, None)], id="hidden ones, too"),
    ],
)
def test_words_become_ranges_without_overlap(words: Any, ranges: list[Bounds]) -> None:
    assert key_ranges(words, NOW) == tuple(KeyRange(*each) for each in ranges)


@pytest.mark.parametrize("word", ["stalled", "has-problem", "has-improvement", "archived"])
def test_other_words_need_the_tasks_themselves(word: Any) -> None:
    assert key_ranges((word, "overdue"), NOW) is None


@pytest.mark.parametrize(
    "words",
    [(), ("active",), ("not-started",), ("in-progress", "overdue"), ("overdue",), ("due-soon",), ("on-time",),
     ("overdue", "due-soon", "complete"), ("auto-skipped", "on-time")],
)  # fmt: skip
def test_ranks_tell_how_ranges_stand(words: Any) -> None:
    """Against going through tasks one by one: bounds exactly at deadlines, spans around and beside now, no deadlines."""
    random = Random(str(words))
    near = [
        NOW - 1,
        NOW,
        NOW + 1,
        SOON - 1,
        SOON,
        SOON + 1,
        *(NOW // DAY_MS * DAY_MS + n * DAY_MS for n in range(-3, 4)),
    ]
    tasks = [
        (
            random.choice(list(TaskState)),
            random.choice([*near, random.randrange(NOW - 10**9, NOW + 10**9), NO_DEADLINE]),
        )
        for _ in range(400)
    ]
    base = key_ranges(words, NOW)
    assert base is not None
    for _ in range(40):
        bounds = sorted(random.sample(near, 2))
        span = random.choice([None, Span(bounds[0]), Span(None, bounds[1]), Span(*bounds), Span(bounds[1], bounds[0])])
        ranges = within(base, span)
        ranks = {
            state: {at: sum(s == state and (at is None or due < at) for s, due in tasks) for at in (None, *instants)}
            for state, instants in instants_of(ranges, NOW).items()
        }
        found = [
            (state, due)
            for state, due in tasks
            if any(
                each.state == state
                and (each.start is None or each.start <= due)
                and (each.end is None or due < each.end)
                for each in ranges
            )
        ]
        overdue = sum(state in (NEW, BEGUN) and due < NOW for state, due in found)
        due_soon = sum(state in (NEW, BEGUN) and NOW <= due < SOON for state, due in found)
        assert standing_of(ranges, ranks, NOW) == Standing(len(found), overdue, due_soon), span


@pytest.mark.parametrize(
    ("given", "principals"),
    [
        pytest.param({}, (), id="everybody"),
        pytest.param({"assignees": ("m:1", "g:a")}, ("m:1", "g:a"), id="somebody with their groups"),
        pytest.param({"groups": ("g:a",)}, ("g:a",), id="a group"),
        pytest.param({"guests": ("e:ana@partner.test",)}, ("e:ana@partner.test",), id="a guest"),
        pytest.param({"assignees": ("m:1",), "groups": ("g:a",)}, None, id="two conditions"),
        pytest.param({"text": "x"}, None, id="a text"),
        pytest.param({"due": Span(1)}, (), id="a deadline"),
        pytest.param({"archived": "with"}, None, id="archived ones"),
        pytest.param({"process": 3}, None, id="one process"),
        pytest.param({"is_oneoff": False}, None, id="one-off or not"),
    ],
)
def test_what_keys_alone_can_answer(given: dict[str, Any], principals: tuple[str, ...] | None) -> None:
    assert only_principals(TaskFilter(**given)) == principals
