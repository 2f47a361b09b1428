"""A client that takes its answer piece by piece, or goes away."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from tests.harness import Api

Message = MutableMapping[str, Any]


class Client:
    """One request on the server's loop, whose answer is taken piece by piece, or left."""

    def __init__(self, api: Api, query: str) -> None:
        self.api = api
        self.query = query
        self.pieces = 0
        self.bytes = 0
        self.status = 0
        self.first = asyncio.Event()
        # Set while the client reads on.
        self.reading = asyncio.Event()
        self.reading.set()
        self.leaves = asyncio.Event()
        self.kept: list[bytes] = []

    async def ask(self, *, keep: bool = False) -> None:
        path = f"/organizations/{self.api.organization_id}/runs"
        headers = [(b"authorization", f"Bearer {self.api.token}".encode()), (b"host", b"flow.example")]
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": self.query.encode(),
            "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("flow.example", 80),
        }  # fmt: skip

        async def receive() -> Message:
            await self.leaves.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                return
            self.bytes += len(message["body"])
            self.pieces += 1
            if keep:
                self.kept.append(bytes(message["body"]))
            if self.bytes:
                self.first.set()
            await self.reading.wait()

        await self.api.server.application(scope, receive, send)
