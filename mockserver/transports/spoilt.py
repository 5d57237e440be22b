"""Answers that go wrong on their way over HTTP: late, slowly, in part, or not at all. Why is not known here.

A connection is broken off by whoever holds it, through a `Line` that the server puts into the scope. Where none is,
as under another server than the mock's own, an answer that should not come at all is an empty one with status 502.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from mockserver.faults.base import Download, End, Outgoing, with_header
from mockserver.plans import Spoilt
from mockserver.transports.asgi import Message, Receive, Scope, Send
from mockserver.wire import Envelope

#: Names the faults that an HTTP answer shows, so that an emulated failure is never taken for a real one.
MARK = "X-Runware-Mock-Fault"
#: Key of the line among the extensions of an ASGI scope.
LINE = "runware_mock.line"
#: A slow body is sent in pieces of so many milliseconds.
PIECE_MS = 100

#: Lets some milliseconds of the mock's clock pass.
Pause = Callable[[int], Awaitable[None]]


class Line(Protocol):
    """A connection that can be broken off."""

    async def break_off(self, is_orderly: bool) -> None:
        """End the connection once everything was sent: closed (FIN), or reset (RST)."""

    async def gone(self) -> None:
        """Wait until the connection has ended."""


class FragmentLine(Line, Protocol):
    """A WebSocket connection that can be broken off, that sends parts of messages, and that asks for a key."""

    def let_in(self) -> None:
        """Take note that somebody showed a good key: the connection may stay."""

    def send_fragments(self, payload: bytes, pieces: int, *, is_binary: bool, is_whole: bool) -> None:
        """Send a message in fragments.

        Args:
            payload: what it holds.
            pieces: how many fragments there are.
            is_binary: whether it is a binary message.
            is_whole: whether the last fragment is sent.
        """


class BrokenOff(OSError):
    """An answer ends here, and with it the connection, if the server does as servers do."""


class StrangeLine:
    """The line of a server that gives none: it ends a connection when an answer fails after it has begun.

    Args:
        receive: says when the client is gone.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def break_off(self, is_orderly: bool) -> None:
        """Fail."""
        raise BrokenOff(f"a fault of the mock ends the connection, {'closed' if is_orderly else 'reset'}")

    async def gone(self) -> None:
        """Wait until the client has left."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def line_of(scope: Scope) -> Any:
    """Return the line that the server put into a scope, or None."""
    return scope.get("extensions", {}).get(LINE, {}).get("line")


def outgoing(envelope: Envelope, spoilt: Sequence[Spoilt]) -> Outgoing:
    """Return an HTTP answer as the faults of its tasks have it."""
    names = [name for each in spoilt for name in each.names]
    made = Outgoing(envelope.status, envelope.body)
    for each in spoilt:
        for hit in each.hits:
            spoiled = hit.fault.spoil(made)
            if spoiled != made:
                names.append(hit.name)
            made = spoiled
    return with_header(made, MARK, ", ".join(dict.fromkeys(names))) if names else made


async def play(answer: Outgoing, send: Send, line: Line, pause: Pause) -> None:
    """Send an answer as it goes wrong.

    Args:
        answer: what is sent, and how.
        send: takes ASGI messages.
        line: the connection.
        pause: lets time pass.
    """
    if answer.delay_ms:
        await pause(answer.delay_ms)
    if answer.end is End.NEVER:
        await line.gone()
        return
    if answer.end is End.UNSENT and isinstance(line, StrangeLine):
        answer = replace(answer, status=502, body=b"", media_type="text/plain", end=End.WHOLE)
    if answer.end is End.UNSENT:
        await line.break_off(answer.is_orderly)
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer)})
    body = answer.body[: answer.cut_at] if answer.end is End.CUT else answer.body
    for piece in _pieces(body, answer.bytes_per_s):
        if answer.bytes_per_s:
            await pause(PIECE_MS)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if answer.end is not End.CUT:
        await send({"type": "http.response.body", "body": b""})
    if answer.end is not End.WHOLE:
        await line.break_off(answer.is_orderly)


class SpoiltFile:
    """Takes the ASGI messages of a download and passes them on as they go wrong.

    Args:
        download: what goes wrong.
        names: the faults that the answer names.
        send: where messages go.
        line: the connection.
        pause: lets time pass.
    """

    def __init__(self, download: Download, names: Sequence[str], send: Send, line: Line, pause: Pause) -> None:
        self._download = download
        self._names = names
        self._send = send
        self._line = line
        self._pause = pause
        #: How many bytes are still sent before the connection breaks.
        self._left = 0
        self._is_over = False

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not self._is_over:
            await self._body(message)

    async def _start(self, message: Message) -> None:
        if self._download.delay_ms:
            await self._pause(self._download.delay_ms)
        headers = dict(message["headers"])
        size = int(headers.get(b"content-length", b"0"))
        self._left = int(size * self._download.cut_at)
        marked = [*message["headers"], (MARK.lower().encode(), ", ".join(self._names).encode())]
        await self._send({**message, "headers": marked})

    async def _body(self, message: Message) -> None:
        body = message.get("body", b"")
        if self._download.is_corrupt:
            body = body.translate(_OTHER_BYTES)
        has_more = message.get("more_body", False)
        if self._download.cut_at < 1 and len(body) >= self._left:
            self._is_over = True
            await self._send({"type": "http.response.body", "body": body[: self._left], "more_body": True})
            await self._line.break_off(False)
            return
        self._left -= len(body)
        for piece in _pieces(body, self._download.bytes_per_s):
            if self._download.bytes_per_s:
                await self._pause(PIECE_MS)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if not has_more:
            await self._send({"type": "http.response.body", "body": b""})


#: Takes every byte to another one.
_OTHER_BYTES = bytes(byte ^ 0x5A for byte in range(256))


def _headers(answer: Outgoing) -> list[tuple[bytes, bytes]]:
    told = [("content-type", answer.media_type), ("content-length", str(len(answer.body))), *answer.headers]
    return [(name.lower().encode(), value.encode()) for name, value in told]


def _pieces(body: bytes, bytes_per_s: int) -> Iterator[bytes]:
    size = max(1, bytes_per_s * PIECE_MS // 1000) if bytes_per_s else max(1, len(body))
    return (body[start : start + size] for start in range(0, len(body), size))
