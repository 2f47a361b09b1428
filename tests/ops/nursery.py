"""Starts the program many times without loading it each time.

A process of its own has loaded everything that `procession` needs and nothing else: no thread, no database. A command is
a fork of it, with its own arguments, environment and streams; only the second that Python takes to load the program is
left out. tests/ops/test_running.py starts it as people do.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import IO, Any

# Bytes, enough for arguments and an environment.
MESSAGE = 1_000_000


class Program:
    """A running command; what tests use of `subprocess.Popen`."""

    def __init__(
        self, arguments: list[str], environment: dict[str, str], *, given: IO[Any], out: int, err: int
    ) -> None:
        told, telling = os.pipe()
        sent = json.dumps([arguments, environment, str(Path.cwd())]).encode()
        socket.send_fds(_nursery()[0], [sent], [given.fileno(), out, err, telling])
        os.close(telling)
        self._told = os.fdopen(told, "rb", buffering=0)
        self.pid = int.from_bytes(self._told.read(4))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended; what it ended with, the negative number of a signal that killed it."""
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("procession", timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(int.from_bytes(self._told.read(4)))
            self._told.close()
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@cache
def _nursery() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Ends with this process, whose end of the line closes then."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MESSAGE)
    command = [sys.executable, "-m", "tests.ops.nursery", str(theirs.fileno())]
    started = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    theirs.close()
    return ours, started


def serve(line: socket.socket) -> None:
    from procession.api import app  # noqa: F401  # what the commands load once they know what is wanted
    from procession.cli import about, main, running, seeding  # noqa: F401

    # A guardian stays with each command and tells its end; nobody waits for guardians.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        sent, streams, _, _ = socket.recv_fds(line, MESSAGE, 4)
        if not sent:
            return
        if os.fork() == 0:
            line.close()
            arguments, environment, folder = json.loads(sent)
            guard(arguments, environment, folder, streams)
        for each in streams:
            os.close(each)


def guard(arguments: list[str], environment: dict[str, str], folder: str, streams: list[int]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *standard, telling = streams
    command = os.fork()
    if command == 0:
        os.close(telling)
        become(arguments, environment, folder, standard)
    for each in standard:
        os.close(each)
    os.write(telling, command.to_bytes(4))
    _, status = os.waitpid(command, 0)
    os.write(telling, status.to_bytes(4))
    os._exit(0)


def become(arguments: list[str], environment: dict[str, str], folder: str, standard: list[int]) -> None:
    """What `python -m procession` is once it is loaded."""
    from procession.cli.main import app

    for number, each in enumerate(standard):
        os.dup2(each, number)
        os.close(each)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if "TZ" in environment:
        time.tzset()
    sys.argv = ["procession", *arguments]
    code = 1
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001  # it ends this process, as it would end Python
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
