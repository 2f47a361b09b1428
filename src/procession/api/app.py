"""The ASGI application: life of the process, then front, dispatcher, operations."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from procession.api.catalogue import all_operations
from procession.api.dispatch import Dispatcher
from procession.api.edge import Edge
from procession.api.front import Front

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """Opens the database at start-up, closes it at shutdown, and hands requests to the front."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.dispatcher = Dispatcher(edge, all_operations())
        self.front = Front(edge, self.dispatcher)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self.front(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def start(self) -> None:
        await self.edge.database.open()
        await self.front.start()

    async def stop(self) -> None:
        await self.front.stop()
        await self.edge.settle()
        await self.edge.database.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except Exception as error:  # the server reports it and ends; nothing is swallowed
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    raise
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
