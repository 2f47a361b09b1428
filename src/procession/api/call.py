"""One request, as handlers see it."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request

from procession.api.contract.envelope import Links, Meta, Paginated, Pagination
from procession.api.params import MAX_INTEGER
from procession.domain.actors import NOBODY, Actor
from procession.domain.loose import as_object
from procession.storage.tx import ReadTx
from procession.usecases.reactions import Means

if TYPE_CHECKING:
    from procession.api.edge import Edge

T = TypeVar("T")

DEFAULT_PER_PAGE = 10
MAX_PER_PAGE = 100


# What a client may claim to have called is short.
CLEAN_HOST = re.compile(r"[\w.\-:\[\]]*")


@lru_cache(256)
def as_sent(scheme: str, host: str) -> str:
    """A host header is what the client sent; only what a URL may hold is echoed."""
    clean = urlsplit(f"//{host}").netloc
    return f"{scheme}://{clean if CLEAN_HOST.fullmatch(clean) else 'localhost'}"


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is wanted. `number` is 1-based."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


class Answer(msgspec.Struct):
    """A body with a status or headers of its own."""

    body: Any
    status: int | None = None
    headers: dict[str, str] = {}
    media_type: str | None = None


class Streamed(msgspec.Struct):
    """A body produced piece by piece inside a read transaction of its own."""

    produce: Callable[[ReadTx], AsyncGenerator[bytes]]
    media_type: str = "application/json"
    headers: dict[str, str] = {}


class Later(msgspec.Struct):
    """A body that takes long to work out: awaited once the connection has been given back, so that nobody waits."""

    produce: Callable[[], Awaitable[Any]]


class Pieces(msgspec.Struct):
    """A body that comes from elsewhere, piece by piece; whoever sends it closes it."""

    pieces: AsyncGenerator[bytes]
    media_type: str
    status: int = 200
    headers: dict[str, str] = {}


class Call:
    """What the edge knows about a request. Handlers use it for links, ignored parameters and the answer's validity."""

    def __init__(self, edge: "Edge", request: Request, headers: dict[bytes, bytes], *, prefix: str, now: int) -> None:
        self.edge = edge
        self.request = request
        self.headers = headers
        # "/api" when the client used that prefix, else "".
        self.prefix = prefix
        self.now = now
        self.raw_query: str = request.scope["query_string"].decode("latin-1")
        self.ignored: list[str] = []
        # The body as plain data, once it has been read.
        self.sent: Any = None
        self.actor: Actor = NOBODY
        self.org = 0
        self.organization_id = ""
        # Where the organization's log and rights stood when the caller was admitted; None where nobody looked.
        self.version: tuple[int, int] | None = None
        # The first instant at which the clock changes something in this answer (None: never).
        self.until: int | None = None
        # False when an answer depends on the clock in a way that `until` cannot tell.
        self.may_be_cached = True

    @property
    def settings(self) -> Any:
        return self.edge.settings

    @property
    def means(self) -> Means:
        """What rules need of the server to react."""
        return self.edge.means

    def ignore(self, *names: str) -> None:
        """Say in `X-Ignored-Params` that these parameters or values were not used."""
        self.ignored.extend(names)

    def ignore_unread(self, body: object, *shapes: type[msgspec.Struct]) -> None:
        """Say so of keys that none of these shapes has."""
        known = {field.encode_name for shape in shapes for field in msgspec.structs.fields(shape)}
        self.ignore(*(f"body:{key}" for key in as_object(body) or {} if key not in known))

    def changes_at(self, instant: int | None) -> None:
        """The clock changes this answer at this instant (milliseconds; None: never)."""
        if instant is not None and instant > self.now and (self.until is None or instant < self.until):
            self.until = instant

    def header(self, name: bytes) -> str | None:
        """A header of the request, the last of a repeated one; its name in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @cached_property
    def base_url(self) -> str:
        """Scheme and host that the client used (or the configured public address), without a path."""
        return self.edge.settings.base_url.rstrip("/") or as_sent(
            self.request.scope.get("scheme", "http"), self.header(b"host") or "localhost"
        )

    @property
    def path(self) -> str:
        """The path as the client wrote it, prefix included."""
        return self.prefix + self.request.scope["path"]

    def page(
        self, number: int | None, size: int | None, limit: int | None = None, *, default: int = 10, cap: int = 100
    ) -> Page:
        """The page asked for, with what is out of range put right and named. Spec: api-conventions 8."""
        if number is not None and not 1 <= number < MAX_INTEGER:
            self.ignore("page")
        wanted = size if size is not None else limit
        if wanted is not None and not 1 <= wanted <= cap:
            self.ignore("per_page" if size is not None else "limit")
        wanted = default if wanted is None or wanted < 1 else min(wanted, cap)
        return Page(max(number or 1, 1), wanted)

    def sorting(self, sort: str | None, sort_by: str | None, *, known: Sequence[str], default: str) -> tuple[str, bool]:
        """The one sort field asked for and whether it descends; unknown fields fall back to `default`."""
        wanted = sort or sort_by or default
        field = wanted.removeprefix("-")
        if field not in known:
            self.ignore("sort" if sort else "sort_by")
            wanted = default
            field = wanted.removeprefix("-")
        return field, wanted.startswith("-")

    def url(self, *, page: int, cursor: str | None = None) -> str:
        """This request's URL for another page: every parameter in its order, then the cursor, then `page`."""
        kept = [part for part in self.raw_query.split("&") if part and part.partition("=")[0] not in ("page", "cursor")]
        if cursor is not None:
            kept.append(f"cursor={cursor}")
        kept.append(f"page={page}")
        return f"{self.base_url}{self.path}?{'&'.join(kept)}"

    def paginated(
        self,
        items: Sequence[T],
        total: int,
        page: Page,
        *,
        next_cursor: str | None = None,
        previous_cursor: str | None = None,
        has_more: bool | None = None,
        has_before: bool | None = None,
    ) -> Paginated[T]:
        """One page in its envelope, with absolute links to its neighbours.

        `has_more` and `has_before` say whether rows follow and precede where the page number cannot (a cursor may
        stand anywhere).
        """
        pages = max(1, -(-total // page.size))
        more = page.number < pages if has_more is None else has_more
        links = Links()
        if page.number > 1 if has_before is None else has_before:
            links.previous = self.url(page=max(1, min(page.number - 1, pages)), cursor=previous_cursor)
        if more:
            links.next = self.url(page=page.number + 1, cursor=next_cursor)
        pagination = Pagination(
            total=total,
            count=len(items),
            per_page=page.size,
            current_page=page.number,
            total_pages=pages,
            links=links,
            has_more_pages=more,
        )
        return Paginated(data=list(items), meta=Meta(pagination=pagination))
