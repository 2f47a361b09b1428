"""Which ranges of the tasks' keys a list reads. Spec: api-tasks 3, 5."""

from typing import Any

import pytest

from procession.domain.listing import TaskState
from procession.domain.summary import DUE_SOON_MS
from procession.domain.task_filters import KeyRange, Span, TaskFilter, key_ranges, only_principals

NOW = 1_790_000_000_000
SOON = NOW + DUE_SOON_MS + 1
OPEN, DONE, HIDDEN = TaskState.OPEN, TaskState.COMPLETED, TaskState.HIDDEN


@pytest.mark.parametrize(
    ("words", "ranges"),
    [
        pytest.param((), [(OPEN, None, None), (DONE, None, None)], id="everything that is shown"),
        pytest.param(("active",), [(OPEN, None, None)], id="active"),
        pytest.param(("active", "complete"), [(OPEN, None, None), (DONE, None, None)], id="both"),
        pytest.param(("overdue",), [(OPEN, None, NOW)], id="overdue"),
        pytest.param(("due-soon",), [(OPEN, NOW, SOON)], id="H11 due now is due soon"),
        pytest.param(("on-time",), [(OPEN, NOW, None)], id="on time"),
        pytest.param(("overdue", "due-soon"), [(OPEN, None, SOON)], id="neighbours merge"),
        pytest.param(("due-soon", "on-time"), [(OPEN, NOW, None)], id="one inside the other"),
        pytest.param(("overdue", "on-time"), [(OPEN, None, None)], id="together all that is open"),
        pytest.param(("overdue", "active"), [(OPEN, None, None)], id="all that is open"),
        pytest.param(("auto-skipped", "overdue"), [(OPEN, None, NOW), (HIDDEN, None, None)], id="hidden ones, too"),
    ],
)
def test_words_become_ranges_without_overlap(words: Any, ranges: list[tuple[Any, ...]]) -> None:
    assert key_ranges(words, NOW) == tuple(KeyRange(*each) for each in ranges)


@pytest.mark.parametrize(
    "word", ["not-started", "in-progress", "stalled", "has-problem", "has-improvement", "archived"]
)
def test_other_words_need_the_tasks_themselves(word: Any) -> None:
    assert key_ranges((word, "overdue"), NOW) is None


@pytest.mark.parametrize(
    ("given", "principals"),
    [
        pytest.param({}, (), id="everybody"),
        pytest.param({"assignees": ("m:1", "g:a")}, ("m:1", "g:a"), id="somebody with their groups"),
        pytest.param({"groups": ("g:a",)}, ("g:a",), id="a group"),
        pytest.param({"guests": ("e:ana@partner.test",)}, ("e:ana@partner.test",), id="a guest"),
        pytest.param({"assignees": ("m:1",), "groups": ("g:a",)}, None, id="two conditions"),
        pytest.param({"text": "x"}, None, id="a text"),
        pytest.param({"due": Span(1)}, None, id="a deadline"),
        pytest.param({"archived": "with"}, None, id="archived ones"),
        pytest.param({"process": 3}, None, id="one process"),
        pytest.param({"is_oneoff": False}, None, id="one-off or not"),
    ],
)
def test_what_keys_alone_can_answer(given: dict[str, Any], principals: tuple[str, ...] | None) -> None:
    assert only_principals(TaskFilter(**given)) == principals
