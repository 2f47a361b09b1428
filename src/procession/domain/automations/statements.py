"""What an answer is compared with, as it is sent and kept. Spec: A-1.4, A-2.20."""

from collections.abc import Callable

from procession.domain.automations.rules import WITHOUT_VALUE, Operator
from procession.domain.loose import as_list, as_object, clean_text, is_scalar
from procession.domain.values import scalar_text

MAX_STATEMENT = 1000
MAX_STATEMENTS = 200

Complain = Callable[[str, str], None]
"""Told a path and what is wrong there."""


def read_statement(path: str, raw: object, operator: Operator, complain: Complain) -> object:
    """A text, or for "any of" a list of texts; options are kept as theirs. None where nothing is compared."""
    if operator in WITHOUT_VALUE:
        return None
    entries = as_list(raw)
    if entries is not None and operator == "equals_any":
        if 0 < len(entries) <= MAX_STATEMENTS:
            return [_text(f"{path}.{index}", entry, complain) for index, entry in enumerate(entries)]
        complain(path, f"The statement must be a list of 1 to {MAX_STATEMENTS} texts.")
        return None
    return _text(path, raw, complain)


def _text(path: str, raw: object, complain: Complain) -> str | None:
    option = as_object(raw)
    value = raw if option is None else option.get("text")
    if value is None or value == "":
        complain(path, "The statement field is required for this operation.")
        return None
    text = scalar_text(value) if isinstance(value, str | int | float) and is_scalar(value) else None
    if text is None or len(text) > MAX_STATEMENT:
        complain(path, f"The statement must be a text of at most {MAX_STATEMENT} characters.")
        return None
    return clean_text(text)
