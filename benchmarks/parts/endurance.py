"""Memory over time, the whole list as a stream, and several server processes."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
import msgspec

from benchmarks import load, programs, results
from benchmarks.pacing import Pace
from benchmarks.parts.lists import PAGE_ONE, WITH, Served, singles, task_lists
from benchmarks.parts.writes import paced, template
from benchmarks.sets import data_set

MINUTES = 10
# Until the page caches of SQLite's connections are full.
WARM_UP_MINUTES = 5
READS_PER_SECOND, WRITES_PER_SECOND = 150, 20
GROWTH_BOUND = 1.05
BOTH_CORES = "0,1"


def resident_mib(process: int) -> float:
    """Memory of a process and its children that is its own; shared pages of a mapped database file are not."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    total = 0
    for each in (process, *map(int, children)):
        status = Path(f"/proc/{each}/status").read_text()
        total += int(status.partition("RssAnon:")[2].split()[0])
    return total / 1024


def mixed(served: Served) -> list[str]:
    """Every kind of list, the common ones more often."""
    return [PAGE_ONE, "/runs", PAGE_ONE, f"{PAGE_ONE}&{WITH}", *singles(served).values(), *task_lists(served).values()]


def memory(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """Resident memory over ten minutes of reads and writes."""
    rows: list[list[str]] = []
    for database in databases:
        with ExitStack() as stack:
            found = stack.enter_context(data_set(database, sizes[-1], server(database)))
            address, process = stack.enter_context(programs.procession(found.name, found.folder, found.database_url))
            served = Served(found, address)
            idle = resident_mib(process)
            pace = Pace(
                port=urlsplit(address).port or 0,
                token=found.access.admin_token,
                org_id=found.access.org_id,
                template=template(served),
                paths=mixed(served),
                reads_per_second=READS_PER_SECOND,
                writes_per_second=WRITES_PER_SECOND,
                seconds=60,
            )
            minutes: list[float] = []
            errors = 0
            for _ in range(MINUTES):
                errors += paced(pace).errors
                minutes.append(resident_mib(process))
            grown = minutes[-1] / minutes[WARM_UP_MINUTES - 1]
            rows.append(
                [
                    f"{database}, {sizes[-1]}",
                    f"{idle:.0f}",
                    ", ".join(f"{each:.0f}" for each in minutes),
                    results.ratio(grown),
                    f"{results.verdict(grown, at_most=GROWTH_BOUND)}; {errors} errors",
                ]
            )
    note = f"{READS_PER_SECOND} reads and {WRITES_PER_SECOND} writes a second."
    heading = ["Data", "Idle, MiB", "After each minute, MiB", f"Last / minute {WARM_UP_MINUTES}", "Bound"]
    results.write("memory", [heading, *rows], note=note)


class Streamed(msgspec.Struct, frozen=True):
    first_byte_ms: float
    seconds: float
    megabytes: float


def stream_once(url: str, headers: dict[str, str]) -> Streamed:
    began = time.perf_counter()
    first, size = 0.0, 0
    with httpx.stream("GET", url, headers=headers, timeout=600) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            first = first or time.perf_counter() - began
            size += len(piece)
    return Streamed(1000 * first, time.perf_counter() - began, size / 1e6)


def stream_until(done: threading.Event, streamed: list[Streamed], url: str, headers: dict[str, str]) -> None:
    while not done.is_set():
        streamed.append(stream_once(url, headers))


def stream(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """The whole list of the largest organization: first byte, memory, and what others notice."""
    rows: list[list[str]] = []
    size = "100k" if "100k" in sizes else sizes[-1]
    for database in databases:
        with ExitStack() as stack:
            found = stack.enter_context(data_set(database, size, server(database)))
            address, process = stack.enter_context(programs.procession(found.name, found.folder, found.database_url))
            served = Served(found, address)
            headers = dict(each.split(": ", 1) for each in found.headers())
            whole = served.url("/runs?without_pagination=true")
            pace = Pace(
                port=urlsplit(address).port or 0,
                token=found.access.admin_token,
                org_id=found.access.org_id,
                template="",
                paths=[PAGE_ONE],
                reads_per_second=100,
                seconds=4,
            )
            alone = paced(pace).p99_ms
            before = resident_mib(process)
            highest = before
            streamed: list[Streamed] = []
            done = threading.Event()
            thread = threading.Thread(target=stream_until, args=(done, streamed, whole, headers))
            thread.start()
            watched: list[float] = []
            try:
                for _ in range(3):
                    watched.append(paced(pace).p99_ms)
                    highest = max(highest, resident_mib(process))
            finally:
                done.set()
                thread.join()
            rows.append(
                [
                    f"{database}, {size}: {streamed[0].megabytes:.0f} MB",
                    f"{median(each.first_byte_ms for each in streamed):.0f}",
                    f"{median(each.seconds for each in streamed):.1f}",
                    f"{before:.0f} / {highest:.0f}",
                    f"{alone:.1f} / {median(watched):.1f}",
                ]
            )
    heading = ["Data", "First byte ms", "Whole s", "MiB before / at most", "Others' p99 ms, alone / meanwhile"]
    results.write("stream", [heading, *rows])


def workers(_databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """Two server processes on both cores, with PostgreSQL and the load beside them, by one."""
    url = server("postgresql")
    if url is None:
        return
    rows: list[list[str]] = []
    with ExitStack() as stack:
        found = stack.enter_context(data_set("postgresql", sizes[-1], url))
        targets: list[load.Target] = []
        for many in (1, 2):
            address, _ = stack.enter_context(
                programs.procession(f"{many}-workers", found.folder, found.database_url, workers=many, cores=BOTH_CORES)
            )
            target = Served(found, address).target("", PAGE_ONE)
            targets.append(msgspec.structs.replace(target, name=f"{many} workers"))
        figures = load.rounds(targets, connections=16)
    one, two = (figures[each.name].per_second for each in targets)
    rows.append([f"postgresql, {sizes[-1]}", f"{one:,.0f}", f"{two:,.0f}", results.ratio(two / one)])
    results.write("workers", [["Data", "1 worker, lists/s", "2 workers, lists/s", "Ratio"], *rows])
