"""What a server claims for itself before it starts: the folder of an embedded database, an address to listen on."""

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Generator
from pathlib import Path

from procession.config import Settings
from procession.wiring import CannotStart

LOCK_FILE = "server.lock"
# What programs on this machine connect to when a server listens on every address.
THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # looked up, not listened on


@contextlib.contextmanager
def only_server(settings: Settings) -> Generator[None]:
    """Hold the data folder for this server alone; with PostgreSQL there is nothing to hold. Raises CannotStart.

    The system lets go of the lock when the process ends, however it ends.
    """
    if not settings.embedded:
        yield
        return
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file = (settings.data_dir / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise CannotStart(
            f"The data folder {settings.data_dir} cannot be used: {error.strerror}. Make it writable for this user, or "
            "choose another with --data-dir."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(folder_in_use(settings.data_dir)) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def folder_in_use(data_dir: Path) -> str:
    process = (data_dir / LOCK_FILE).read_text(encoding="ascii")
    return (
        f"Another server{f' (process {process})' if process else ''} uses the data folder {data_dir}; only one may. "
        "Stop it, or choose another folder with --data-dir. Several servers need PostgreSQL."
    )


@contextlib.contextmanager
def bound(host: str, port: int) -> Generator[socket.socket]:
    """A socket bound to the address. Nobody can connect before the server listens on it. Raises CannotStart."""
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise CannotStart(refused_address(host, port, error)) from error
    with listener:
        yield listener


def refused_address(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop the program that uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is reserved for the system. Choose one from 1024 on with --port."
    return f"The server cannot listen on {host}: {error.strerror}. Choose an address of this machine with --host."


def address_of(settings: Settings, listener: socket.socket) -> str:
    """Where programs on this machine reach the server; the public address when one is set."""
    if settings.base_url:
        return settings.base_url
    host = THIS_MACHINE.get(settings.host, settings.host)
    port: int = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
