"""Procession by the customary program, on the same PostgreSQL tables; and on SQLite by the same program."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks import load, programs, results
from benchmarks.load import Target
from benchmarks.machine import DATA, SERVER_CORE
from benchmarks.parts.lists import PAGE_ONE, Served, serve
from benchmarks.sets import data_set

# Times as many lists a second, by size.
BOUNDS = {"sqlite": {"10k": 20, "1M": 250}, "postgresql": {"10k": 8, "1M": 100}}
CONNECTIONS = 8


def customary(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    url = server("postgresql")
    if url is None:
        return
    rows: list[list[str]] = []
    for size in dict.fromkeys((sizes[0], sizes[-1])):
        with ExitStack() as stack:
            same = stack.enter_context(data_set("postgresql", size, url))
            port = programs.free_port()
            address = f"http://127.0.0.1:{port}"
            command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", "benchmarks.customary", port]
            stack.enter_context(
                programs.program([*command, same.database_url], f"{address}/docs", DATA / "logs" / "customary.log")
            )
            reference = Served(same, address)
            targets = [Target("customary", reference.url(PAGE_ONE), same.headers())]
            for database in databases:
                served = serve(stack, database, size, server(database))
                targets.append(Target(database, served.url(PAGE_ONE), served.data.headers()))
                _agree(reference, served)
            figures = load.rounds(targets, connections=CONNECTIONS, seconds=3)
        theirs = figures["customary"]
        for database in databases:
            ours = figures[database]
            value, bound = ours.per_second / theirs.per_second, BOUNDS[database].get(size)
            rows.append(
                [
                    f"{database}, {size}",
                    f"{ours.per_second:,.0f}",
                    f"{theirs.per_second:,.1f}",
                    results.ratio(value),
                    results.verdict(value, at_least=bound),
                ]
            )
    results.write("customary", [["Data", "Procession, lists/s", "Customary program", "Ratio", "Bound"], *rows])


def _agree(reference: Served, served: Served) -> None:
    """Both answer the same question: raises Refused when one lists other things.

    Other parts of the benchmark write into the data sets, so that their totals drift apart a little.
    """
    rows, totals = zip(*[_shown(each) for each in (reference, served)], strict=True)
    if rows[0] != rows[1] or max(totals) > 1.05 * min(totals):
        raise load.Refused(f"the customary program answers something else: {rows}, {totals}")


def _shown(served: Served) -> tuple[int, int]:
    answer = served.ask(PAGE_ONE).json()
    return len(answer["data"]), answer["meta"]["pagination"]["total"]
