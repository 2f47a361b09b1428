"""Tables that people upload, and what their columns and cells mean. Spec: behaviour-launching L-13.2 to L-13.6."""

from typing import Any

import pytest

from procession.domain.bulk_columns import read_columns
from procession.domain.bulk_rows import Asked, Errors, Known, read_row
from procession.domain.errors import Invalid
from procession.domain.fields import Column, Field, Option
from procession.domain.sheets import MAX_BYTES, MAX_ROWS, read_csv
from procession.domain.templates import Template

OPTIONS = (Option(1, "Soil"), Option(2, "Salt, sea"), Option(3, "Water"))


def field(label: str, kind: Any = "text", **more: Any) -> Field:
    key = label.lower()
    return Field(
        id=key * 2,
        alias=f"{key}-1",
        field_type=kind,
        label=label,
        required=False,
        position=1,
        created_at=0,
        last_updated=0,
        **more,
    )


FORM = Template(
    kickoff=(
        field("Farm"),
        field("Kind", "multiselect", options=OPTIONS),
        field("Who", "assignees_form"),
        field("Tubes", "table", columns=(Column(1, "Id"),)),
        field("Plan", "file"),
        field("Tags"),
        field("Weight", "number"),
        field("At", "date", collect_time=True),
        field("Day", "date"),
        field("Sum", "calculated", expression="{{weight-1}} * 2"),
    )
)
KNOWN = Known(members={"mia@x.test": 7}, tags={"hot": ("t1", "t2")}, folders={}, zone="Europe/London")


@pytest.mark.parametrize(
    ("raw", "header", "numbers"),
    [
        pytest.param(b"a,b\n1,2\n\n3,4", ("a", "b"), [2, 4], id="blank rows keep their number"),
        pytest.param('\ufeffa;"b;c"\r\n1;2,5'.encode(), ("a", "b;c"), [2], id="mark, semicolons, quotes"),
        pytest.param(b'a\n"two\nlines"\nx', ("a",), [2, 3], id="line breaks in a cell"),
    ],
)
def test_a_table_is_read(raw: bytes, header: tuple[str, ...], numbers: list[int]) -> None:
    sheet = read_csv(raw)
    assert (sheet.header, [row.number for row in sheet.rows]) == (header, numbers)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"a,b\n", b"\n\na\n1", b",,\n1,2,3", "a\nü".encode("latin-1"), "a\nb".encode("utf-16"), b'a\n"x" y',
        b'a\n"open', b"a\n" + b"1\n" * (MAX_ROWS + 1), b"a" * (MAX_BYTES + 1), b"," * 300 + b"x\n1",
        b"a\n" + b"x" * 200_000, b"a\n1" + b"\n" * 30_000,
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read_csv(raw)
    assert list(refused.value.errors) == ["body"]


def test_columns_are_found_exactly_first_then_in_any_case() -> None:
    """L-13.2, L-13.5: an id before an alias before a label, and fields before words of ours; T-11.60."""
    columns = read_columns(["NAME", "farm", "kind-1", "", "tags", "Owner", "Sum"], FORM)
    assert [(each.meaning, each.key) for each in columns] == [
        ("name", None), ("field", "farmfarm"), ("field", "kindkind"), ("nothing", None), ("field", "tagstags"),
        ("owner", None), ("nothing", None),
    ]  # fmt: skip


@pytest.mark.parametrize("header", [["Farmm"], ["Farm", "farm-1"], ["name", "Name"], ["deadline: Look"]])
def test_unclear_headers_are_refused_with_the_fields_there_are(header: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        read_columns(header, FORM)
    told = refused.value.errors["header"][-1]
    assert "Farm (farm-1)" in told and "Sum" not in told


def read(header: str, cell: str) -> tuple[Asked, Errors]:
    return read_row(read_columns([header], FORM), [cell], FORM, KNOWN)


@pytest.mark.parametrize(
    ("header", "cell", "answer"),
    [
        ("Farm", "", None),
        ("Kind", "Salt, sea", [{"id": 2, "text": "Salt, sea", "selected": True}]),
        ("Kind", "Soil,Water", [{"id": each, "text": text, "selected": True} for each, text in ((1, "Soil"), (3, "Water"))]),
        ("Kind", '["Soil"]', [{"id": 1, "text": "Soil", "selected": True}]),
        ("Who", "Mia@x.test, g@x.test", {"users": [7], "guests": ["g@x.test"]}),
        ("Tubes", '["a"]', ["a"]),
        ("Weight", "12.50", "12.50"),
        ("At", "2027-07-01 09:00", "2027-07-01T08:00:00.000Z"),
        ("At", "2027-07-01T09:00:15", "2027-07-01T08:00:15.000Z"),
        ("At", "2027-03-28 01:30", "2027-03-28T01:00:00.000Z"),
        ("At", "2027-07-01", "2027-06-30T23:00:00.000Z"),
        ("At", "2027-07-01T09:00Z", "2027-07-01T09:00:00.000Z"),
        ("At", "2027-07-01 09:00+02:00", "2027-07-01T07:00:00.000Z"),
        ("At", "2027-02-30 09:00", "2027-02-30 09:00"),
        ("Day", "2027-07-01 00:30", "2027-07-01"),
        ("Day", "2027-07-01T23:30:00-05:00", "2027-07-01"),
        ("Day", "2027-07-01T00:30:00.000+09:00", "2027-07-01"),
        ("Day", "2027-02-30T00:30:00+09:00", "2027-02-30T00:30:00+09:00"),
        ("Plan", "https://x.test/a", [{"url": "https://x.test/a", "source": "url"}]),
    ],
)  # fmt: skip
def test_cells_become_answers(header: str, cell: str, answer: object) -> None:
    """L-13.3, L-13.11."""
    asked, errors = read(header, cell)
    assert (list(asked.prerun.values()), errors) == ([answer], {})


@pytest.mark.parametrize(("header", "cell"), [("Kind", "Wine"), ("Kind", "[1"), ("owner", "x@x.test"), ("folder", "x")])
def test_cells_that_mean_nothing_are_named(header: str, cell: str) -> None:
    assert list(read(header, cell)[1]) == [header]
