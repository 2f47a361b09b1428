"""Launches and completions: over HTTP by the same transactions without it; and the list while others write."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import median
from urllib.parse import urlsplit

import httpx
import msgspec

from benchmarks import load, results
from benchmarks.machine import LOAD_CORE, ROOT, SERVER_CORE
from benchmarks.pacing import Pace, Seen
from benchmarks.parts.lists import PAGE_ONE, Served, serve
from benchmarks.writers import STEPS, Done, Kind, Work

ROUNDS = 5
SECONDS = 2.0
WRITERS = 8
SHARE_BOUND = 0.4
SPREAD_BOUND = 50
BESIDE_BOUND = 2.0
OFFERED_PER_SECOND = 100


def template(served: Served) -> str:
    """A template of twelve plain tasks, made for this."""
    with httpx.Client(headers=dict(each.split(": ", 1) for each in served.data.headers()), timeout=60) as client:

        def post(path: str, body: object) -> str:
            answer = client.post(served.url(path), json=body)
            answer.raise_for_status()
            return answer.json()["data"]["id"]

        made = post("/checklists", {"title": "Measured", "type": "procedure"})
        for number in range(STEPS):
            post(f"/checklists/{made}/steps", {"title": f"Step {number + 1}"})
        return made


def work(served: Served, kind: Kind, made: str, *, writers: int) -> Work:
    return Work(
        kind=kind,
        writers=writers,
        seconds=SECONDS,
        org_id=served.data.access.org_id,
        template=made,
        token=served.data.access.admin_token,
        account=int(served.data.access.keys["star"][0]),
        data_dir=str(served.data.folder),
        database_url=served.data.database_url,
    )


def do(wanted: Work, core: str) -> Done:
    command = ["taskset", "-c", core, sys.executable, "-m", "benchmarks.writers", msgspec.json.encode(wanted).decode()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise load.Refused(done.stderr[-2000:])
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Done)


def writes(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    rows: list[list[str]] = []
    size = "100k" if "100k" in sizes else sizes[-1]
    for database in databases:
        with ExitStack() as stack:
            served = serve(stack, database, size, server(database))
            made, port = template(served), urlsplit(served.address).port
            for kind in ("launch", "complete"):
                eight = work(served, kind, made, writers=WRITERS)
                over = msgspec.structs.replace(eight, port=port)
                alone = msgspec.structs.replace(over, writers=1)
                plain: list[Done] = []
                http: list[Done] = []
                single: list[Done] = []
                for _ in range(ROUNDS):
                    plain.append(do(eight, SERVER_CORE))
                    http.append(do(over, LOAD_CORE))
                    single.append(do(alone, LOAD_CORE))
                rows += _rows(f"{database}, {size}", kind, plain, http, single)
    results.write("writes", [["Data", "What", "Ratio", "A second", "p99 ms", "Bound"], *rows])


def _rows(where: str, kind: str, plain: list[Done], http: list[Done], single: list[Done]) -> list[list[str]]:
    base, ours = (median(each.per_second for each in found) for found in (plain, http))
    p99, usual = median(each.p99_ms for each in http), median(each.p50_ms for each in single)
    errors = sum(each.errors for each in (*plain, *http, *single))
    clean = "met" if errors == 0 else f"MISSED, {errors}"
    share, spread = ours / base, p99 / usual
    verb = "launches" if kind == "launch" else "completions"
    return [
        [where, f"{verb} without HTTP, 8 writers", "", f"{base:,.0f}", f"{median(e.p99_ms for e in plain):.1f}", ""],
        [
            where,
            f"{verb} over HTTP, 8 clients / without",
            results.ratio(share),
            f"{ours:,.0f}",
            f"{p99:.1f}",
            f"{results.verdict(share, at_least=SHARE_BOUND)}; errors 0: {clean}",
        ],
        [
            where,
            f"p99 of 8 clients / median of one ({usual:.2f} ms)",
            results.ratio(spread),
            "",
            "",
            results.verdict(spread, at_most=SPREAD_BOUND),
        ],
    ]


def beside(databases: Sequence[str], sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    """The list's p99 at a third of its greatest rate, while writes are offered, by its p99 alone."""
    rows: list[list[str]] = []
    for database in databases:
        with ExitStack() as stack:
            served = serve(stack, database, sizes[-1], server(database))
            made = template(served)
            greatest = load.rounds([served.target("list", PAGE_ONE)], many=3)[f"{sizes[-1]} list"].per_second
            alone = Pace(
                port=urlsplit(served.address).port or 0,
                token=served.data.access.admin_token,
                org_id=served.data.access.org_id,
                template=made,
                paths=[PAGE_ONE],
                reads_per_second=greatest / 3,
                seconds=6,
            )
            busy = msgspec.structs.replace(alone, writes_per_second=OFFERED_PER_SECOND)
            quiet: list[Seen] = []
            noisy: list[Seen] = []
            for _ in range(ROUNDS):
                quiet.append(paced(alone))
                noisy.append(paced(busy))
            base, ours = (median(each.p99_ms for each in found) for found in (quiet, noisy))
            errors = sum(each.errors for each in (*quiet, *noisy))
            rows.append(
                [
                    f"{database}, {sizes[-1]}",
                    f"{greatest / 3:,.0f} lists/s, with {median(e.writes for e in noisy) / 6:.0f} writes/s / alone",
                    results.ratio(ours / base),
                    f"{base:.2f}",
                    f"{ours:.2f}",
                    f"{results.verdict(ours / base, at_most=BESIDE_BOUND)}; {errors} errors",
                ]
            )
    results.write("beside", [["Data", "What", "Ratio", "p99 ms alone", "p99 ms with writes", "Bound"], *rows])


def paced(pace: Pace) -> Seen:
    command = [
        "taskset",
        "-c",
        LOAD_CORE,
        sys.executable,
        "-m",
        "benchmarks.pacing",
        msgspec.json.encode(pace).decode(),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise load.Refused(done.stderr[-2000:])
    return msgspec.json.decode(done.stdout, type=Seen)
