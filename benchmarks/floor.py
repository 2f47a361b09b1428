"""The floor: a file of bytes, answered by the same server software that Procession runs on, and nothing else.

python -m benchmarks.floor PORT FILE
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn

from procession.protocol import Protocol
from procession.server import KEEP_ALIVE_SECONDS

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def main(port: int, file: Path) -> None:
    body = file.read_bytes()
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
    }
    end = {"type": "http.response.body", "body": body}

    async def answer(_scope: Any, _receive: Any, send: Send) -> None:
        await send(start)
        await send(end)

    config = uvicorn.Config(
        answer,
        interface="asgi3",
        host="127.0.0.1",
        port=port,
        http=Protocol,
        ws="none",
        lifespan="off",
        loop="uvloop",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
