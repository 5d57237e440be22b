"""A short way to the mock for clients of httpx: respx hands their requests over in the process, past all sockets.

Asynchronous clients take it. Others, and whatever is sent in a thread, go on to the real address.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import respx

from mockserver.answered import core_of, through
from mockserver.transports.asgi import App


class ShortDoor:
    """Answers requests of asynchronous httpx clients while it is open.

    Args:
        app: what answers them.
        host, port: the address that they are sent to.
    """

    def __init__(self, app: App, host: str, port: int) -> None:
        self._app = app
        self._router = respx.MockRouter(assert_all_called=False)
        self._router.route(host=host, port=port).mock(side_effect=self._answer)
        self._router.route().pass_through()

    def open(self) -> None:
        """Begin to answer."""
        self._router.start()

    def close(self) -> None:
        """Answer no more."""
        self._router.stop(quiet=True)

    def _answer(self, request: httpx.Request) -> "Coroutine[Any, Any, httpx.Response] | httpx.Request":
        """Answer a request in the loop that runs here; hand it back, which sends it on, where none does."""
        # Else respx keeps every request of a run.
        self._router.calls.clear()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return request
        return self._in_time(request)

    async def _in_time(self, request: httpx.Request) -> httpx.Response:
        limit_s = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(limit_s):
                return await through(self._app, request)
        except TimeoutError:
            raise core_of(request).ReadTimeout("The read operation timed out") from None
