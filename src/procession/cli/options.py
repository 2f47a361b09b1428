"""Options that several commands share, and how columns are printed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[Path | None, typer.Option(help="Folder of the embedded database, uploaded files and the key.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="PostgreSQL to use instead of the embedded database.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]
Email = Annotated[str, typer.Option(help="E-mail address of the person.")]
PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]


def columns(rows: Sequence[Sequence[str]]) -> str:
    """The rows with their columns below each other, for people and for grep."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
