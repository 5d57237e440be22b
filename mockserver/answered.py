"""How an ASGI application of the mock answers a request of httpx: what a client of it sees without a network."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import httpcore
import httpx

from mockserver.transports.asgi import App, Message
from mockserver.transports.spoilt import LINE, BrokenOff

#: Where a request says which package below its client sent it; without it that is httpcore.
CORE = "mockserver.core"


def core_of(request: httpx.Request) -> Any:
    """Return the package below the client that sent a request: the client knows its exceptions."""
    return request.extensions.get(CORE, httpcore)


async def through(app: App, request: httpx.Request) -> httpx.Response:
    """Have a request answered by an application.

    Raises:
        Exception: something is missing; one of the package below the client.
    """
    answered = Answered(core_of(request))
    scope = {
        "type": "http",
        "method": request.method,
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "extensions": {LINE: {"line": answered}},
    }
    unread: list[Message] = [{"type": "http.request", "body": request.read(), "more_body": False}]

    async def receive() -> Message:
        """Hand over the body; after it nothing comes, for this client never goes away."""
        return unread.pop() if unread else await asyncio.Future()

    await answered.gather(app(scope, receive, answered.send))
    return answered.response()


class Answered:
    """What came back for one request: an answer, part of one, or none. Stands for the connection as well.

    Args:
        core: the package under the client, whose exceptions the client knows.
    """

    def __init__(self, core: Any) -> None:
        self._core = core
        self._messages: list[Message] = []
        self._problem: Exception | None = None

    async def send(self, message: Message) -> None:
        """Take an ASGI message."""
        self._messages.append(message)

    async def break_off(self, is_orderly: bool) -> None:
        """End the connection: what is not there is missing."""
        if is_orderly:
            self._problem = self._core.RemoteProtocolError("Server disconnected without sending a response.")
        else:
            self._problem = self._core.ReadError("[Errno 104] Connection reset by peer")
        raise BrokenOff(str(self._problem))

    async def gone(self) -> None:
        """Wait for ever, as nobody leaves."""
        await asyncio.Future()

    async def gather(self, work: Awaitable[None]) -> None:
        """Let an answer be sent, as far as it comes."""
        with suppress(BrokenOff):
            await work

    def response(self) -> httpx.Response:
        """Return what came.

        Raises:
            Exception: something is missing.
        """
        first, *others = self._messages or [{}]
        body = b"".join(message.get("body", b"") for message in others)
        size = int(dict(first.get("headers", ())).get(b"content-length", b"-1"))
        if self._problem is not None and len(body) != size:
            raise self._problem
        return httpx.Response(first["status"], headers=first.get("headers"), content=body)
