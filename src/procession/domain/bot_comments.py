"""What the system says on tasks: processes and templates stand in it by reference, named for whoever reads.

Spec: L-10.5, L-10.8, behaviour-people Q4, T-2.3.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape

from procession.domain.threads import Thread
from procession.domain.wording import ANOTHER_TEMPLATE

_REFERENCE = re.compile(r"@\[(process|template):([0-9a-f]{32})\]")


def process_reference(process_id: str) -> str:
    return f"@[process:{process_id}]"


def template_reference(template_id: str) -> str:
    return f"@[template:{template_id}]"


def referred_to(threads: Iterable[Thread]) -> frozenset[str]:
    """The processes and templates that these comments name, as far as the system wrote them."""
    return references_in(each.content for each in threads if each.author_kind == "bot")


def references_in(contents: Iterable[str]) -> frozenset[str]:
    return frozenset(found[2] for content in contents for found in _REFERENCE.finditer(content))


def with_references(thread: Thread, names: Mapping[str, str]) -> str:
    """The content; `names` are those of the processes and templates that the reader knows of."""
    return in_full(thread.content, names) if thread.author_kind == "bot" else thread.content


def in_full(content: str, names: Mapping[str, str]) -> str:
    """ "the process Onboard Iris (<id>)", "another template" """

    def shown(found: re.Match[str]) -> str:
        kind, key = found.groups()
        name = names.get(key)
        if name is not None:
            return f"the {kind} {escape(name, quote=False)} ({key})"
        return ANOTHER_TEMPLATE if kind == "template" else "another process"

    return _REFERENCE.sub(shown, content)
