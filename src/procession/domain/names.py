"""Names: what a process is called, how names are folded for sorting and searching, aliases and variables in text.

Spec: behaviour-launching 5, behaviour-templates 12.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import date

import msgspec

from procession.domain.errors import Invalid
from procession.domain.loose import clean_text

MAX_NAME = 550
MAX_SLUG = 60
# Where a text may hold a variable.
MARK = "{{"
ISO_DAY = "%Y-%m-%d"

_INVISIBLE = "\ufeff\u200b\u2060\u180e"
_JOINERS = "\u200c\u200d"
_ZERO_WIDTH = re.compile(f"[{_INVISIBLE}]")
# A joiner between two characters beyond ASCII shapes a word or an emoji; anywhere else it is noise.
_STRAY_JOINER = re.compile(f"(?<![^\\x00-\\x7f])[{_JOINERS}]+|(?<![{_JOINERS}])[{_JOINERS}]++(?![^\\x00-\\x7f])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_NOT_FOLDED = re.compile(
    f"[\x00{_INVISIBLE}{_JOINERS}\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_NOISE = f"[{_INVISIBLE}{_JOINERS}]"
# Blanks of rich text, too.
_BLANKS = f"(?:[ \u00a0{_INVISIBLE}{_JOINERS}]|&nbsp;)*+"
VARIABLE = rf"\{{\{{{_BLANKS}([\w-]{{1,200}}){_BLANKS}\}}\}}"
_VARIABLE = re.compile(f"(?<!{_NOISE}){_NOISE}*{VARIABLE}{_NOISE}*")


class Variable(msgspec.Struct, frozen=True):
    """What a variable stands for: the texts of an answer (none = blank), and the markup of a rich one."""

    texts: tuple[str, ...] = ()
    markup: str | None = None

    def __str__(self) -> str:
        """As titles, names and subjects show it. Spec: T-12.13."""
        return ", ".join(self.texts)


def clean_name(text: str) -> str:
    """A name as it is stored: one line, trimmed, without zero-width characters. Spec: L-5.11."""
    text = _CONTROL.sub(" ", clean_text(text))
    return _STRAY_JOINER.sub("", _ZERO_WIDTH.sub("", text)).strip()


def fold(text: str) -> str:
    """The form names are sorted and searched in: case, accents, width and zero-width characters folded away."""
    if text.isascii():
        return text.replace("\x00", "").lower()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", clean_text(text)).casefold())
    text = _NOT_FOLDED.sub("", text).translate(_STROKES)
    return unicodedata.normalize("NFC", text)


def slug(text: str, default: str = "item") -> str:
    """Letters and digits of any script, folded, joined by single hyphens; `default` when there are none."""
    folded = "".join(letter if letter.isalnum() else " " for letter in fold(text))
    return "-".join(folded.split())[:MAX_SLUG].strip("-") or default


def numbered_alias(text: str, taken: Collection[str], default: str = "item") -> str:
    """The slug of `text` with the first number that makes it unique. Spec: api-templates 6.1."""
    stem, number = slug(text, default), 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def system_variables(
    *,
    template_name: str,
    launched_on: date,
    process_id: str | None = None,
    task_id: str | None = None,
    day_form: str = ISO_DAY,
) -> dict[str, Variable]:
    """The variables every process has; the day is the one in the organization's zone. Spec: T-12.3."""
    known = {
        "TEMPLATE_NAME": template_name,
        "DATE": launched_on.strftime(day_form),
        "current-process-id": process_id,
        "current-task-id": task_id,
    }
    return {name: Variable((text,)) for name, text in known.items() if text is not None}


def fill_variables(text: str, values: Mapping[str, Variable], show: Callable[[Variable], str] = str) -> str:
    """`text` with each `{{alias}}` replaced, as plain text unless `show` says otherwise; `richtext` has the rich one.

    A blank answer leaves nothing, an unknown alias stays as typed. Spec: T-12.11 to T-12.14, DEC-42.
    """

    def shown(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return found[0] if value is None else show(value)

    return _VARIABLE.sub(shown, text)


def variables_in(text: str) -> list[str]:
    """The aliases that stand in braces, in order, each once."""
    return list(dict.fromkeys(found[1] for found in _VARIABLE.finditer(text)))


def process_name(
    *,
    sent: str | None,
    title: str,
    pattern: str | None,
    auto_naming: bool,
    may_change: bool,
    answers: Mapping[str, Variable],
    launched_on: date,
    day_form: str = ISO_DAY,
) -> str:
    """The name of a process launched on that day in the organization's zone; variables write it in `day_form`.

    Automatic naming that the launcher may not change beats a sent name; a blank name takes the template's pattern, and
    without one `<title> - <date>`. Variables of the pattern that no name can hold leave nothing. Raises Invalid on a
    sent name that is too long. Spec: L-5.1 to L-5.6, api-processes 7.1, LT-3.
    """
    chosen = clean_name(sent or "")
    if len(chosen) > MAX_NAME:
        raise Invalid({"name": [f"The name may not be greater than {MAX_NAME} characters."]})
    if chosen and (may_change or not auto_naming):
        return chosen
    pattern = pattern or ""
    known = {**answers, **system_variables(template_name=title, launched_on=launched_on, day_form=day_form)}
    values = {alias: known.get(alias, Variable()) for alias in variables_in(pattern)}
    generated = clean_name(fill_variables(pattern, values))
    return _cut(generated or clean_name(f"{title} - {launched_on.isoformat()}"))


def _cut(name: str) -> str:
    return name[:MAX_NAME].rstrip()
