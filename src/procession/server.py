"""Runs a server: lock, listen, upgrade the database, answer until told to stop, finish what runs."""

import contextlib
import errno
import fcntl
import logging
import os
import socket
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import psycopg
import uvicorn

from procession import logs, wiring
from procession.config import Settings
from procession.protocol import Protocol
from procession.storage.health import Unavailable
from procession.wiring import CannotStart, Place, ServerApplication

log = logs.get("procession.server")

LOCK_FILE = "server.lock"
# Longer than proxies keep idle connections (nginx: 60 seconds), so that none is closed while a request is on its way.
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048

Ready = Callable[[str], None]


def serve(settings: Settings, *, prepared: Callable[[], None] | None = None, ready: Ready | None = None) -> None:
    """Run until SIGTERM or SIGINT. `prepared` is called once the database is there, before anybody can connect;
    `ready` with the server's address once it answers. Raises CannotStart.
    """
    from procession import supervisor  # it starts processes that begin here

    configure_logs(settings)
    with only_server(settings), listening(settings.host, settings.port) as listener:
        upgraded = wiring.prepare(settings)
        if upgraded is not None:
            log.info("database brought up to date", schema=upgraded)
        wiring.make_secrets(settings)
        if prepared is not None:
            prepared()
        address = address_of(settings, listener)

        def tell() -> None:
            log.info("serving", address=address, workers=settings.workers)
            if ready is not None:
                ready(address)

        if settings.workers > 1:
            supervisor.supervise(settings, listener, tell)
        else:
            run(settings, listener, wiring.make_application(settings), tell)
    log.info("stopped")


def run(settings: Settings, listener: socket.socket, application: ServerApplication, ready: Callable[[], None]) -> None:
    """One server process, to its end."""
    config = uvicorn.Config(
        application,
        interface="asgi3",
        http=Protocol,
        ws="none",
        lifespan="off",
        loop="uvloop",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    try:
        Server(config, application, ready).run(sockets=[listener])
    except (*Unavailable, psycopg.Error) as error:
        raise CannotStart(f"The database does not answer: {wiring.one_line(str(error))}. Try again.") from error


class Server(uvicorn.Server):
    """uvicorn's server around our application, which ends with success when it is told to."""

    def __init__(self, config: uvicorn.Config, application: ServerApplication, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.application = application
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.application.start()
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("stopping", running=len(self.server_state.tasks))
        self.application.front.drain()
        await super().shutdown(sockets)
        await self.application.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """As uvicorn's, but without raising the signal again at the end: having drained is success."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def configure_logs(settings: Settings) -> None:
    logs.configure(settings.log_format, settings.log_level, sys.stderr)
    # What uvicorn says about its life, we say ourselves.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


@contextlib.contextmanager
def only_server(settings: Settings) -> Generator[None]:
    """Hold the data folder of an embedded database for this server alone. Raises CannotStart."""
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
            raise CannotStart(held_by(settings.data_dir, file.name)) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def held_by(data_dir: Path, lock: str) -> str:
    process = Path(lock).read_text(encoding="ascii")
    return (
        f"Another server{f' (process {process})' if process else ''} uses the data folder {data_dir}, and only one may. "
        "Stop it, or choose another folder with --data-dir. Several servers need PostgreSQL."
    )


@contextlib.contextmanager
def listening(host: str, port: int) -> Generator[socket.socket]:
    """A socket bound to the address; it takes connections once the server listens on it. Raises CannotStart."""
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Here already, because a bound address may still be taken by somebody who listens on it.
        listener.listen(BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise CannotStart(refused_address(host, port, error)) from error
    with listener:
        listener.set_inheritable(True)
        yield listener


def refused_address(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop the program that uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is reserved for the system. Choose one from 1024 on with --port."
    return f"The server cannot listen on {host}: {error.strerror}. Choose an address of this machine with --host."


def address_of(settings: Settings, listener: socket.socket) -> str:
    """Where this machine's programs reach the server; the public address when there is one."""
    if settings.base_url:
        return settings.base_url
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  # it is compared
    port: int = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
