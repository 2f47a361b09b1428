"""Rich text as far as decisions need it: is there anything in it, what does it say, filling in variables.

Making foreign markup safe is the business of an adapter, handed in where it is needed.
"""

import re
from collections.abc import Callable, Mapping
from html import escape, unescape

from procession.domain.names import Variable, clean_name, fill_variables

MOST_TOLD = 1000

_ANY_TAG = re.compile(r"<[/!]?[a-zA-Z-][^<>]*>")
_WHOLE_TAG = re.compile(r"""<[/!]?[a-zA-Z-](?:[^<>"']|"[^"]*"|'[^']*')*+>""")
_CONTENT = re.compile(r"<(?:img|video|audio|iframe|embed|object|hr|editor-form-field)\b", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_LINK = re.compile(r"<a\b", re.IGNORECASE)
_LINK_END = re.compile(r"</a\b", re.IGNORECASE)
_ADDRESS = re.compile(r"""(\bhref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:|/(?![/\\])|#)[^\s\x00-\x20]", re.IGNORECASE)
_URL = re.compile(r"""\bhttps?://[^\s<>"']*[^\s<>"'.,;:!?)\]}]""", re.IGNORECASE)


def is_rich(text: str) -> bool:
    return _ANY_TAG.search(text) is not None


def plain_text(markup: str) -> str:
    """What the markup says, one line per paragraph, without tags."""
    text = unescape(_ANY_TAG.sub("", _BREAK.sub("\n", markup)))
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def excerpt(text: str) -> str:
    """The beginning of a long text, as far as it is told of."""
    return text if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD].rstrip()} …"


def is_blank_markup(markup: str) -> bool:
    """Whether there is nothing but tags and white space. Spec: behaviour-templates 11.2."""
    return _CONTENT.search(markup) is None and not clean_name(plain_text(markup))


def fill_rich_variables(markup: str, values: Mapping[str, Variable], *, sanitize: Callable[[str], str]) -> str:
    """Sanitized `markup` with each `{{alias}}` replaced: in text, and in the address of a link.

    A checklist shows one line per option, a long text keeps its formatting as far as `sanitize` lets it, everything
    else is escaped and its URLs become links. A link whose address turns out blank or unsafe loses its tags.
    Spec: T-12.11 to T-12.14.
    """
    filled: list[str] = []
    position, in_link, lost_link = 0, False, False
    for tag in _WHOLE_TAG.finditer(markup):
        filled.append(_fill_text(markup[position : tag.start()], values, sanitize, linked=in_link))
        position, text = tag.end(), tag[0]
        if _LINK.match(text):
            text = _fill_address(text, values)
            in_link, lost_link = text != "", text == ""
        elif _LINK_END.match(text):
            text = "" if lost_link else text
            in_link, lost_link = False, False
        filled.append(text)
    filled.append(_fill_text(markup[position:], values, sanitize, linked=in_link))
    return "".join(filled)


def _fill_text(text: str, values: Mapping[str, Variable], sanitize: Callable[[str], str], *, linked: bool) -> str:
    return fill_variables(text, values, lambda value: as_markup(value, sanitize, linked=linked))


def as_markup(value: Variable, sanitize: Callable[[str], str], *, linked: bool = False) -> str:
    """What a variable stands for, as it stands in rich text; inside a link (`linked`) nothing becomes another one."""
    if value.markup is not None:
        return sanitize(value.markup)
    return "<br>".join(escape(line) if linked else _with_links(line) for line in value.texts)


def _fill_address(tag: str, values: Mapping[str, Variable]) -> str:
    """The opening tag of a link with its address filled in, or nothing when the address is no good."""
    address = _ADDRESS.search(tag)
    if address is None:
        return tag
    quoted = address[2]
    filled = fill_variables(unescape(quoted[1:-1]), values).strip()
    if filled == unescape(quoted[1:-1]).strip():
        return tag
    if not _SAFE_ADDRESS.match(filled):
        return ""
    return f'{tag[: address.start(2)]}"{escape(filled)}"{tag[address.end(2) :]}'


def _with_links(text: str) -> str:
    pieces: list[str] = []
    position = 0
    for url in _URL.finditer(text):
        address = escape(url[0])
        pieces += escape(text[position : url.start()]), f'<a href="{address}" rel="noopener noreferrer">{address}</a>'
        position = url.end()
    return "".join([*pieces, escape(text[position:])]).replace("\n", "<br>")
