"""The program as people start it: a process of its own, reached through its standard streams and the network."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self

import pytest
from typer.testing import CliRunner, Result

from procession.cli.main import app
from tests.ops.nursery import Program

COMMAND = (sys.executable, "-m", "procession")
PATIENCE_SECONDS = 60
Process = subprocess.Popen[str] | Program


def environment(**settings: object) -> dict[str, str]:
    """This process's, with these settings of ours and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROCESSION_")}
    return kept | {f"PROCESSION_{name.upper()}": str(value) for name, value in settings.items()}


# Root may write everywhere, unless it does without these.
POWERLESS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def run(
    *arguments: object, given: str = "", powerless: bool = False, **settings: object
) -> subprocess.CompletedProcess[str]:
    """A command, to its end; a `powerless` one is kept out where permissions keep people out."""
    if not powerless or not POWERLESS:
        return _run_to_its_end([*map(str, arguments)], environment(**settings), given)
    return subprocess.run(
        [*POWERLESS, *COMMAND, *map(str, arguments)],
        env=environment(**settings),
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def _run_to_its_end(arguments: list[str], settings: dict[str, str], given: str) -> subprocess.CompletedProcess[str]:
    with TemporaryFile("w+") as told, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        told.write(given)
        told.seek(0)
        done = Program(arguments, settings, given=told, out=out.fileno(), err=err.fileno()).wait(PATIENCE_SECONDS)
        for each in (out, err):
            each.seek(0)
        return subprocess.CompletedProcess(arguments, done, out.read(), err.read())


def invoke(*arguments: object, given: str = "", **settings: object) -> Result:
    """A command that succeeds, where it matters only what comes of it: without the second a program takes to start."""
    done = CliRunner().invoke(app, [*map(str, arguments)], input=given, env=environment(**settings))
    assert done.exit_code == 0, done.output
    return done


def require_program(name: str, package: str) -> None:
    """Skip the test where a program is not installed; CI has them all, so it fails there."""
    if shutil.which(name) is None:
        missing = f"{name} is not installed: Debian package {package} (make setup-system)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)


def start_anew(arguments: list[str], settings: dict[str, str], log: IO[str]) -> tuple[Process, IO[str]]:
    """As people start it."""
    started = subprocess.Popen(
        [*COMMAND, *arguments], env=settings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
    )
    assert started.stdout is not None
    return started, started.stdout


def start_loaded(arguments: list[str], settings: dict[str, str], log: IO[str]) -> tuple[Process, IO[str]]:
    reading, writing = os.pipe()
    with Path(os.devnull).open() as nothing, os.fdopen(writing):
        started = Program(arguments, settings, given=nothing, out=writing, err=log.fileno())
    return started, os.fdopen(reading)


class Running:
    """A server that answers on a port of its own, stopped at the end of the `with` block.

    `anew`: Python loads the program for it, see tests/ops/nursery.py.
    """

    def __init__(
        self, folder: Path, *arguments: object, command: str = "serve", anew: bool = False, **settings: object
    ) -> None:
        self.log = folder / f"{command}.log"
        where = () if command == "demo" else ("--data-dir", folder / "data")
        told = [command, "--port", "0", *map(str, (*where, *arguments))]
        start = start_anew if anew else start_loaded
        with self.log.open("a") as log:
            self.process, self._stdout = start(told, environment(**settings), log)
        self.output = ""
        self.address = self._address()

    def _address(self) -> str:
        for line in self._stdout:
            self.output += line
            name, _, value = line.partition("  ")
            if name == "Address":
                return value.strip()
        self._stdout.close()
        self.process.wait()
        raise AssertionError(f"the server ended instead of answering: {self.log.read_text()}")

    def read_until(self, text: str) -> None:
        """Wait for this at the end of a line, after the address."""
        while not self.output.rstrip("\n").endswith(text):
            line = self._stdout.readline()
            assert line, self.output
            self.output += line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        self._stdout.close()

    def stop(self) -> int:
        """Tell it to stop and wait; its exit code. Then `output` is all it has printed."""
        self.process.send_signal(signal.SIGTERM)
        self.output += self._stdout.read()
        return self.process.wait(PATIENCE_SECONDS)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers (lower-case) and body of a request on a connection of its own."""
        request = urllib.request.Request(self.address + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, lower(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, lower(refused.headers), refused.read().decode()

    def data(self, path: str, token: str) -> Any:
        status, _, body = self.get(path, Authorization=f"Bearer {token}")
        assert status == 200, body
        return json.loads(body)["data"]

    def connect(self) -> socket.socket:
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)


def wait_until(holds: Callable[[], bool]) -> None:
    """Look again and again, and leave the processor to whom we wait for."""
    while not holds():
        time.sleep(0.01)


def lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
