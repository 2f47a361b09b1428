"""What every list route does with its parameters and its rows. Spec: api-conventions 8-10."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from procession.api.call import Call
from procession.api.call import Page as AskedPage
from procession.api.contract.envelope import Paginated
from procession.api.params import PageParams
from procession.storage.dialect import escape_like
from procession.storage.pages import Page

T = TypeVar("T")

MAX_OFFSET = 2**53


def asked_page(
    call: Call,
    params: PageParams,
    *,
    sorts: Sequence[str],
    default_sort: str,
    per_page: int = 10,
    cap: int = 100,
) -> tuple[Page, AskedPage | None]:
    """What storage is to read, and the page for `paginated`, None when the whole list is wanted."""
    sort, descending = call.sorting(params.sort, params.sort_by, known=sorts, default=default_sort)
    if params.without_pagination:
        return Page(sort=sort, descending=descending), None
    page = call.page(params.page, params.per_page, params.limit, default=per_page, cap=cap)
    return Page(sort=sort, descending=descending, limit=page.size, offset=min(page.offset, MAX_OFFSET)), page


def answered(call: Call, items: list[T], total: int, page: AskedPage | None) -> Paginated[T]:
    return Paginated(items) if page is None else call.paginated(items, total, page)


def cut(items: Sequence[T], page: AskedPage | None) -> list[T]:
    """The page of a list that had to be read whole."""
    return list(items) if page is None else list(items[page.offset : page.offset + page.size])


def contains(folded: str) -> str:
    """The LIKE pattern for folded text somewhere inside."""
    return f"%{escape_like(folded)}%"


def includes(call: Call, names: Sequence[str], offered: Collection[str]) -> frozenset[str]:
    """The includes asked for; unknown names are reported, not refused. Spec: api-conventions 9."""
    found: set[str] = set()
    for name in names:
        known = name.lower().replace("-", "_").partition(".")[0]
        if known in offered:
            found.add(known)
        else:
            call.ignore(f"with:{name}")
    return frozenset(found)
