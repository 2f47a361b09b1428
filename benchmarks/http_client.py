"""The least an HTTP/1.1 client can be, so that the load costs little: one kept connection, JSON both ways."""

import asyncio
from typing import Any

import msgspec


class Client:
    """One caller with a connection of its own."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._address = (host, port)
        self._head = f"Host: {host}:{port}\r\nAuthorization: Bearer {token}\r\nX-Tallyfy-Client: APIClient\r\n"
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._address, limit=1 << 24)

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body."""
        content = b"" if body is None else msgspec.json.encode(body)
        head = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(content)}\r\n\r\n"
        self._writer.write(head.encode() + content)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(answered[9:12])
        length = int(answered.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        received = await self._reader.readexactly(length)
        return status, msgspec.json.decode(received) if received else None

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()
