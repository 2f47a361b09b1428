"""What a hold makes of tasks and their dates. Spec: behaviour-work 9.1."""

from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.errors import WrongState
from procession.domain.holds import put_on_hold, resumed, waits_for_step
from procession.domain.processes import Process, Task
from procession.domain.summary import settle
from procession.domain.times import DAY, LATEST, wire

NOW = 1_790_000_000_000


def task(seq: int, **given: Any) -> Task:
    return Task(**{"seq": seq, "id": f"t{seq}", "title": f"{seq}", "created_at": 0, "updated_at": 0, **given})


def process(*tasks: Task) -> Process:
    plain: dict[str, Any] = {"template_id": "x", "template_version": 1, "template_title": "X", "type": "procedure"}
    plain |= {"name": "P", "folded_name": "p", "sort_name": "p", "owner": 1, "starter": 1}
    plain |= {"created_at": 0, "started_at": 0, "updated_at": 0}
    return settle(Process(seq=1, id="p1", tasks=tasks, **plain), NOW)


WHOLE = process(
    task(1, deadline=NOW + DAY, started_at=NOW - DAY),
    task(2, deadline=NOW + 2 * DAY, is_held=True),
    task(3, deadline=NOW - DAY, status="completed", completed_at=NOW - DAY),
    task(4, deadline=NOW + 3 * DAY, status="auto-skipped"),
    task(5),
    task(6, deadline=LATEST - 1),
)


def test_on_hold_nothing_is_due_and_resuming_moves_what_is_not_completed() -> None:
    """HO4, HO5"""
    held = settle(put_on_hold(WHOLE, reason="Frost", by=7, at=NOW), NOW)

    assert (held.status, held.open_deadlines, held.next_deadline, held.due_date) == ("active", (), None, None)
    assert [waits_for_step(each, held) for each in held.tasks] == [False, True, False, False, False, False]
    assert [each.deadline for each in held.tasks] == [each.deadline for each in WHOLE.tasks]

    passed = 90 * 60_000 + 1
    after = settle(resumed(held, at=NOW + passed), NOW + passed)

    assert after.hold is None
    assert [each.deadline for each in after.tasks] == [
        NOW + DAY + passed, NOW + 2 * DAY + passed, NOW - DAY, NOW + 3 * DAY + passed, None, LATEST,
    ]  # fmt: skip
    assert wire(LATEST).startswith("9999-12-31"), "the last day there is"
    assert after.tasks[0].started_at == NOW - DAY + passed
    assert [each.is_held for each in after.tasks] == [each.is_held for each in WHOLE.tasks]
    assert after.open_deadlines == (NOW + DAY + passed, LATEST)


def test_another_reason_leaves_the_time_on_hold_alone() -> None:
    """HO1"""
    held = put_on_hold(WHOLE, reason="Frost", by=7, at=NOW)
    again = put_on_hold(held, reason="Snow", by=8, at=NOW + DAY)

    assert held.hold is not None
    assert again == replace(held, hold=replace(held.hold, reason="Snow"))
    assert resumed(WHOLE, at=NOW) == WHOLE


def test_what_is_complete_is_not_put_on_hold() -> None:
    """HO2"""
    done = process(task(1, status="completed", completed_at=NOW))

    with pytest.raises(WrongState, match="complete"):
        put_on_hold(done, reason="Frost", by=7, at=NOW)
