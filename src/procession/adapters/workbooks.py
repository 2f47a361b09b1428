"""Uploaded tables, of which workbooks (.xlsx) are read on a thread of their own. Spec: behaviour-launching L-13.10.

openpyxl reads XML through defusedxml, which is installed for it, so that no entity is ever expanded.
"""

import asyncio
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from procession.domain.loose import clean_text
from procession.domain.sheets import Sheet, read_csv, read_records, refused, require_size

MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_PARTS = 1_000
# So many cells take a few seconds.
MAX_CELLS = 200_000

ZIP, OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

UNREADABLE = "The file is not a workbook that can be read. Save it as .xlsx, or as CSV UTF-8."
PROTECTED = "The workbook is protected by a password. Save it without one."
OLD = "The workbook has the format of old versions (.xls). Save it as .xlsx, or as CSV UTF-8."
TOO_LARGE = "The workbook is too large when it is unpacked. Send it in parts, without pictures, or as CSV UTF-8."
NO_SHEETS = "A CSV file has no sheets."

_threads = ThreadPoolExecutor(1, thread_name_prefix="workbook")


async def read_table(raw: bytes, sheet: str | None) -> Sheet:
    """The table in a CSV file, or in this sheet of a workbook (None: its first). Raises Invalid on `body`, `sheet`."""
    if raw.startswith(ZIP):
        return await asyncio.get_running_loop().run_in_executor(_threads, read_workbook, raw, sheet)
    if raw.startswith(OLE):
        require_size(raw)
        raise refused(PROTECTED if ENCRYPTED in raw else OLD)
    if sheet is not None:
        raise refused(NO_SHEETS, "sheet")
    return read_csv(raw)


def read_workbook(raw: bytes, sheet: str | None) -> Sheet:
    """As `read_table`, of an .xlsx file. Takes seconds: not on the event loop."""
    require_size(raw)
    _require_room(raw)
    try:
        workbook = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    except Exception as fault:  # whatever the library says of a file that it cannot read
        raise refused(UNREADABLE) from fault
    sheets: dict[str, Any] = {each.title: each for each in workbook.worksheets}
    if sheet is None:
        found = next(iter(sheets.values()), None)
    else:
        found = next((each for title, each in sheets.items() if title.casefold() == sheet.strip().casefold()), None)
    if found is None:
        there = ", ".join(sheets)
        raise refused(f"There is no such sheet. The workbook has: {there}." if there else UNREADABLE, "sheet")
    return read_records(_records(found))


def _require_room(raw: bytes) -> None:
    """What the directory says is all that is ever unpacked, whatever the parts are made of. Raises Invalid."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as fault:
        raise refused(UNREADABLE) from fault
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise refused(TOO_LARGE)


def _records(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows by number, without empty cells at their ends."""
    # Not as far as the file says that it goes: that may be a million rows.
    sheet.reset_dimensions()
    left = MAX_CELLS
    for number, row in enumerate(_rows(sheet), start=1):
        left -= len(row)
        if left < 0:
            raise refused(TOO_LARGE)
        cells = [_text(cell, number) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        yield number, cells


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    try:
        yield from sheet.iter_rows()
    except Exception as fault:  # as above
        raise refused(UNREADABLE) from fault


def _text(cell: Any, row: int) -> str:
    """What a CSV file has for the cell; formulas are what they came to when the workbook was saved."""
    if cell.data_type == "e":
        raise refused(f"Row {row} has an error in it: {cell.value}.")
    match cell.value:
        case None:
            return ""
        case bool():
            return str(cell.value).upper()
        case int() | float():
            return _number(cell.value)
        case datetime():
            return _instant(cell.value)
        case date():
            return cell.value.isoformat()
        case time():
            return cell.value.replace(microsecond=0).isoformat()
        case _:
            return clean_text(str(cell.value))


def _number(value: float) -> str:
    """With the 15 digits that spreadsheets show, never with an exponent."""
    return str(value) if isinstance(value, int) else f"{Decimal(f'{value:.15g}'):f}"


def _instant(value: datetime) -> str:
    """A day, or a day and a time; whose clocks these are, cells do not say (L-13.11)."""
    rounded = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    return rounded.date().isoformat() if rounded.time() == time() else rounded.isoformat(sep=" ")
