"""The application on a real socket, for clients in other languages and other processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from procession.claims import bound
from procession.protocol import Protocol
from tests.builders import Organization
from tests.harness import Server

PROCESSES = 25


class Live:
    """A running server with one organization of its own; `base` has no path."""

    def __init__(self, base: str, server: Server) -> None:
        self.base = base
        self.server = server
        self.organization = Organization(server)
        self.org_id = self.organization.id
        self.token = self.organization.token(self.organization.admin.id)
        self.template_id: str = self.organization.template("Launched by clients", steps=["First", "Second"])["id"]
        for number in range(PROCESSES):
            body = {"checklist_id": self.template_id, "name": f"Process {number}"}
            self.organization.api.data("POST", "/runs", body)


@contextmanager
def serving(folder: Path, url: str = "", **settings: Any) -> Iterator[Live]:
    """A server on a free loopback port, stopped at the end."""
    server = Server(url, folder, **settings)
    config = uvicorn.Config(server.application, http=Protocol, lifespan="off", log_config=None, access_log=False)
    web = uvicorn.Server(config)
    # Bound as the server itself does it: a socket that does not name its protocol gets no TCP_NODELAY, and then every
    # answer to a client that keeps its connection waits 40 ms.
    with bound("127.0.0.1", 0) as listener:
        listener.listen()  # connections wait here until the server takes them
        running = server.submit(web.serve(sockets=[listener]))
        try:
            yield Live(f"http://127.0.0.1:{listener.getsockname()[1]}", server)
        finally:
            web.should_exit = True
            running.result(timeout=30)
            server.close()
