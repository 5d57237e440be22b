"""A WebSocket client that speaks to an ASGI application directly, without a network."""

import asyncio
from types import TracebackType
from typing import Any, Self

from mockserver.transports.asgi import App, Message


class SocketClient:
    """One connection. Every message is sent and then waited for until the application listens again.

    Args:
        app: the ASGI application.
        path: path of the address.
        query: query string of the address.
        root_path: path below which the application is mounted.
        host: value of the Host header.

    Attributes:
        frames: texts that came and were not taken yet.
        close: the close message of the application, once it came.
        is_accepted: whether the application took the connection.
    """

    def __init__(
        self, app: App, path: str = "/v1", query: bytes = b"", root_path: str = "", host: str = "mock.test"
    ) -> None:
        self.frames: list[str] = []
        self.close: Message | None = None
        self.is_accepted = False
        self._app = app
        self._scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": root_path,
            "scheme": "ws",
            "headers": [(b"host", host.encode())],
            "subprotocols": [],
        }
        self._is_broken = False
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._listens = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._serving = asyncio.get_running_loop().create_task(self._serve())
        await self._push({"type": "websocket.connect"})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    async def say(self, message: str | bytes) -> list[str]:
        """Send a message, text or binary, and return the frames that came until the application listened again."""
        name = "text" if isinstance(message, str) else "bytes"
        await self._push({"type": "websocket.receive", name: message})
        return self.take()

    def take(self) -> list[str]:
        """Return the frames that came and were not taken yet."""
        frames, self.frames = self.frames, []
        return frames

    def cut(self) -> None:
        """Break the line: from now on the application cannot send, and does not know yet."""
        self._is_broken = True

    async def leave(self) -> None:
        """End the connection, if it has not ended."""
        assert self._serving
        if not self._serving.done():
            self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._serving

    async def _serve(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    async def _push(self, message: Message) -> None:
        assert self._serving
        self._listens.clear()
        self._incoming.put_nowait(message)
        listens: asyncio.Task[Any] = asyncio.ensure_future(self._listens.wait())
        await asyncio.wait([listens, self._serving], return_when=asyncio.FIRST_COMPLETED)
        listens.cancel()
        if self._serving.done():
            self._serving.result()

    async def _receive(self) -> Message:
        if self._incoming.empty():
            self._listens.set()
        return await self._incoming.get()

    async def _send(self, message: Message) -> None:
        if self._is_broken:
            raise OSError("the line is cut")
        match message["type"]:
            case "websocket.accept":
                self.is_accepted = True
            case "websocket.send":
                self.frames.append(message["text"])
            case "websocket.close":
                self.close = message
                self._incoming.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
