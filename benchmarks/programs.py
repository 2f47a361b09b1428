"""The programs that are measured, each on the server's core and on a port of its own."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.machine import BIN, DATA, ROOT, SERVER_CORE

PATIENCE_SECONDS = 60
# The request limit is on, at a figure that no round reaches.
REQUESTS_PER_MINUTE = 1_000_000


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def program(
    command: Sequence[object], address: str, log: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A server until the end of the block; raises RuntimeError with its log when it does not come up."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=ROOT, stdout=said, stderr=said, env=machine.environment(**environment)
        )
        try:
            _await_answer(process, address, log)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_answer(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{address} does not answer:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def procession(
    name: str, data_dir: Path, database_url: str = "", *, workers: int = 1, cores: str = SERVER_CORE
) -> Iterator[tuple[str, int]]:
    """Procession as it is run in earnest: logs, limit and token checks on. Its address and process id."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ["taskset", "-c", cores, BIN / "procession", "serve", "--port", port, "--data-dir", data_dir]
    if database_url:
        command += ["--database-url", database_url, "--workers", workers]
    environment = {
        "PROCESSION_REQUESTS_PER_MINUTE": str(REQUESTS_PER_MINUTE),
        "PROCESSION_LOG_FORMAT": "json",
    }
    with program(command, f"{address}/health/ready", DATA / "logs" / f"{name}.log", **environment) as process:
        yield address, process.pid


@contextlib.contextmanager
def floor(body: bytes, name: str = "floor") -> Iterator[str]:
    """Bare bytes from the same server software; the address."""
    port = free_port()
    file = DATA / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", "benchmarks.floor", port, file]
    address = f"http://127.0.0.1:{port}/"
    with program(command, address, DATA / "logs" / f"{name}.log"):
        yield address
