"""Figures about requests, for Prometheus. Counted on the event loop's thread, so without locks.

Several server processes behind one port show one set of figures: each writes its own to a file now and then, and
whoever is asked adds the others' to its own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LABELS = [*(str(bound) for bound in BOUNDS), "+Inf"]


class Latency(msgspec.Struct):
    """How long one operation took: requests by the bound they stayed under, the last of them all the rest."""

    buckets: list[int]
    seconds: float = 0.0


class Figures(msgspec.Struct):
    """What one server process has counted. Requests are keyed by operation, then status."""

    requests: dict[str, dict[int, int]] = {}
    latencies: dict[str, Latency] = {}
    in_flight: int = 0
    waiting_writes: int = 0
    list_memory: int = 0

    def observe(self, operation: str, status: int, seconds: float) -> None:
        statuses = self.requests.get(operation)
        if statuses is None:
            statuses = self.requests[operation] = {}
            self.latencies[operation] = Latency([0] * len(LABELS))
        statuses[status] = statuses.get(status, 0) + 1
        latency = self.latencies[operation]
        latency.buckets[bisect_left(BOUNDS, seconds)] += 1
        latency.seconds += seconds


class Metrics:
    """The figures of this process and, in a fleet, of the others."""

    def __init__(self, waiting_writes: Callable[[], int], list_memory: Callable[[], int]) -> None:
        self.own = Figures()
        self._waiting_writes = waiting_writes
        self._list_memory = list_memory
        self._folder: Path | None = None
        self._file = Path()

    def join_fleet(self, folder: Path, number: int) -> None:
        """Share figures with the other processes that use `folder`, as number so-and-so of them.

        A process that takes over a number counts on from what its predecessor last wrote.
        """
        self._folder, self._file = folder, folder / f"{number}.json"
        if self._file.exists():
            self.own = msgspec.json.decode(self._file.read_bytes(), type=Figures)
            self.own.in_flight = 0
        self.publish()

    def publish(self) -> None:
        """Let the others of the fleet see the figures of this process."""
        if self._folder is None:
            return
        self._look()
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self.own))
        new.replace(self._file)

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        self._look()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families([self.own, *self._others()]))
        if self._folder is None:
            ProcessCollector(registry=registry)
        return generate_latest(registry)

    def _look(self) -> None:
        """At what is so now, and not counted."""
        self.own.waiting_writes, self.own.list_memory = self._waiting_writes(), self._list_memory()

    def _others(self) -> Iterator[Figures]:
        for file in sorted(self._folder.glob("*.json")) if self._folder else ():
            if file != self._file:
                yield msgspec.json.decode(file.read_bytes(), type=Figures)


class _Families(Collector):
    def __init__(self, figures: Iterable[Figures]) -> None:
        self.figures = list(figures)

    def collect(self) -> Iterable[Metric]:
        requests = CounterMetricFamily("procession_requests", "Requests answered.", labels=["operation", "status"])
        for (operation, status), count in sorted(self._requests().items()):
            requests.add_metric([operation, str(status)], count)
        yield requests
        latency = HistogramMetricFamily(
            "procession_request_seconds", "Time from a request's first byte to its answer's last.", labels=["operation"]
        )
        for operation, each in sorted(self._latencies().items()):
            counted = zip(LABELS, accumulate(each.buckets), strict=True)
            latency.add_metric([operation], [(bound, float(count)) for bound, count in counted], each.seconds)
        yield latency
        in_flight = sum(each.in_flight for each in self.figures)
        yield GaugeMetricFamily("procession_requests_in_flight", "Requests being answered.", in_flight)
        waiting = sum(each.waiting_writes for each in self.figures)
        yield GaugeMetricFamily("procession_waiting_writes", "Writes waiting for the database.", waiting)
        memory = sum(each.list_memory for each in self.figures)
        yield GaugeMetricFamily("procession_list_memory_bytes", "What is remembered of lists.", memory)

    def _requests(self) -> dict[tuple[str, int], int]:
        total: dict[tuple[str, int], int] = {}
        for each in self.figures:
            for operation, statuses in each.requests.items():
                for status, count in statuses.items():
                    total[operation, status] = total.get((operation, status), 0) + count
        return total

    def _latencies(self) -> dict[str, Latency]:
        total: dict[str, Latency] = {}
        for each in self.figures:
            for operation, latency in each.latencies.items():
                sum_ = total.setdefault(operation, Latency([0] * len(LABELS)))
                sum_.buckets = [a + b for a, b in zip(sum_.buckets, latency.buckets, strict=True)]
                sum_.seconds += latency.seconds
        return total
