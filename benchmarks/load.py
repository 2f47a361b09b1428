"""Load: wrk for reads, and rounds in which what is compared takes turns."""

import re
import subprocess
from collections.abc import Callable, Sequence
from statistics import median

import msgspec

from benchmarks.machine import LOAD_CORE

ROUNDS = 5
SECONDS = 1
CONNECTIONS = 8
SLOW_SECONDS = 12

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


class Target(msgspec.Struct, frozen=True):
    """One request to measure, under a name."""

    name: str
    url: str
    headers: tuple[str, ...] = ()
    # What every answer is, wrk's "Non-2xx" apart: 304 counts as an answer too.
    unchanged: bool = False


class Reading(msgspec.Struct, frozen=True):
    """One round of one target."""

    per_second: float
    p50_ms: float
    p99_ms: float


class Figure(msgspec.Struct, frozen=True):
    """The medians of a target's rounds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    lowest: float
    highest: float

    @property
    def service_ms(self) -> float:
        """What one request takes of the one core, when the server has no time to spare."""
        return 1000 / self.per_second


class TooSlow(RuntimeError):
    """Nothing was answered in a round."""


class Refused(RuntimeError):
    """A target did not answer as it should; what was measured means nothing."""


def wrk(target: Target, *, seconds: float = SECONDS, connections: int = CONNECTIONS) -> Reading:
    """One round. Raises Refused when an answer is an error, TooSlow when none comes."""
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    for header in target.headers:
        command += ["-H", header]
    said = subprocess.run([*command, "--latency", target.url], capture_output=True, text=True, check=False)
    told = said.stdout + said.stderr
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if said.returncode or rate is None:
        raise Refused(f"{target.name}: {told}")
    if float(rate[1]) == 0:
        raise TooSlow(f"{target.name}: {told}")
    if re.search(r"Non-2xx or 3xx responses|Socket errors: (?!connect 0, read 0, write 0, timeout 0)", told):
        raise Refused(f"{target.name}: {told}")
    return Reading(float(rate[1]), _latency(told, "50%"), _latency(told, "99%"))


def _latency(told: str, percentile: str) -> float:
    found = re.search(rf"^\s+{percentile}\s+([\d.]+)(us|ms|s|m)\s*$", told, re.MULTILINE)
    assert found is not None, told
    return float(found[1]) * _UNITS[found[2]]


def _length(target: Target, seconds: float, connections: int) -> float:
    try:
        wrk(target, seconds=1, connections=connections)
    except TooSlow:
        return max(seconds, SLOW_SECONDS)
    return seconds


def figure(readings: Sequence[Reading]) -> Figure:
    rates = [each.per_second for each in readings]
    return Figure(
        per_second=median(rates),
        p50_ms=median(each.p50_ms for each in readings),
        p99_ms=median(each.p99_ms for each in readings),
        lowest=min(rates),
        highest=max(rates),
    )


def rounds(
    targets: Sequence[Target],
    *,
    many: int = ROUNDS,
    seconds: float = SECONDS,
    connections: int = CONNECTIONS,
    report: Callable[[str], None] = print,
) -> dict[str, Figure]:
    """The targets in turns, `many` times, after one short round that warms them up. Those that answer nothing in it
    get longer rounds.
    """
    found: dict[str, list[Reading]] = {each.name: [] for each in targets}
    lengths = {each.name: _length(each, seconds, connections) for each in targets}
    for _ in range(many):
        for each in targets:
            found[each.name].append(wrk(each, seconds=lengths[each.name], connections=connections))
    figures = {name: figure(readings) for name, readings in found.items()}
    for name, each in figures.items():
        report(
            f"  {name:44} {each.per_second:10,.0f}/s  p50 {each.p50_ms:8.2f} ms  p99 {each.p99_ms:8.2f} ms"
            f"  ({each.lowest:,.0f} to {each.highest:,.0f})"
        )
    return figures
