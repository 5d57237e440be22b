"""The load generator: keeps every connection busy, never sleeps, and looks at every answer.

A client that sleeps makes each write of the server pay for waking it, and the server is what is measured. So it asks
the system again and again whether something came, and belongs on a core of its own.
"""

import re
import select
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import islice

from tests.bench.traffic import Ask, Asks, frame

CONNECTIONS = 16
#: How long nothing may come while answers are owed, in seconds.
PATIENCE_S = 20
#: Room for a whole request, so that sending one never waits.
SEND_BUFFER_BYTES = 1 << 18
RECEIVE_BYTES = 1 << 16
#: How much of a wrong answer is kept, in bytes.
LONGEST_EXAMPLE = 2000


class NoAnswer(Exception):
    """A server owes answers and gives none; the text says how that showed."""


@dataclass(slots=True)
class Tally:
    """What came of a load.

    Attributes:
        answers: how many came, right or wrong.
        wrong: how many were wrong.
        example: the beginning of a wrong one, or b"".
        waits_s: how long each was waited for, where that was wanted, in seconds.
    """

    answers: int = 0
    wrong: int = 0
    example: bytes = b""
    waits_s: list[float] = field(default_factory=list)

    def take(self, ask: Ask, answer: bytes) -> None:
        """Count an answer."""
        self.answers += 1
        if not (answer.startswith(ask.opening) and all(map(answer.__contains__, ask.parts))):
            self.wrong += 1
            self.example = answer[:LONGEST_EXAMPLE]


@dataclass(frozen=True, slots=True)
class Transport:
    """How requests travel.

    Attributes:
        connect: opens a connection to a port of 127.0.0.1, ready for requests.
        size_of: returns how many bytes the answer has that begins with these, or 0 while they do not say.
    """

    connect: Callable[[int], socket.socket]
    size_of: Callable[[bytes], int]


def _connect_http(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return connection


_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def _http_size(came: bytes) -> int:
    head_end = came.find(b"\r\n\r\n")
    if head_end < 0:
        return 0
    length = _LENGTH.search(came, 0, head_end + 2)
    return head_end + 4 + (int(length[1]) if length else 0)


HTTP = Transport(_connect_http, _http_size)

_UPGRADE = (
    b"GET /v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_SHOW_KEY = frame(b'[{"taskType":"authentication","apiKey":"bench"}]')


def _connect_websocket(port: int) -> socket.socket:
    """Open a WebSocket and show a key; whether that was accepted shows in the answers to come."""
    connection = _connect_http(port)
    try:
        _exchange(connection, _UPGRADE, _http_size)
        _exchange(connection, _SHOW_KEY, _frame_size)
    except BaseException:
        connection.close()
        raise
    return connection


def _exchange(connection: socket.socket, request: bytes, size_of: Callable[[bytes], int]) -> None:
    connection.sendall(request)
    came = b""
    while not 0 < size_of(came) <= len(came):
        came += _receive(connection, came)


def _receive(connection: socket.socket, before: bytes) -> bytes:
    more = connection.recv(RECEIVE_BYTES)
    if not more:
        raise NoAnswer(f"the server closed a connection after {before[:LONGEST_EXAMPLE]!r}")
    return more


def _frame_size(came: bytes) -> int:
    if len(came) < 4:
        return 0
    length = came[1]
    if length < 126:
        return 2 + length
    return 4 + int.from_bytes(came[2:4], "big") if length == 126 else 10 + int.from_bytes(came[2:10], "big")


#: Connections that live for less than 20 seconds: then uvicorn sends pings of its own, which would count as wrong.
WEBSOCKET = Transport(_connect_websocket, _frame_size)


@dataclass(slots=True, eq=False)
class _Talk:
    """One connection with one request open on it."""

    socket: socket.socket
    size_of: Callable[[bytes], int]
    ask: Ask
    came: bytes = b""
    sent_at: float = 0.0

    def put(self, ask: Ask) -> None:
        self.ask = ask
        self.came = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(ask.request)

    def take(self) -> bytes | None:
        """Return the answer if it is whole by now. One with bytes behind it is marked, so that it counts as wrong."""
        self.came += _receive(self.socket, self.came)
        size = self.size_of(self.came)
        if size == len(self.came):
            return self.came
        return b"too long: " + self.came if 0 < size < len(self.came) else None


def drive(
    port: int,
    asks: Asks,
    transport: Transport = HTTP,
    for_s: float = float("inf"),
    most: int | None = None,
    connections: int = CONNECTIONS,
    is_timed: bool = False,
) -> Tally:
    """Ask a server of 127.0.0.1 as fast as it answers, and check every answer.

    Args:
        port: where it listens.
        asks: what to ask.
        transport: how.
        for_s: no request is sent after so many seconds; those that were are waited for.
        most: how many requests are sent at most, or None.
        connections: each has one request open at a time.
        is_timed: whether it is noted how long each answer was waited for.

    Raises:
        NoAnswer: the server closed a connection, or said nothing for long.
        ConnectionError: it cannot be connected to, or broke a connection off.
    """
    with ExitStack() as stack:
        epoll = stack.enter_context(closing(select.epoll()))
        talks: dict[int, _Talk] = {}
        for _ in range(connections):
            connection = stack.enter_context(transport.connect(port))
            connection.setblocking(False)
            talks[connection.fileno()] = _Talk(connection, transport.size_of, _NOTHING)
            epoll.register(connection.fileno(), select.EPOLLIN)
        return _converse(talks, epoll, islice(asks, most), time.perf_counter() + for_s, is_timed)


_NOTHING = Ask(b"", b"", ())


def _converse(talks: dict[int, _Talk], epoll: select.epoll, asks: Asks, end_at: float, is_timed: bool) -> Tally:
    """Send a request on every connection and another one for every answer until the end, then take what is owed."""
    tally = Tally()
    owed = 0
    heard_at = time.perf_counter()
    for talk, ask in zip(talks.values(), asks, strict=False):
        talk.put(ask)
        owed += 1
    while owed:
        ready = epoll.poll(0)
        now = time.perf_counter()
        if ready:
            heard_at = now
        elif now - heard_at > PATIENCE_S:
            raise NoAnswer(f"nothing came for {PATIENCE_S} seconds though {owed} answers are owed")
        for descriptor, _ in ready:
            talk = talks[descriptor]
            answer = talk.take()
            if answer is None:
                continue
            tally.take(talk.ask, answer)
            if is_timed:
                tally.waits_s.append(now - talk.sent_at)
            following = next(asks, None) if now < end_at else None
            if following is None:
                owed -= 1
            else:
                talk.put(following)
    return tally
