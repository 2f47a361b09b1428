"""The list against the floor, against itself at other sizes, and against other lists."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from benchmarks import load, programs, results
from benchmarks.load import Figure, Target
from benchmarks.sets import Access, DataSet, data_set

PAGE_ONE = "/runs?status=active"
FLOOR_BOUNDS = {"sqlite": 0.15, "postgresql": 0.04}
UNCHANGED_BOUNDS = {"sqlite": 0.4, "postgresql": 0.1}
MEMBER_BOUND = 0.6
GROWTH_BOUND = 1.3
DEEP_BOUND = 3.0
DEEP_PAGE = 50_000
ANSWERS_BOUND = 3.0
DEPENDS = {
    "sqlite": {"two facets": 40, "rare word": 40, "common word": 250, "two letters": 300},
    "postgresql": {"two facets": 15, "rare word": 40, "common word": 200, "two letters": 300},
}
WITH = "with=tasks,tags,next_task,folders"
WITH_BOUND = 4.0
TASKS_BOUND = 2.0
BY_PAGE_ONE = ["Data", "What", "Ratio of service times", "Requests/s", "p99 ms", "Bound"]

# Requests: name, path, how many times the service time of the first page it may take.
Bounded = list[tuple[str, str, float]]


class Served(msgspec.Struct, frozen=True):
    """A data set behind a running server."""

    data: DataSet
    address: str

    def target(self, name: str, path: str, token: str | None = None, *more: str) -> Target:
        return Target(f"{self.data.size} {name}", self.url(path), (*self.data.headers(token), *more))

    def url(self, path: str) -> str:
        return self.address + self.data.path(path)

    def ask(self, path: str, token: str | None = None) -> httpx.Response:
        headers = dict(header.split(": ", 1) for header in self.data.headers(token))
        answer = httpx.get(self.url(path), headers=headers, timeout=60)
        answer.raise_for_status()
        return answer


def serve(stack: ExitStack, database: str, size: str, server: str | None) -> Served:
    found = stack.enter_context(data_set(database, size, server))
    address, _ = stack.enter_context(programs.procession(found.name, found.folder, found.database_url))
    return Served(found, address)


def measure_floor(database: str, size: str, server: str | None) -> list[list[str]]:
    """The list, an unchanged list and a member's list against bytes of the same length."""
    with ExitStack() as stack:
        served = serve(stack, database, size, server)
        answer = served.ask(PAGE_ONE)
        floor = stack.enter_context(programs.floor(answer.content))
        member = served.data.access.member_token
        tag = answer.headers["etag"]
        figures = load.rounds(
            [
                Target("floor", floor),
                served.target("list", PAGE_ONE),
                served.target("list, member", PAGE_ONE, member),
                served.target("list, unchanged", PAGE_ONE, None, f"If-None-Match: {tag}"),
            ],
            connections=32,
            seconds=2,
        )
        still = served.ask(PAGE_ONE).headers["etag"]
        length = len(answer.content)
    base, ours = figures["floor"], figures[f"{size} list"]
    theirs, unchanged = figures[f"{size} list, member"], figures[f"{size} list, unchanged"]
    name = f"{database}, {size}"
    rows = [
        _row(name, "list / floor", ours.per_second / base.per_second, ours, at_least=FLOOR_BOUNDS[database]),
        _row(
            name,
            f"member who sees {served.data.access.member_share:.0%} / administrator",
            theirs.per_second / ours.per_second,
            theirs,
            at_least=MEMBER_BOUND,
        ),
    ]
    if still == tag:
        rows.append(
            _row(
                name,
                "`If-None-Match`, unchanged / floor",
                unchanged.per_second / base.per_second,
                unchanged,
                at_least=UNCHANGED_BOUNDS[database],
            )
        )
    return [[name, f"floor: {length} bytes", "", f"{base.per_second:,.0f}", f"{base.p99_ms:.1f}", ""], *rows]


def _row(where: str, what: str, value: float, figure: Figure, **bound: float) -> list[str]:
    rate = f"{figure.per_second:,.0f}" if figure.per_second > 50 else f"{figure.per_second:.1f}"
    return [where, what, results.ratio(value), rate, f"{figure.p99_ms:.1f}", results.verdict(value, **bound)]


HEADING = ["Data", "What", "Ratio", "Requests/s", "p99 ms", "Bound"]


