"""TCP between clients and mocks: a proxy that drops a connection at a chosen moment, and a balancer before several."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import TypeVar

CHUNK_BYTES = 65536
#: A WebSocket close frame as a server sends it, with code 1000: an orderly end.
CLOSE_FRAME = b"\x88\x02\x03\xe8"


P = TypeVar("P", bound="Proxy")
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Drop:
    """When a connection is dropped: once, at the first answer that holds some bytes.

    Attributes:
        at: bytes to look for in what the mock answers. Over WebSocket a mock's frames are plain text.
        is_delivered: whether the client still gets that answer. If not, the mock has done what the client never
            learns of.
        farewell: bytes that the client gets last, such as a close frame; nothing for a line that just goes dead.
    """

    at: bytes
    is_delivered: bool
    farewell: bytes = b""


class Proxy:
    """Passes bytes on between clients and one mock.

    Args:
        target: host and port of the mock.
        drop: when to drop a connection, or None for never.

    Attributes:
        port: where the proxy listens on 127.0.0.1.
        connections: how many were opened.
        drops: how many were dropped.
    """

    def __init__(self, target: tuple[str, int], drop: Drop | None) -> None:
        self._target = target
        self._drop = drop
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.drops = 0

    @property
    def http_url(self) -> str:
        """Address for tasks over HTTP, through the proxy."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def ws_url(self) -> str:
        """Address for tasks over WebSocket, through the proxy."""
        return f"ws://127.0.0.1:{self.port}/v1"

    async def run(self, end: asyncio.Event) -> None:
        """Pass bytes on until told to end, then close every connection.

        Args:
            end: set when the proxy is no longer needed.
        """
        #: Held only so that no task is lost before it begins.
        accepted: set[asyncio.Task[None]] = set()
        serving: set[asyncio.Task[None]] = set()
        loop = asyncio.get_running_loop()

        async def serve(connection: socket.socket) -> None:
            task = asyncio.current_task()
            assert task
            serving.add(task)
            # A connection may have been accepted at the last moment.
            with connection, suppress(OSError, asyncio.CancelledError):
                if not end.is_set():
                    await self._serve(connection)
            serving.discard(task)

        def accept() -> None:
            with suppress(OSError):
                accepted.add(loop.create_task(serve(self._listener.accept()[0])))

        self._listener.setblocking(False)
        loop.add_reader(self._listener, accept)
        await end.wait()
        loop.remove_reader(self._listener)
        self._listener.close()
        for task in serving:
            task.cancel()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)

    async def _serve(self, connection: socket.socket) -> None:
        self.connections += 1
        from_client, to_client = await asyncio.open_connection(sock=connection)
        async with _closed_after(to_client):
            from_mock, to_mock = await self._open()
            async with _closed_after(to_mock):
                await self._talk((from_client, to_client), (from_mock, to_mock))

    async def _open(self) -> _Streams:
        """Open a connection to the mock."""
        return await asyncio.open_connection(*self._target)

    async def _talk(self, client: _Streams, mock: _Streams) -> None:
        (from_client, to_client), (from_mock, to_mock) = client, mock
        there = asyncio.create_task(_pass_on(from_client, to_mock))
        try:
            await self._answer(from_mock, to_client)
            # An end, not a reset, which could overtake what was sent before it.
            to_client.write_eof()
            await there
        finally:
            there.cancel()

    async def _answer(self, from_mock: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Pass the mock's answers on until it ends the connection or the moment of the drop comes."""
        seen = b""
        while chunk := await from_mock.read(CHUNK_BYTES):
            seen = seen[-CHUNK_BYTES:] + chunk
            if self._drop is not None and not self.drops and self._drop.at in seen:
                self.drops += 1
                to_client.write((chunk if self._drop.is_delivered else b"") + self._drop.farewell)
                await to_client.drain()
                return
            to_client.write(chunk)
            await to_client.drain()


class Balancer(Proxy):
    """Gives each connection to the next of several mocks that takes one.

    Attributes:
        targets: host and port of each mock; may be changed.
    """

    def __init__(self, *targets: tuple[str, int]) -> None:
        super().__init__(targets[0], None)
        self.targets = targets

    async def _open(self) -> _Streams:
        for number in range(len(self.targets)):
            with suppress(OSError):
                return await asyncio.open_connection(*self.targets[(self.connections - 1 + number) % len(self.targets)])
        raise ConnectionRefusedError


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def _closed_after(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection in the end, also when whoever waits for that is told to stop waiting."""
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
            raise


@contextmanager
def proxied(host: str, port: int, drop: Drop | None = None) -> Iterator[Proxy]:
    """Run a proxy before a mock, in a thread, and stop it in the end.

    Args:
        host: address of the mock.
        port: port of the mock.
        drop: when to drop a connection, or None for never.
    """
    with running_proxy(Proxy((host, port), drop)) as proxy:
        yield proxy


@contextmanager
def balanced(*targets: tuple[str, int]) -> Iterator[Balancer]:
    """Run a balancer before some mocks, in a thread, and stop it in the end."""
    with running_proxy(Balancer(*targets)) as balancer:
        yield balancer


@contextmanager
def running_proxy(proxy: P) -> Iterator[P]:
    """Run a proxy in a thread, and stop it in the end."""
    loop = asyncio.new_event_loop()
    end = asyncio.Event()
    thread = Thread(target=loop.run_until_complete, args=(proxy.run(end),))
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()
