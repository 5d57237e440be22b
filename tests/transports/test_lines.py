"""Connections that are broken off."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
import uvloop

from mockserver.transports.lines import SocketLine


class Served(asyncio.Protocol):
    """The server's side of a connection: breaks it off twice."""

    def __init__(self, ended: "asyncio.Future[None]") -> None:
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._line = SocketLine(cast("asyncio.Transport", transport))  # uvloop has transports of its own
        self._breaking = asyncio.ensure_future(self._break_off_twice())
        self._breaking.add_done_callback(self._pass_on)

    async def _break_off_twice(self) -> None:
        await self._line.break_off(False)
        await self._line.break_off(False)

    def _pass_on(self, done: "asyncio.Future[None]") -> None:
        problem = done.exception()
        if problem is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(problem)

    def connection_lost(self, _: Exception | None) -> None:
        """Take note."""
        self._line.end()


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_connection_that_two_answers_reset_ends_once(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """The second finds it broken off, and is content."""

    async def connect() -> bool:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        server = await loop.create_server(lambda: Served(ended), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        async with asyncio.timeout(30):
            with pytest.raises(ConnectionResetError):
                await reader.read()
            await ended
        writer.close()
        server.close()
        return ended.done()

    loop = new_loop()
    try:
        assert loop.run_until_complete(connect())
    finally:
        loop.close()
