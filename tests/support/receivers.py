"""A receiver of webhooks and uploads on 127.0.0.1 that takes note of every byte and answers as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import NamedTuple, Self

from tests.support.loops import rest

#: How long a request may be awaited: renderers give way, so on a machine full of tests a video takes its time.
COMES_WITHIN_S = 120

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Received(NamedTuple):
    """One request.

    Attributes:
        line: its first line.
        headers: its headers, names in lower case.
        body: its body.
    """

    line: str
    headers: dict[str, str]
    body: bytes


def answering(data: bytes) -> Answer:
    """Return what answers a request with some bytes."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def status(code: int, *headers: str) -> Answer:
    """Return what answers a request with a status and no body."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return answering(f"HTTP/1.1 {code} Whatever\r\nContent-Length: 0\r\n{lines}\r\n".encode())


async def silence(_writer: asyncio.StreamWriter) -> None:
    """Answer nothing, for as long as the connection lives."""
    await asyncio.Event().wait()


class Receiver:
    """Listens while it is entered.

    Args:
        answer: what it does with the connection of a request that it has read.

    Attributes:
        requests: what came, in order.
        open_now: how many requests are being answered.
        most_open: how many there were at most.
        connections: how many connections it has had.
        base: scheme and authority of its address.
    """

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or status(200)
        self.requests: list[Received] = []
        self.open_now = self.most_open = self.connections = 0
        self.base = ""
        self._came = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.base = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server
        self._server.close()
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        # A connection whose task was cancelled before it began has nobody else who closes it.
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        await rest()

    async def wait_for(self, number: int) -> list[Received]:
        """Wait until so many requests came, and return them."""
        async with self._came:
            await asyncio.wait_for(self._came.wait_for(lambda: len(self.requests) >= number), COMES_WITHIN_S)
        return self.requests

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                received = await _read(reader)
                self.requests.append(received)
                self.open_now += 1
                self.most_open = max(self.most_open, self.open_now)
                async with self._came:
                    self._came.notify_all()
                try:
                    await self.answer(writer)
                finally:
                    self.open_now -= 1
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            self._writers.discard(writer)


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
    return Received(line, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
