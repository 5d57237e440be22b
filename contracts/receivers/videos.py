"""Videos for the addresses in results: served on this machine, at once or, where that is wanted, hardly at all."""

import asyncio
from contextlib import suppress

from mockserver.media.clips import MEDIA_TYPES

#: Part of the addresses whose download comes to no end.
SLOW = "/slow/"


class Videos:
    """Serves one video at every address. For one event loop.

    Args:
        video: the file, in MP4.

    Attributes:
        origin: begin of the addresses, once it is open.
    """

    def __init__(self, video: bytes) -> None:
        self._video = video
        self.origin = ""
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._released = asyncio.Event()

    async def open(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.origin = f"http://{host}:{port}"

    async def close(self) -> None:
        """Listen no longer, and end what is under way."""
        if self._server is not None:
            self._server.close()
            # What is being accepted just now gets its writer first.
            await asyncio.sleep(0.01)
            for task in tuple(self._serving):
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)
            for writer in tuple(self._writers):
                writer.transport.abort()
                await closed(writer)
            await self._server.wait_closed()

    def slow_address(self) -> str:
        """Return an address whose download begins and does not end, until it is let go."""
        self._released.clear()
        return f"{self.origin}{SLOW}video.mp4"

    def let_go(self) -> None:
        """Break off every download that does not end."""
        self._released.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError, asyncio.LimitOverrunError):
                await self._answer(reader, writer)
        finally:
            writer.close()
            await closed(writer)
            self._writers.discard(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _, _ = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        method, target, _ = line.decode("latin-1").split(" ", 2)
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA_TYPES['MP4']}\r\nContent-Length: {len(self._video)}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        if method == "HEAD":
            return
        if SLOW in target:
            writer.write(self._video[:1024])
            await writer.drain()
            await self._released.wait()
            return
        writer.write(self._video)
        await writer.drain()


async def closed(writer: asyncio.StreamWriter) -> None:
    """Wait until a connection is closed, however that happens."""
    with suppress(OSError):
        await writer.wait_closed()
