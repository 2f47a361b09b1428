"""Refusals: what the product says no to, in words a user can act on.

They know nothing of HTTP; `api/errors.py` maps each `code` to a status and a body shape.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from procession.domain.loose import as_list, as_object


class DomainError(Exception):
    """A refusal with a stable `code` and a sentence for the person who asked."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DomainError):
    """The thing does not exist, or the caller may not know that it does."""

    code = "RESOURCE_NOT_FOUND"

    def __init__(self, message: str = "Resource not found") -> None:
        super().__init__(message)


class NotAllowed(DomainError):
    """The caller is known and may see the thing, but may not do this."""

    code = "NOT_ALLOWED"


class Invalid(DomainError):
    """Malformed or unacceptable input; `errors` maps a dotted field path to its messages.

    `prerun`, `tasks` and `taskdata` carry a list of `{id: [messages]}` instead (Spec: api-conventions 14.3).
    """

    code = "INVALID"

    def __init__(self, errors: Mapping[str, list[Any]], message: str = "The given data was invalid.") -> None:
        super().__init__(message)
        self.errors = dict(errors)


def in_sentences(refusal: DomainError) -> str:
    """In one line: what is wrong with each thing that was sent, or why it cannot be at all."""
    if not isinstance(refusal, Invalid):
        return refusal.message
    return " ".join(dict.fromkeys(f"{text.removesuffix('.')}." for text in _texts(refusal.errors)))


def _texts(errors: object) -> list[str]:
    inside = [*(as_object(errors) or {}).values(), *(as_list(errors) or ())]
    return [errors] if isinstance(errors, str) else [text for each in inside for text in _texts(each)]


class WrongState(DomainError):
    """Well-formed, but the thing is not in a state that allows it; no field is to blame."""

    code = "WRONG_STATE"


class Protected(DomainError):
    """Nobody may do this to that person: the bot, the last administrator. Spec: api-people 4.5."""

    code = "PROTECTED"


class ProcessArchived(WrongState):
    code = "PROCESS_ARCHIVED"

    def __init__(self) -> None:
        super().__init__("This process is archived. Restore it before changing it.")


class MailNotSetUp(WrongState):
    """What was asked for is a mail, and the server has nobody to hand it to."""

    code = "MAIL_NOT_SET_UP"

    def __init__(self) -> None:
        super().__init__("This server is not set up to send mail. Ask whoever runs it.")


class ProcessLocked(DomainError):
    """An open process-level issue locks the process and its tasks. Spec: api-processes 1.2."""

    code = "PROCESS_LOCKED"

    def __init__(self, because: str = "has an open issue. Resolve the issue") -> None:
        super().__init__(f"This process {because} before changing the process or its tasks.")


class ProcessOnHold(ProcessLocked):
    """Somebody paused the process. Spec: behaviour-work HO3."""

    code = "PROCESS_ON_HOLD"

    def __init__(self) -> None:
        super().__init__("is on hold. Resume it")


class AlreadyCompleted(WrongState):
    code = "TASK_ALREADY_COMPLETED"

    def __init__(self) -> None:
        super().__init__("This task is already completed. Reopen it before completing it again.")


class TaskBlocked(WrongState):
    """Other tasks come first; `waiting_for` is how each of them is called. Spec: behaviour-work C10."""

    code = "TASK_BLOCKED"

    def __init__(self, waiting_for: Sequence[str]) -> None:
        *others, last = waiting_for
        named = f"{', '.join(others)} and {last}" if others else last
        super().__init__(f"This task cannot be completed yet. It waits for {named} to be completed first.")


class TooLarge(DomainError):
    code = "PAYLOAD_TOO_LARGE"


class TooManyRequests(DomainError):
    """A limit of the organization's or the person's own is used up. Spec: api-conventions 15."""

    code = "RATE_LIMIT_EXCEEDED"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds

    @classmethod
    def hourly(cls, operation: str, limit: int, *, retry_after_seconds: int) -> "TooManyRequests":
        message = (
            f"You've reached the hourly limit for {operation} ({limit} per hour per organization). "
            "Please try again later."
        )
        return cls(message, retry_after_seconds=retry_after_seconds)


class Malformed(DomainError):
    """The body is not readable at all."""

    code = "MALFORMED_JSON"

    def __init__(self, message: str = "Malformed JSON") -> None:
        super().__init__(message)


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"

    def __init__(self, message: str = "Unauthenticated.") -> None:
        super().__init__(message)
