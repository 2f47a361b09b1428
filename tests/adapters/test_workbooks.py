"""Workbooks as tables: the texts that a CSV file of the same sheet has. Spec: behaviour-launching L-13.10."""

import asyncio
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook

from procession.adapters import workbooks
from procession.adapters.workbooks import ENCRYPTED, OLE, read_table
from procession.domain.errors import Invalid
from procession.domain.sheets import MAX_COLUMNS, MAX_ROWS, MOST_RECORDS, Sheet


def saved(workbook: Workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def workbook_of(*rows: Any, **sheets: Any) -> bytes:
    """With one sheet of these rows, or with these sheets."""
    workbook = Workbook(write_only=True)
    for title, each in (sheets or {"Sheet": rows}).items():
        sheet = workbook.create_sheet(title)
        for row in each:
            sheet.append(row)
    return saved(workbook)


def read(raw: bytes, sheet: str | None = None) -> Sheet:
    return asyncio.run(read_table(raw, sheet))


def fault(raw: bytes, sheet: str | None = None) -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        read(raw, sheet)
    [(field, [message])] = refused.value.errors.items()
    return field, message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(" Alto ", "Alto", id="text"),
        pytest.param("two\nlines", "two\nlines", id="text with a line break"),
        pytest.param(7, "7", id="a whole number"),
        pytest.param(7.0, "7", id="a whole number that was calculated"),
        pytest.param(0.1 + 0.2, "0.3", id="as many digits as are shown"),
        pytest.param(-1234567.25, "-1234567.25", id="no grouping"),
        pytest.param(1e21, "1000000000000000000000", id="no exponent"),
        pytest.param(2.5e-7, "0.00000025", id="no exponent either"),
        pytest.param(True, "TRUE", id="a truth value"),
        pytest.param(date(2031, 2, 6), "2031-02-06", id="a day"),
        pytest.param(datetime(2031, 2, 6, 16, 30), "2031-02-06 16:30:00", id="a day and a time"),  # noqa: DTZ001  # cells have no zone
        pytest.param(datetime(2031, 2, 6, 23, 59, 59, 999_900), "2031-02-07", id="rounded to seconds"),  # noqa: DTZ001  # as above
        pytest.param(time(16, 30), "16:30:00", id="a time"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_cells_are_the_text_that_csv_has(value: Any, text: str) -> None:
    """L-13.10"""
    [row] = read(workbook_of(["Name", "Value", "End"], ["Alto", value, "x"])).rows

    assert (row.number, row.cells) == (2, ("Alto", text, "x"))


def test_rows_keep_their_numbers_and_blank_ones_are_left_out() -> None:
    rows = [["Name", "Farm"], [], [None, "Alto"], [], [""], [None, " "], ["Basso"]]

    table = read(workbook_of(*rows))

    assert table.header == ("Name", "Farm")
    assert [(row.number, row.cells) for row in table.rows] == [(3, ("", "Alto")), (7, ("Basso",))]


def test_a_formula_is_what_it_came_to_when_it_was_saved() -> None:
    """And what a program wrote without calculating it is nothing."""
    raw = workbook_of(["Name", "Sum"], ["Alto", "=1+2"])
    calculated = rewritten(raw, "xl/worksheets/sheet1.xml", lambda part: part.replace(b"<v />", b"<v>3</v>"))

    assert [read(each).rows[0].cells for each in (raw, calculated)] == [("Alto",), ("Alto", "3")]


def test_the_first_sheet_or_the_one_that_is_named() -> None:
    raw = workbook_of(Farms=[["Name"], ["Farms"]], Fields=[["Name"], ["Fields"]])

    assert [read(raw, each).rows[0].cells for each in (None, "fields")] == [("Farms",), ("Fields",)]
    assert fault(raw, "Barns") == ("sheet", "There is no such sheet. The workbook has: Farms, Fields.")
    assert fault(b"Name\nAlto\n", "Farms") == ("sheet", "A CSV file has no sheets.")


def rewritten(raw: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return file.getvalue()


PLAIN = workbook_of(["Name"], ["Alto"])
SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
REFUSED: dict[str, tuple[bytes, str]] = {
    "an empty sheet": (workbook_of(), "The file needs a header"),
    "nothing but a header": (workbook_of(["Name"]), "The file needs a header"),
    "protected by a password": (OLE + ENCRYPTED, "protected by a password"),
    "of an old version": (OLE + bytes(512), "old versions"),
    "something else in a zip": (rewritten(PLAIN, "xl/workbook.xml", lambda _: b"\x89PNG"), "not a workbook"),
    "cut off": (PLAIN[:-100], "not a workbook"),
    "a broken sheet": (rewritten(PLAIN, SHEET, lambda part: part[:-40]), "not a workbook"),
    "an error in a cell": (workbook_of(["Name"], ["#DIV/0!"]), "Row 2 has an error in it: #DIV/0!."),
    "entities": (rewritten(PLAIN, SHEET, lambda part: LAUGHS + part), "not a workbook"),
    "too many columns": (workbook_of(["x"] * (MAX_COLUMNS + 1), ["x"]), f"at most {MAX_COLUMNS} columns"),
    "a zip bomb": (rewritten(PLAIN, SHEET, lambda part: part + b" " * 70_000_000), "too large when it is unpacked"),
    "too many cells": (workbook_of(*[["x", *[None] * 198, "y"]] * 1_001), "too large when it is unpacked"),
    "many parts": (b"", "too large when it is unpacked"),
    "a row far below": (
        rewritten(
            PLAIN, SHEET, lambda part: part.replace(b'<row r="2"', b'<row r="1048576"').replace(b"A2", b"A1048576")
        ),
        f"more than {MOST_RECORDS} rows",
    ),
    "more than a file may have": (PLAIN + bytes(6 * 1024 * 1024), "larger than 5 MiB"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_in_words(case: str) -> None:
    """L-13.10"""
    raw, message = REFUSED[case]
    if case == "many parts":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as parts:
            for number in range(workbooks.MAX_PARTS + 1):
                parts.writestr(str(number), b"")
        raw = file.getvalue()

    field, told = fault(raw)

    assert (field, message in told) == ("body", True), told


def test_as_many_rows_as_csv_may_have() -> None:
    rows = [[f"Farm {number}", number] for number in range(MAX_ROWS)]

    assert len(read(workbook_of(["Name", "No"], *rows)).rows) == MAX_ROWS
    assert f"at most {MAX_ROWS} rows" in fault(workbook_of(["Name", "No"], *rows, ["one", "more"]))[1]
