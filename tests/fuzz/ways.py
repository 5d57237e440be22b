"""How nonsense is sent, and what came of it, in a word: a status, a close code, or what went wrong."""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.fuzz.nonsense import BODIES, FRAMES, REQUESTS

#: How long an answer may take before it counts as hanging.
PATIENCE_S = 30.0
#: How long a server may be silent that waits for more.
QUIET_S = 0.2
#: In an answer: it failed inside.
_FAILURE = b"internalServerError"


class Outcome(NamedTuple):
    """What came of something that was sent.

    Attributes:
        word: status, close code or problem.
        is_failure: whether a good server does not do so.
    """

    word: str
    is_failure: bool = False


class Way(Protocol):
    """Sends nonsense."""

    def send(self, data: bytes) -> Outcome:
        """Send some bytes and say what came of it."""

    def close(self) -> None:
        """Let go of the connection."""


def _socket(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 80), PATIENCE_S)


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of an answer and what came behind it; b"" where the connection ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return b"", data
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _status(head: bytes) -> Outcome:
    status = int(head.split()[1])
    return Outcome(str(status), status >= 500)


class OverHttp:
    """Posts bodies over one connection, each under a good head."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: socket.socket | None = None

    def send(self, data: bytes) -> Outcome:
        """Post a body; once more where the server had ended the connection meanwhile, as it may if it was idle."""
        was_open = self._connection is not None
        outcome = self._post(data)
        return self._post(data) if was_open and outcome.word == "no answer" else outcome

    def _post(self, data: bytes) -> Outcome:
        head = "POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer fuzz\r\n"
        if self._connection is None:
            self._connection = _socket(self._url)
        try:
            self._connection.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
            return self._answer(self._connection)
        except TimeoutError:
            self.close()
            return Outcome("hangs", True)
        except ConnectionError:
            self.close()
            return Outcome("no answer", True)

    def _answer(self, connection: socket.socket) -> Outcome:
        head, body = _read_head(connection)
        if not head:
            self.close()
            return Outcome("no answer", True)
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(headers[b"content-length"]):
            body += connection.recv(65_536)
        if headers.get(b"connection") == b"close":
            self.close()
        try:
            json.loads(body)
        except ValueError:
            return Outcome(f"{head.split()[1].decode()}, no JSON", True)
        return _status(head)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class OverWire:
    """Writes whole requests, each to a connection of its own, and reads the first answer."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, data: bytes) -> Outcome:
        """Write a request."""
        with _socket(self._url) as connection, suppress(ConnectionError):
            connection.sendall(data)
            try:
                head, _ = _read_head(connection)
            except TimeoutError:
                return Outcome("hangs", True)
            return _status(head) if head else Outcome("closed")
        return Outcome("closed")

    def close(self) -> None:
        """Nothing is open."""


class OverSocket:
    """Sends messages over one WebSocket connection; a new one where it was closed."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("http", "ws", 1)
        self._connection: ClientConnection | None = None
        self._opened = ExitStack()
        self._count = 0

    def send(self, data: bytes) -> Outcome:
        """Send a message, a text where it could be one and every other time, and ask a question behind it."""
        if self._connection is None:
            self._connection = self._opened.enter_context(connect(self._url, proxy=None, max_size=None))
            self._connection.send('[{"taskType":"authentication","apiKey":"fuzz"}]')
        self._count += 1
        uuid = str(uuid4())
        try:
            self._connection.send(data, text=self._count % 2 == 0)
            self._connection.send(json.dumps([{"taskType": "getResponse", "taskUUID": uuid}]))
            return self._answer(self._connection, uuid)
        except TimeoutError:
            self.close()
            return Outcome("hangs", True)
        except ConnectionClosed as closed:
            self.close()
            code = closed.rcvd.code if closed.rcvd else None
            return Outcome(f"closed {code}", code in (None, 1011))

    @staticmethod
    def _answer(connection: ClientConnection, uuid: str) -> Outcome:
        failed = False
        while uuid not in (frame := str(connection.recv(PATIENCE_S))):
            failed = failed or _FAILURE.decode() in frame
        return Outcome("internalServerError" if failed else "answered", failed)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection = None
        with suppress(TimeoutError, ConnectionClosed):
            self._opened.close()


_HANDSHAKE = (
    b"GET /v1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class OverFrames:
    """Writes frames to WebSocket connections, each to one of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, data: bytes) -> Outcome:
        """Write frames, and read until the server is silent."""
        with _socket(self._url) as connection:
            connection.sendall(_HANDSHAKE)
            try:
                head, said = _read_head(connection)
                if b" 101 " not in head:
                    return Outcome("no connection", True)
                connection.settimeout(QUIET_S)
                connection.sendall(data)
                while piece := connection.recv(65_536):
                    said += piece
            except TimeoutError:
                return Outcome("open", _FAILURE in said)
            except ConnectionError:
                return Outcome("closed")
            has_failed = _FAILURE in said or b"\x03\xf3" in said[-125:]
            return Outcome("closed", has_failed)

    def close(self) -> None:
        """Nothing is open."""


#: Each way by its name: what makes it, what is sent, and how many of a hundred tries are its.
WAYS: Mapping[str, tuple[Callable[[str], Way], st.SearchStrategy[bytes], int]] = {
    "http": (OverHttp, BODIES, 50),
    "websocket": (OverSocket, BODIES, 30),
    "wire": (OverWire, REQUESTS, 15),
    "frames": (OverFrames, FRAMES, 5),
}
