"""Keeps a number of server processes running: starts them, replaces one that ends, stops them together."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Generator
from multiprocessing.connection import Connection, wait
from socket import socket
from types import FrameType
from typing import Any

from procession import logs
from procession.wiring import CannotStart

log = logs.get("procession.server")

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# What a process may need beyond the time its requests are given.
MARGIN_SECONDS = 10
READY = "ready"


# What a process does, given its end of the pipe, its number and the arguments. It sends READY or why it cannot start,
# and stops by itself when the pipe is closed.
Work = Callable[..., None]


class Worker:
    """One process of the fleet."""

    def __init__(self, work: Work, number: int, arguments: tuple[Any, ...]) -> None:
        # Fresh processes rather than forks: threads and locks of this one are nothing to inherit.
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, number, *arguments), daemon=True)
        with ignored_interrupts():
            self.process.start()
        theirs.close()
        self.is_ready = False

    def hear(self) -> None:
        """Take what the process says while it starts. Raises CannotStart."""
        try:
            said = self.pipe.recv()
        except EOFError:
            self.process.join()
            said = f"A server process ended while it started, with exit code {self.process.exitcode}. See the log."
        if said != READY:
            raise CannotStart(said)
        self.is_ready = True


def supervise(
    work: Work,
    listener: socket,
    *arguments: Any,  # Any: handed on as they are
    many: int,
    patience_seconds: int,
    ready: Callable[[], None],
) -> None:
    """Run the fleet until SIGTERM or SIGINT; all of it listens on one socket. `ready` is called when all of it answers.

    Raises CannotStart when a process cannot start, after stopping the others.
    """
    with stop_requested() as stopping:
        fleet = [Worker(work, number, (listener, *arguments)) for number in range(many)]
        try:
            was_ready = False
            while stopping not in (heard := wait([stopping, *pipes_of(fleet)])):
                for place, worker in enumerate(fleet):
                    if worker.pipe not in heard:
                        continue
                    if worker.is_ready:
                        worker.process.join()
                        log.error("server process ended; starting another", exit_code=worker.process.exitcode)
                        fleet[place] = Worker(work, worker.number, (listener, *arguments))
                    else:
                        worker.hear()
                if not was_ready and all(worker.is_ready for worker in fleet):
                    was_ready = True
                    ready()
        finally:
            listener.close()
            stop(fleet, patience_seconds, stopping)


def pipes_of(fleet: list[Worker]) -> list[Connection]:
    return [worker.pipe for worker in fleet]


def stop(fleet: list[Worker], patience_seconds: int, stopping: int) -> None:
    """Let all of them finish; kill who takes too long, and everybody when told a second time."""
    for worker in fleet:
        worker.process.terminate()
    deadline = time.monotonic() + patience_seconds + MARGIN_SECONDS
    running = {worker.process.sentinel: worker for worker in fleet}
    with contextlib.suppress(BlockingIOError):
        os.read(stopping, 1)
    while running and (left := deadline - time.monotonic()) > 0:
        ended = wait([stopping, *running], timeout=left)
        if stopping in ended:
            break
        for sentinel in ended:
            del running[sentinel]  # pyright: ignore[reportArgumentType]  # sentinels are the numbers waited for
    for worker in running.values():
        log.warning("server process killed", process=worker.process.pid)
        worker.process.kill()
    for worker in fleet:
        worker.process.join()


@contextlib.contextmanager
def stop_requested() -> Generator[int]:
    """A file descriptor that can be read from once for each stop signal this process gets."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def note(_signal: int, _frame: FrameType | None) -> None:
        os.write(writing, b"s")

    before = {each: signal.signal(each, note) for each in STOP_SIGNALS}
    try:
        yield reading
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(reading)
        os.close(writing)


@contextlib.contextmanager
def ignored_interrupts() -> Generator[None]:
    """A process started within it ignores Ctrl-C until it handles it: the terminal sends that to all of them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
