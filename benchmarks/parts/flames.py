"""Flame graphs of a list and of a completion: where a request's time goes, by `py-spy`."""

import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from benchmarks import load, programs, results
from benchmarks.machine import BIN, LOAD_CORE, ROOT
from benchmarks.parts.lists import PAGE_ONE, Served
from benchmarks.parts.writes import do, template, work
from benchmarks.sets import data_set

FOLDER = ROOT / "docs" / "flames"
SAMPLES_PER_SECOND = 500
LIST_SECONDS = 10
LIST_CONNECTIONS = 32
LIST_HEAD_START = 1.5
# The clients first launch the processes whose tasks they complete; those last for some six seconds.
COMPLETION_SECONDS = 3
COMPLETION_HEAD_START = 5
WRITERS = 8

# Where the innermost Python function of a sample is; C functions count where they are called. The first that fits.
AREAS: Sequence[tuple[str, tuple[str, ...]]] = (
    (
        "Server software and its protocol class",
        ("uvicorn/", "asyncio/", "procession/protocol.py", "procession/server.py"),
    ),
    (
        "Each request: id, limit, log line, headers, route, caller",
        (
            "procession/api/front.py",
            "procession/api/access_log.py",
            "procession/api/metrics.py",
            "procession/api/limits.py",
            "procession/api/cors.py",
            "procession/api/proxies.py",
            "procession/api/edge.py",
            "procession/api/dispatch.py",
            "procession/api/router.py",
            "procession/api/call.py",
            "procession/api/errors.py",
            "procession/logs.py",
            "procession/storage/access.py",
            "logging/",
            "starlette/",
        ),
    ),
    (
        "Parameters and filters understood",
        ("procession/api/params.py", "procession/api/filters.py", "procession/api/lists.py"),
    ),
    ("Waiting for the disk: commits", ("procession/storage/sqlite_writer.py",)),
    ("Statements", ("procession/storage/",)),
    ("The engine and its rules", ("procession/domain/", "procession/usecases/")),
    ("What is sent", ("procession/api/",)),
)
ELSEWHERE = "Everything else"


def area_of(stack: str) -> str:
    """The area of a stack as py-spy writes it: frames from the outermost on, `function (file:line)`."""
    place = stack.rpartition(";")[2].rpartition("(")[2]
    return next((name for name, files in AREAS if any(each in place for each in files)), ELSEWHERE)


def shares(folded: str) -> Mapping[str, float]:
    """The share of samples in each area."""
    counted: Counter[str] = Counter()
    for line in folded.splitlines():
        stack, _, n = line.rpartition(" ")
        counted[area_of(stack)] += int(n)
    total = counted.total()
    return {name: n / total for name, n in counted.most_common()}


@contextmanager
def recorded(process: int, seconds: int, name: str, kind: str) -> Iterator[Path]:
    """A file that py-spy has written when the block ends."""
    path = FOLDER / f"{name}.svg" if kind == "flamegraph" else FOLDER / f".{name}.txt"
    command = [str(BIN / "py-spy"), "record", "--rate", str(SAMPLES_PER_SECOND), "--duration", str(seconds)]
    command += ["--format", kind, "--output", str(path), "--pid", str(process), "--nonblocking"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as spy:
        yield path
        if spy.wait():
            raise load.Refused(f"py-spy could not look into the server: {' '.join(command)}")
    # The graph's subtitle is the command, with the names of folders here; its script has its authors' notes.
    text = path.read_text().replace(" ".join(command), f"{seconds} s, {SAMPLES_PER_SECOND} samples each")
    path.write_text(re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE))


class Loaded(msgspec.Struct, frozen=True):
    """A load to look at: it answers how many requests a second it came to."""

    name: str
    run: Callable[[], float]
    head_start: float
    seconds: int


def flames(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """Both requests, on the largest set of the first database."""
    database, size = databases[0], sizes[-1]
    FOLDER.mkdir(exist_ok=True)
    rows: list[list[str]] = []
    with ExitStack() as stack:
        found = stack.enter_context(data_set(database, size, server(database)))
        address, process = stack.enter_context(programs.procession(found.name, found.folder, found.database_url))
        served = Served(found, address)
        for each in (_lists(served), _completions(served)):
            watched(each, process, "flamegraph")
            rate, path = watched(each, process, "raw")
            found_in = shares(path.read_text())
            path.unlink()
            rows += [
                [each.name, area, f"{100 * share:.0f}%", f"{share * 1e6 / rate:,.0f}"]
                for area, share in found_in.items()
            ]
    results.write("flames", [["Request", "Where", "Share", "Microseconds"], *rows], note=f"{database}, {size}.")


def watched(load_: Loaded, process: int, kind: str) -> tuple[float, Path]:
    """The load's rate, and what py-spy wrote of it."""
    rates: list[float] = []
    thread = threading.Thread(target=lambda: rates.append(load_.run()))
    thread.start()
    time.sleep(load_.head_start)
    with recorded(process, load_.seconds, load_.name, kind) as path:
        thread.join()
    return rates[0], path


def _lists(served: Served) -> Loaded:
    target, seconds = served.target("list", PAGE_ONE), LIST_SECONDS + 3
    return Loaded(
        "list",
        lambda: load.wrk(target, seconds=seconds, connections=LIST_CONNECTIONS).per_second,
        LIST_HEAD_START,
        LIST_SECONDS,
    )


def _completions(served: Served) -> Loaded:
    wanted = msgspec.structs.replace(
        work(served, "complete", template(served), writers=WRITERS),
        port=urlsplit(served.address).port,
        seconds=60,
    )
    return Loaded("completion", lambda: do(wanted, LOAD_CORE).per_second, COMPLETION_HEAD_START, COMPLETION_SECONDS)
