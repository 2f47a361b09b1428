"""Tables that people upload: a header and rows of text, read of CSV here and of workbooks by `adapters.workbooks`.

Spec: behaviour-launching L-13.2, L-13.6, L-13.10.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from procession.domain.errors import Invalid
from procession.domain.loose import clean_text

MAX_ROWS = 5_000
MAX_COLUMNS = 200
# Blank ones counted, which are passed over.
MOST_RECORDS = 20_000
MAX_BYTES = 5 * 1024 * 1024

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


class Row(msgspec.Struct, frozen=True):
    """A row with its number in the file, where the header is 1; a row's line breaks count for nothing."""

    number: int
    cells: tuple[str, ...]


class Sheet(msgspec.Struct, frozen=True):
    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_csv(raw: bytes) -> Sheet:
    """The table in a CSV file: UTF-8, commas or semicolons, as the header has it. Raises Invalid on `body`."""
    require_size(raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise refused(f"The file is not UTF-8 text (byte {fault.start + 1}). Save it as CSV UTF-8.") from None
    return read_records(_records(clean_text(text)))


def require_size(raw: bytes) -> None:
    """Raises Invalid on `body`."""
    if len(raw) > MAX_BYTES:
        raise refused(f"The file is larger than {MAX_BYTES // 1024**2} MiB. Send it in parts.")


def read_records(records: Iterable[tuple[int, Sequence[str]]]) -> Sheet:
    """The table in these rows, each with its number from 1. Blank rows are left out. Raises Invalid on `body`."""
    rows: list[Row] = []
    for number, record in records:
        if number > MOST_RECORDS:
            raise refused(f"The file has more than {MOST_RECORDS} rows, blank ones counted.")
        cells = tuple(cell.strip() for cell in record)
        if not any(cells) and number > 1:
            continue
        if len(cells) > MAX_COLUMNS:
            raise refused(f"The file may have at most {MAX_COLUMNS} columns.")
        if len(rows) > MAX_ROWS:
            raise refused(f"The file may have at most {MAX_ROWS} rows below its header. Send it in parts.")
        rows.append(Row(number, cells))
    if len(rows) < 2 or not any(rows[0].cells):
        raise refused("The file needs a header in its first row, and at least one row below it.")
    return Sheet(rows[0].cells, tuple(rows[1:]))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = (found[0] for found in _LINE.finditer(text))
    reader = csv.reader(lines, delimiter=_separator(text), strict=True)
    try:
        yield from enumerate(reader, start=1)
    except csv.Error as fault:
        raise refused(f"The file is not readable as CSV: {fault}.") from None


def _separator(text: str) -> str:
    """What separates the header's cells: semicolons where there are more of them, outside quotes."""
    counted = {",": 0, ";": 0}
    is_quoted = False
    for letter in text:
        if letter == '"':
            is_quoted = not is_quoted
        elif letter in "\r\n" and not is_quoted:
            break
        elif letter in counted and not is_quoted:
            counted[letter] += 1
    return ";" if counted[";"] > counted[","] else ","


def refused(message: str, field: str = "body") -> Invalid:
    errors: dict[str, list[Any]] = {field: [message]}
    return Invalid(errors)
