"""Clients that go away before they are answered: what is still read for them is given up."""

import asyncio

from starlette.requests import ClientDisconnect, Request

# Most requests are answered before somebody looks whether their client is still there.
LOOKS_AFTER_SECONDS = 0.1


class WhileClientStays:
    """A block that is cancelled when the client of the request goes away, and then raises ClientDisconnect.

    For blocks that change nothing and do not read the body.
    """

    __slots__ = ("_has_left", "_looking", "_request", "_task", "_timer")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._looking: asyncio.Task[None] | None = None
        self._has_left = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(LOOKS_AFTER_SECONDS, self._look)

    async def __aexit__(self, kind: type[BaseException] | None, *_failure: object) -> None:
        self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()
        # As asyncio.timeout does it: somebody else may have cancelled the task, too.
        if self._has_left and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise ClientDisconnect from None

    def _look(self) -> None:
        self._looking = asyncio.ensure_future(self._cancel_when_left())

    async def _cancel_when_left(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass  # a body that nobody reads
        self._has_left = True
        self._task.cancel()
