"""HTTP connections to the express protocol, byte by byte, without a network."""

import asyncio
from typing import Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from mockserver.app import Mock, server_app
from mockserver.transports.express import express_protocol


class Answered(NamedTuple):
    """One HTTP answer.

    Attributes:
        status: its status.
        headers: its headers, names in lower case.
        body: its body.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Line(asyncio.Transport):
    """Keeps what a protocol writes, and closes as a socket does: a moment later the protocol is told.

    Attributes:
        written: bytes that were not taken yet.
        is_paused: whether the protocol wants no bytes for now.
        has_moved: set when something was written or the connection was closed.
    """

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__({"sockname": ("127.0.0.1", 8080), "peername": ("127.0.0.1", 50000)})
        self.written = bytearray()
        self.is_paused = False
        self.has_moved = asyncio.Event()
        self._protocol = protocol
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep bytes, unless the connection is closed."""
        if not self._is_closing:
            self.written += data
            self.has_moved.set()

    def close(self) -> None:
        """Close; told to the protocol soon, once."""
        if not self._is_closing:
            self._is_closing = True
            self.has_moved.set()
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def can_write_eof(self) -> bool:
        """Say that it cannot be closed in one direction alone."""
        return False

    def abort(self) -> None:
        """Close."""
        self.close()

    def is_closing(self) -> bool:
        """Say whether the connection was closed."""
        return self._is_closing

    def pause_reading(self) -> None:
        """Take note that no bytes are wanted."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Take note that bytes are wanted again."""
        self.is_paused = False


class ExpressServer:
    """What uvicorn has beside its sockets, for one mock. Needs a running event loop.

    Args:
        mock: what is served.
        options: further settings of uvicorn.

    Attributes:
        state: what the connections of a server share.
        protocol: the protocol class of a connection.
    """

    def __init__(self, mock: Mock, **options: Any) -> None:
        self.state = ServerState()
        self.protocol: type[HttpToolsProtocol] = express_protocol(mock.http_desk())
        self._config = uvicorn.Config(
            server_app(mock),
            http=self.protocol,
            ws="websockets-sansio",
            log_config=None,
            access_log=False,
            lifespan="off",
            **options,
        )

    def connect(self) -> "ExpressConnection":
        """Open a connection."""
        return ExpressConnection(self.protocol(self._config, self.state, {}))


class ExpressConnection:
    """One connection.

    Attributes:
        protocol: what serves it.
        line: what carries it.
    """

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self.protocol = protocol
        self.line = Line(protocol)
        protocol.connection_made(self.line)

    def feed(self, data: bytes) -> None:
        """Let bytes arrive."""
        self.protocol.data_received(data)

    async def answer(self) -> Answered:
        """Wait for one whole answer and take it."""
        while (taken := split_answer(bytes(self.line.written))) is None:
            assert not self.line.is_closing(), f"closed after {bytes(self.line.written)!r}"
            self.line.has_moved.clear()
            await self.line.has_moved.wait()
        answered, rest = taken
        self.line.written[:] = rest
        return answered

    async def ask(self, data: bytes) -> Answered:
        """Let a request arrive and take its answer."""
        self.feed(data)
        return await self.answer()

    def drop(self) -> None:
        """End the connection from the client's side."""
        self.line.close()


def split_answer(data: bytes) -> tuple[Answered, bytes] | None:
    """Return the first answer in some bytes and what comes after it, or None while it is not whole.

    Its length must be declared; answers to HEAD and 100 Continue are not understood.
    """
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers["content-length"])
    if len(rest) < length:
        return None
    return Answered(int(first.split()[1]), headers, rest[:length]), rest[length:]


def request(body: bytes, path: str = "/v1", method: str = "POST", **headers: str) -> bytes:
    """Return the bytes of a request, with Host, Content-Type, Content-Length and a key unless told otherwise.

    Args:
        body: its body.
        path: its target.
        method: its method.
        headers: further headers, or others; underscores stand for hyphens; an empty value leaves one out.
    """
    usual = {
        "Host": "mock.test",
        "Content-Type": "application/json",
        "Authorization": "Bearer a-key",
        "Content-Length": str(len(body)),
    }
    chosen = {**usual, **{name.replace("_", "-").title(): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in chosen.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
