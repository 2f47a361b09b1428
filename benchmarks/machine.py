"""Where this runs: what to print beside figures, which cores to use, how much room there is."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import apsw

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "benchmarks" / "data"
BIN = ROOT / ".venv" / "bin"
SERVER_CORE, LOAD_CORE = "0", "1"


def description() -> str:
    """One line about the machine and the versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"
    )


def commit() -> str:
    """The commit measured, marked when files were changed since."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    name = git("rev-parse", "--short=10", "HEAD") or "uncommitted"
    return f"{name}, with changes" if git("status", "--porcelain", "--untracked-files=no", "src") else name


def setting(name: str) -> str:
    """A setting of the benchmarks themselves, from the environment; empty when it is not there."""
    return os.environ.get(name, "")


def environment(**more: str) -> dict[str, str]:
    """For programs that are started, with these variables beside what is there."""
    return {**os.environ, **more}


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def require_room(gigabytes: float) -> None:
    """Raises SystemExit where the disk has not so much left, and some to spare."""
    DATA.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(DATA).free / 1e9
    if free < gigabytes + 5:
        raise SystemExit(
            f"make bench: these data need {gigabytes:.0f} GB in {DATA} and some to spare; {free:.0f} GB are free. "
            "Make room, or measure fewer processes (SIZES=10k,100k)."
        )


def require_tools() -> None:
    """Raises SystemExit where the load generator is missing."""
    for tool, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            raise SystemExit(f"make bench: {tool} is missing. On Debian and Ubuntu: apt-get install {package}")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("make bench: two cores are needed, one for the server and one for the load.")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
