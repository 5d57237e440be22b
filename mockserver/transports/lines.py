"""Connections of the mock's own server that can be broken off, as networks break them, and messages in fragments.

ASGI has no words for either. The WebSocket part stands on non-public parts of uvicorn's protocol class, like
`express`.
"""

import asyncio
import socket
import struct
from collections.abc import Callable

from websockets.frames import Frame, Opcode

from mockserver.transports.http import HttpDesk
from mockserver.transports.socket_guard import GuardedSockets
from mockserver.transports.spoilt import LINE

#: Closing a socket that lingers for no time resets the connection.
_NO_LINGER = struct.pack("ii", 1, 0)
#: Rounds of the event loop after which what was written is with the system.
_ROUNDS = 3


class SocketLine:
    """One connection. See `mockserver.transports.spoilt.Line`.

    Args:
        transport: what carries it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._is_gone = asyncio.Event()

    def end(self) -> None:
        """Take note that the connection has ended."""
        self._is_gone.set()

    async def break_off(self, is_orderly: bool) -> None:
        """End the connection once everything was sent: closed (FIN), or reset (RST)."""
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        if is_orderly:
            self._transport.close()
        elif not self._transport.is_closing():  # an answer to an earlier message may have ended it
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._transport.abort()
        await self._is_gone.wait()

    async def gone(self) -> None:
        """Wait until the connection has ended, of which only a transport that reads is told."""
        self._transport.resume_reading()
        await self._is_gone.wait()


class SocketFragmentLine(SocketLine):
    """One WebSocket connection. See `mockserver.transports.spoilt.FragmentLine`.

    Args:
        transport: what carries it.
        let_in: takes note that somebody showed a good key.
    """

    def __init__(self, transport: asyncio.Transport, let_in: Callable[[], None]) -> None:
        super().__init__(transport)
        self.let_in = let_in

    def send_fragments(self, payload: bytes, pieces: int, *, is_binary: bool, is_whole: bool) -> None:
        """Send a message in fragments."""
        size = max(1, -(-len(payload) // pieces))
        parts = [payload[start : start + size] for start in range(0, len(payload), size)] or [b""]
        if not is_whole:
            parts = parts[:-1] or [payload[: len(payload) // 2]]
        for number, part in enumerate(parts):
            is_last = is_whole and number == len(parts) - 1
            opcode = Opcode.CONT if number else Opcode.BINARY if is_binary else Opcode.TEXT
            self._transport.write(Frame(opcode, part, is_last).serialize(mask=False))


def sockets_protocol(desk: HttpDesk) -> type[GuardedSockets]:
    """Return a WebSocket protocol class for uvicorn that words refusals at this desk."""
    return type("BoundSockets", (BreakableSockets,), {"desk": desk})


class BreakableSockets(GuardedSockets):
    """uvicorn's WebSocket protocol, with a line in the scope."""

    line: SocketFragmentLine | None = None

    async def run_asgi(self) -> None:
        """Serve the connection."""
        self.line = SocketFragmentLine(self.transport, self.let_in)
        self.scope["extensions"][LINE] = {"line": self.line}
        await super().run_asgi()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection."""
        if self.line is not None:
            self.line.end()
        super().connection_lost(exc)
