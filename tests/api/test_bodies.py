"""Request bodies: what is read, what is refused, and how it is said. Spec: api-conventions 13, 14.3."""

from typing import Any

import msgspec
import pytest

from procession.api.bodies import read_body
from procession.domain.errors import Invalid

LARGEST = 2**63 - 1


class Inner(msgspec.Struct):
    position: int = 0


class Body(msgspec.Struct, kw_only=True):
    number: int = 0
    numbers: tuple[int, ...] = ()
    inner: Inner | None = None
    answers: dict[str, Any] = {}
    anything: Any = None


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param({"number": LARGEST + 1}, "number", id="a number"),
        pytest.param({"number": -LARGEST - 2}, "number", id="a negative number"),
        pytest.param({"number": str(10**30)}, "number", id="a number as text"),
        pytest.param({"numbers": [1, 10**30]}, "numbers.1", id="in a list"),
        pytest.param({"inner": {"position": 10**30}}, "inner.position", id="in an object"),
        pytest.param({"answers": {"a": {"b": [10**30]}}}, "answers.a.b.0", id="deep in an answer"),
        pytest.param({"anything": [[10**30]]}, "anything.0.0", id="where anything may stand"),
    ],
)
def test_a_number_that_no_database_can_hold_is_refused_where_it_stands(body: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_body(Body, body, [])

    assert list(refused.value.errors) == [place]


def test_the_largest_number_is_read() -> None:
    read = read_body(Body, {"number": LARGEST, "numbers": [-LARGEST], "anything": {"a": LARGEST}}, [])

    assert (read.number, read.numbers, read.anything) == (LARGEST, (-LARGEST,), {"a": LARGEST})


def test_every_fault_is_told_at_once() -> None:
    ignored: list[str] = []
    with pytest.raises(Invalid) as refused:
        read_body(Body, {"number": 10**30, "numbers": "x", "inner": [], "unknown": 1}, ignored)

    assert set(refused.value.errors) == {"number", "numbers", "inner"}
    assert ignored == ["body:unknown"]
