"""How a command fails: one sentence on standard error that says what to do, and a code that is not zero."""

from typing import Any

import typer
from typer.core import TyperGroup

FAILED = 1
INTERRUPTED = 130


class CommandRefused(Exception):
    """A command cannot do what it was asked to; the message says why, and what to do."""


class Commands(TyperGroup):
    """Commands whose errors become one sentence, never a traceback."""

    def invoke(self, ctx: Any) -> object:  # Any: the base class names a private type
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            typer.echo(f"procession: {sentence(error)}", err=True)
            raise typer.Exit(FAILED) from error


def sentence(error: Exception) -> str:
    """What to tell whoever typed the command."""
    # Imported when something failed: they cost most of what `procession --version` takes.
    from procession.config import ConfigError
    from procession.domain.errors import DomainError, Invalid
    from procession.wiring import CannotStart

    if isinstance(error, Invalid):
        return " ".join(str(message) for messages in error.errors.values() for message in messages)
    if isinstance(error, CommandRefused | ConfigError | CannotStart | DomainError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Name a path that this user can use."
    what = " ".join(str(error).split())
    return f"This should not happen: {type(error).__name__}{f': {what}' if what else ''}. Please report it."