def floor(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    rows: list[list[str]] = []
    for database in databases:
        rows += measure_floor(database, sizes[-1], server(database))
    results.write("floor", [HEADING, *rows])


# Growth: the same request where there is little and where there is much.


def singles(served: Served) -> dict[str, str]:
    """Each filter by itself, each indexed order, and the next page by its link."""
    following = httpx.URL(served.ask(f"{PAGE_ONE}&page=40").json()["meta"]["pagination"]["links"]["next"])
    return single_requests(served.data.access, following.query.decode())


def single_requests(access: Access, following: str) -> dict[str, str]:
    keys = {name: quote(key) for name, (key, _) in access.keys.items()}
    return {
        "default list": "/runs",
        "status=active": PAGE_ONE,
        "owner": f"/runs?owners={keys['owner']}",
        "tag": f"/runs?tag={keys['tag']}",
        "template": f"/runs?checklist_id={keys['template']}",
        "folder": f"/runs?folder={keys['folder']}",
        "group": f"/runs?groups={keys['group']}",
        "starred": "/runs?starred=true",
        "type": "/runs?type=procedure",
        "delayed": "/runs?status=delayed",
        "sort by name": "/runs?sort=name",
        "template, by name": f"/runs?checklist_id={keys['template']}&sort=name",
        "sort by due date": "/runs?sort=due_date",
        "next page by link": f"/runs?{following}",
    }


def task_lists(served: Served) -> dict[str, str]:
    return task_requests(served.data.access)


def task_requests(access: Access) -> dict[str, str]:
    owner = access.keys["owner"][0]
    return {
        "my tasks": "/me/tasks",
        "tasks, status=active": "/tasks?status=active",
        "tasks of an owner": f"/tasks?owners={owner}",
        "tasks, by deadline": "/tasks?sort=deadline",
        "tasks, status=overdue": "/tasks?status=overdue",
        "tasks, status=not-started": "/tasks?status=not-started",
        "tasks of a group": f"/tasks?groups={access.keys['group'][0]}",
        "tasks due before a day": "/tasks?deadline_before=2026-11-20",
    }


def growth(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """Service times at the largest size by those at the smallest."""
    rows: list[list[str]] = []
    for database in databases:
        with ExitStack() as stack:
            small, large = (serve(stack, database, size, server(database)) for size in (sizes[0], sizes[-1]))
            rows += _grown(database, small, large, singles, GROWTH_BOUND)
            rows += _grown(database, small, large, task_lists, TASKS_BOUND)
    results.write("growth", [["Database", "Request", "Service ms, small", "large", "Ratio", "Bound"], *rows])


def _grown(
    database: str, small: Served, large: Served, asked: Callable[[Served], dict[str, str]], bound: float
) -> list[list[str]]:
    rows: list[list[str]] = []
    few, many = asked(small), asked(large)
    for name in few:
        figures = load.rounds([small.target(name, few[name]), large.target(name, many[name])])
        before, after = (figures[f"{each.data.size} {name}"].service_ms for each in (small, large))
        value = after / before
        rows.append(
            [
                database,
                f"{name}, {large.data.size} / {small.data.size}",
                f"{before:.2f}",
                f"{after:.2f}",
                results.ratio(value),
                results.verdict(value, at_most=bound),
            ]
        )
    return rows


def depth(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """Deep pages, combined filters, search and includes by the plain first page, at the largest size."""

    def bounded(served: Served, database: str) -> Bounded:
        total: dict[str, Any] = served.ask(PAGE_ONE).json()["meta"]["pagination"]
        deep = min(DEEP_PAGE, total["total_pages"] - 10)
        bounds = {**DEPENDS[database], f"page={deep}": DEEP_BOUND, WITH: WITH_BOUND}
        return [(name, path, bounds[name]) for name, path in deep_requests(served.data.access, deep).items()]

    results.write("depth", [BY_PAGE_ONE, *_by_page_one(databases, sizes, server, bounded)])


def answers(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """Lists filtered and sorted by answers by the plain first page, at the largest size."""

    def bounded(served: Served, _database: str) -> Bounded:
        return [(name, path, ANSWERS_BOUND) for name, path in answer_requests(served.data.access).items()]

    results.write("answers", [BY_PAGE_ONE, *_by_page_one(databases, sizes, server, bounded)])


def _by_page_one(
    databases: Sequence[str],
    sizes: Sequence[str],
    server: Callable[[str], str | None],
    bounded: Callable[[Served, str], Bounded],
) -> list[list[str]]:
    """Each request in turns with the plain first page."""
    rows: list[list[str]] = []
    for database in databases:
        with ExitStack() as stack:
            served = serve(stack, database, sizes[-1], server(database))
            plain = served.target("page 1", PAGE_ONE)
            for name, path, bound in bounded(served, database):
                figures = load.rounds([plain, served.target(name, path)])
                base, other = figures[plain.name], figures[f"{served.data.size} {name}"]
                value = other.service_ms / base.service_ms
                rows.append(_row(f"{database}, {served.data.size}", f"{name} / page 1", value, other, at_most=bound))
    return rows


def deep_requests(access: Access, deep: int) -> dict[str, str]:
    """A deep page, combined filters, search, includes."""
    owner, tag = access.keys["owner"][0], access.keys["tag"][0]
    return {
        f"page={deep}": f"{PAGE_ONE}&page={deep}",
        "two facets": f"/runs?owners={owner}&tag={tag}",
        "rare word": f"/runs?q={quote(access.rare_word)}",
        "common word": f"/runs?q={quote(access.common_word)}",
        "two letters": "/runs?q=an",
        WITH: f"{PAGE_ONE}&{WITH}",
    }


def answer_requests(access: Access) -> dict[str, str]:
    """Filtered and sorted by answers: of one template, and of all."""
    template = f"/runs?checklist_id={access.keys['template'][0]}"
    return {
        "answer": f"{template}&fields[region-1]=North",
        "no answer": f"{template}&fields[region-2][empty]",
        "range of answers": f"{template}&fields[reference-1][gte]=n",
        "sort by answer": f"{template}&sort=fields.reference-1",
        "answer, any template": "/runs?fields[region-1]=North",
        "sort by answer, any template": "/runs?sort=-fields.reference-1",
        "part of an answer": f"{template}&fields[reference-1][contains]=attached",
        "part of an answer, any template": "/runs?fields[reference-1][contains]=attached",
        "two answers": f"{template}&fields[region-1]=North&fields[reference-1][contains]=done",
        "two answers, any template": "/runs?fields[region-1]=North&fields[region-2]=East",
    }


def requests(access: Access, following: str, deep: int) -> dict[str, str]:
    """Everything that is measured."""
    return {
        **single_requests(access, following),
        **task_requests(access),
        **deep_requests(access, deep),
        **answer_requests(access),
    }
