"""Runs a server: upgrade the database, answer until told to stop, finish what runs."""

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Generator
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import uvicorn

from procession import logs, supervisor, wiring
from procession.claims import address_of, bound, only_server, refused_address
from procession.config import Settings
from procession.protocol import Protocol
from procession.storage.health import Unavailable
from procession.wiring import CannotStart
from procession.wiring.application import Place, ServerApplication, make_application

log = logs.get("procession.server")

# Longer than proxies keep idle connections (nginx: 60 seconds), so that none is closed while a request is on its way.
KEEP_ALIVE_SECONDS = 75

Ready = Callable[[], None]


def serve(
    settings: Settings, *, prepared: Callable[[], None] | None = None, ready: Callable[[str], None] | None = None
) -> None:
    """Run until SIGTERM or SIGINT. `prepared` is called once the database is there, before anybody can connect;
    `ready` with the server's address once it answers. Raises CannotStart.
    """
    configure_logs(settings)
    with only_server(settings), bound(settings.host, settings.port) as listener:
        upgraded = wiring.prepare(settings)
        if upgraded is not None:
            log.info("database brought up to date", schema=upgraded)
        # Before there are several processes that would all make it.
        wiring.make_secrets(settings)
        if prepared is not None:
            prepared()
        address = address_of(settings, listener)

        def tell() -> None:
            log.info("serving", address=address, processes=settings.workers)
            if ready is not None:
                ready(address)

        if settings.workers > 1:
            supervise(settings, listener, tell)
        else:
            run(settings, listener, make_application(settings), tell)
    log.info("stopped")


def supervise(settings: Settings, listener: socket.socket, ready: Ready) -> None:
    with tempfile.TemporaryDirectory(prefix="procession-") as figures:
        supervisor.supervise(
            work,
            listener,
            settings,
            Path(figures),
            many=settings.workers,
            patience_seconds=settings.drain_seconds,
            ready=ready,
        )


def work(pipe: Connection, number: int, listener: socket.socket, settings: Settings, figures: Path) -> None:
    """One process of several, as the supervisor starts it."""
    configure_logs(settings)
    try:
        application = make_application(settings, Place(number, figures))
        run(settings, listener, application, lambda: pipe.send(supervisor.READY), pipe)
    except CannotStart as error:
        pipe.send(str(error))


def run(
    settings: Settings,
    listener: socket.socket,
    application: ServerApplication,
    ready: Ready,
    parent: Connection | None = None,
) -> None:
    """One server process, to its end: told to stop, or left by its parent. Raises CannotStart."""
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
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    try:
        Server(config, application, ready, parent).run(sockets=[listener])
    except (*Unavailable, psycopg.Error) as error:
        raise CannotStart(f"The database does not answer: {wiring.one_line(str(error))}. Try again.") from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:  # somebody else began to listen meanwhile
            raise
        raise CannotStart(refused_address(settings.host, settings.port, error)) from error


class Server(uvicorn.Server):
    """uvicorn's server around our application, which ends with success when it is told to."""

    def __init__(
        self, config: uvicorn.Config, application: ServerApplication, ready: Ready, parent: Connection | None
    ) -> None:
        super().__init__(config)
        self.application = application
        self._ready = ready
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.application.start()
        await super().startup(sockets)
        # What is there now stays: nobody needs to look through it again for what has become garbage.
        gc.collect()
        gc.freeze()
        if self._parent is not None:
            # Nothing is ever sent to us: it becomes readable when the parent is gone.
            asyncio.get_running_loop().add_reader(self._parent.fileno(), self._left_alone, self._parent)
        self._ready()

    def _left_alone(self, parent: Connection) -> None:
        asyncio.get_running_loop().remove_reader(parent.fileno())
        self.handle_exit(signal.SIGTERM, None)

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
