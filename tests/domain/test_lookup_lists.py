"""Lookup lists as plain data. Spec: api-templates 11, T-11.5."""

from typing import Any

import pytest

from procession.domain.errors import Invalid
from procession.domain.fields import Column
from procession.domain.lookup_lists import (
    LookupList,
    Reference,
    Row,
    SentColumn,
    SentRow,
    options_of,
    read_list,
    reference,
)

CITIES = LookupList(
    id="c1" * 16,
    name="Cities",
    folded_name="cities",
    columns=(Column(1, "City"), Column(2, "Land")),
    rows=(Row(1, ("Kiel", "DE")), Row(4, ("Turin", ""))),
    created_at=0,
    updated_at=0,
)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("C1" * 16, Reference("c1" * 16), id="an id"),
        pytest.param({"id": "c1" * 16, "column": 2}, Reference("c1" * 16, 2), id="an id and a column"),
        pytest.param({"id": 7}, None, id="something of another shape"),
        pytest.param([1], None, id="a list"),
    ],
)
def test_what_a_field_points_to(sent: Any, expected: Reference | None) -> None:
    assert reference(sent) == expected


def test_options_come_from_a_column_without_its_gaps() -> None:
    assert [(each.id, each.text) for each in options_of(CITIES)] == [(1, "Kiel"), (4, "Turin")]
    assert [(each.id, each.text) for each in options_of(CITIES, 2)] == [(1, "DE")]
    assert [each.text for each in options_of(CITIES, 9)] == ["Kiel", "Turin"], "no such column"


def test_ids_stay_with_what_they_name() -> None:
    """Options of fields and answers name rows by id (T-11.3)."""
    rows = [SentRow(None, ("Oslo", "NO")), SentRow(None, ("Turin", "")), SentRow(1, ("Kiel", "D"))]

    changed = read_list(CITIES, "Cities", [SentColumn(None, "Land"), SentColumn(None, "Code")], rows)

    assert [(each.id, each.label) for each in changed.columns] == [(2, "Land"), (3, "Code")]
    assert [(each.id, each.cells[0]) for each in changed.rows] == [(5, "Oslo"), (4, "Turin"), (1, "Kiel")]


@pytest.mark.parametrize(
    ("name", "columns", "rows", "path"),
    [
        pytest.param(" ", None, None, "name", id="blank name"),
        pytest.param("x" * 201, None, None, "name", id="long name"),
        pytest.param("x", [], None, "columns", id="no columns"),
        pytest.param("x", [SentColumn(None, "")], [], "columns.0.label", id="a column without a label"),
        pytest.param("x", [SentColumn(1, "a"), SentColumn(1, "b")], [], "columns.1.id", id="an id twice"),
        pytest.param("x", [SentColumn(None, "a")], None, "rows.0", id="rows that no longer fit"),
        pytest.param("x", None, [SentRow(None, ("a",))], "rows.0", id="a cell too few"),
        pytest.param("x", None, [SentRow(0, ("a", "b"))], "rows.0.id", id="an id of zero"),
        pytest.param("x", None, [SentRow(None, ("a" * 201, "b"))], "rows.0", id="a long cell"),
        pytest.param("x", None, [SentRow(None, ("a", "b"))] * 1001, "rows", id="too many rows"),
    ],
)
def test_bad_lists_are_refused_by_path(name: str, columns: Any, rows: Any, path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_list(CITIES, name, columns, rows)

    assert path in refusal.value.errors
