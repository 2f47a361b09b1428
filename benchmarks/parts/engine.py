"""What one completion, launch and move to a newer version takes, without HTTP, on a data set made for it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

import msgspec

from benchmarks import load, postgres, results
from benchmarks.engine import RULES, Figures, Work
from benchmarks.machine import BIN, DATA, ROOT, SERVER_CORE

RULES_BOUND_MS = 1.0


def engine(databases: Sequence[str], _sizes: Sequence[str], server: Callable[[str], str | None]) -> None:
    rows: list[list[str]] = []
    for database in databases:
        rows += _rows(database, _measured(database, server(database)))
    results.write("engine", [["Database", "What", "ms each", "Bound"], *rows])


def _measured(database: str, server: str | None) -> Figures:
    folder = DATA / f"{database}-engine"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = postgres.create(server, "bench_engine") if server else ""
    migrate = ["migrate", "--data-dir", str(folder), *(["--database-url", url] if url else [])]
    subprocess.run([str(BIN / "procession"), *migrate], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    work = msgspec.json.encode(Work(data_dir=str(folder), database_url=url)).decode()
    command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", "benchmarks.engine", work]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise load.Refused(done.stderr[-2000:])
    shutil.rmtree(folder, ignore_errors=True)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Figures)


def _rows(database: str, found: Figures) -> list[list[str]]:
    many = Work(data_dir="").processes

    def row(what: str, milliseconds: float, bound: str = "") -> list[str]:
        return [database, what, f"{milliseconds:.2f}", bound]

    def whole(what: str, seconds: float) -> list[str]:
        return row(f"{what} {many:,} processes of 12 steps: {seconds:.1f} s", 1000 * seconds / many)

    def rules(what: str, milliseconds: float) -> list[str]:
        return row(what, milliseconds, f"under 1 ms: {'met' if milliseconds < RULES_BOUND_MS else 'MISSED'}")

    return [
        row(f"complete a task of 12, {RULES} rules", found.complete_small),
        row(f"complete a task of 200, {RULES} rules", found.complete_large),
        rules("of that the rules: one of them asks about the step", found.rules_usual),
        rules(f"the rules where all {RULES} ask about the step", found.rules_all),
        row("launch a template of 200 steps", found.launch_large),
        whole("dry run of moving", found.dry_run),
        whole("move", found.move),
        whole("undo the move of", found.undo),
    ]
