"""The short way for POST requests under uvicorn: answered in the protocol class, without a scope, a task or a cycle.

It takes a request that is whole and plain and leaves every other one to uvicorn and the front door; both ways give the
same bytes of body. It stands on non-public parts of uvicorn's protocol class, whose version is therefore pinned;
tests send the same conversations both ways.
"""

from asyncio import TimerHandle
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from mockserver.faults.base import End, Outgoing
from mockserver.transports.asgi import Message
from mockserver.transports.front import TASK_PATHS
from mockserver.transports.guard import GuardedProtocol, Refused, plain_answer
from mockserver.transports.http import Head, HttpDesk, is_kept
from mockserver.transports.lines import SocketLine
from mockserver.transports.spoilt import LINE, play
from mockserver.wire import Envelope

_SHORT_PATHS = frozenset(path.encode() for path in TASK_PATHS if path)


END_OF_HEAD = b"\r\n\r\n"
#: Longest head that a connection remembers.
LONGEST_HEAD_BYTES = 4096
#: A Content-Length of so few digits is looked at when the body is there.
_SURELY_SMALL = 4


class Known(NamedTuple):
    """A head that came before on this connection; if it comes again, byte for byte, the parser need not be asked.

    Attributes:
        head: its bytes, with the blank line that ends it.
        size: bytes of a whole request under this head.
        meaning: what it says.
    """

    head: bytes
    size: int
    meaning: Head


def express_protocol(desk: HttpDesk) -> type[GuardedProtocol]:
    """Return a protocol class for uvicorn that answers POST requests at this desk."""
    return type("BoundExpressProtocol", (ExpressProtocol,), {"desk": desk})


class ExpressProtocol(GuardedProtocol):
    """One connection. See the module."""

    #: Paths whose requests are answered before an ASGI scope exists.
    short_paths: ClassVar[frozenset[bytes]] = _SHORT_PATHS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Whether an answer is waited for; what a client sends meanwhile is not answered, and the connection ends then.
        self._is_busy = False
        #: Whether an answer waits for the store, which it does not for long: what comes meanwhile is answered after it.
        self._is_unkept = False
        #: Whether the connection ends with the answer that is waited for.
        self._is_last = False
        #: Whether a request has begun that may take the short way, and is not answered.
        self._is_reading = False
        self._chunks: list[bytes] = []
        self._idle_since = 0.0
        self._idle_watch: TimerHandle | None = None
        self._line: SocketLine | None = None
        #: What is being read and begins with a request, or b"".
        self._piece = b""
        self._known: Known | None = None

    def data_received(self, data: bytes) -> None:
        """Take what came: a request that is known but for its body, or anything else."""
        known = self._known
        if (
            known is not None
            and len(data) == known.size
            and data.startswith(known.head)
            and not self._is_inside
            and not self._is_busy
            and not self.pipeline
            and self._is_idle()
            and not self.transport.is_closing()
        ):
            self._unset_keepalive_if_required()
            self._is_last = self._is_blank = False
            self._answer(known.meaning, data[len(known.head) :], keep_alive=True)
            return
        self._piece = b"" if self._is_inside else data
        self.feed(data)
        self._piece = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection."""
        if self._line is not None:
            self._line.end()
        self._stop_watching()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin a request; uvicorn's own preparations wait until it is clear that it will be uvicorn's."""
        if self._is_unkept:
            self.desk.keep()
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._is_reading = True
        self.begin_head()

    def on_headers_complete(self) -> None:
        """Choose the way."""
        self._is_last = self._is_busy
        self.end_head()
        if (
            self.url in self.short_paths
            and self.parser.get_method() == b"POST"
            and not self.expect_100_continue
            and not self.pipeline
            and self._is_idle()
            and not self.parser.should_upgrade()
        ) or self._is_busy:
            self._is_short = True
            self._chunks = []
            self._refuse_declared()
            return
        self._is_reading = False
        self._stop_watching()
        headers, url, expects = self.headers, self.url, self.expect_100_continue
        super().on_message_begin()
        self.scope["extensions"] = {LINE: {"line": self._breakable()}}
        self.headers.extend(headers)
        self.url, self.expect_100_continue = url, expects
        super().on_headers_complete()

    def _breakable(self) -> SocketLine:
        """Return what can break the connection off."""
        if self._line is None:
            self._line = SocketLine(self.transport)
        return self._line

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._body_bytes += len(body)
        if not self._is_short:
            super().on_body(body)
        elif self._is_busy:
            return
        elif self._body_bytes <= self.desk.max_bytes:
            self._chunks.append(body)
        elif not self.transport.is_closing():
            self._refuse_size()

    def _refuse_declared(self) -> None:
        """Refuse a body that says itself that it is too large, before it comes."""
        if self._is_busy or self.transport.is_closing():
            return
        for name, value in self.headers:
            if name == b"content-length" and len(value) > _SURELY_SMALL and int(value) > self.desk.max_bytes:
                self._refuse_size()

    def _refuse_size(self) -> None:
        self.server_state.total_requests += 1
        self.end_with(self.desk.too_large(self._head()))
        raise Refused

    def on_message_complete(self) -> None:
        """Answer the request, now that it is whole."""
        self._is_inside = False
        if not self._is_short:
            super().on_message_complete()
            return
        if self._is_busy or self.transport.is_closing():
            return
        chunks, self._chunks = self._chunks, []
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        head = self._head()
        if keep_alive:
            self._remember(head, body)
        self._answer(head, body, keep_alive)

    def _answer(self, head: Head, body: bytes, keep_alive: bool) -> None:
        answer = self.desk.answer(head, body)
        if type(answer) is Envelope:
            if self.desk.when_kept(partial(self._write_kept, answer, keep_alive)):
                self._is_unkept = True
            else:
                self._write(answer, keep_alive)
        else:
            self._wait(cast("Awaitable[Envelope | Outgoing]", answer), keep_alive)

    def _write_kept(self, envelope: Envelope, keep_alive: bool, is_kept: bool) -> None:
        """Write an answer that waited for the store."""
        self._is_unkept = False
        if not self.transport.is_closing():
            self._write(envelope if is_kept else self.desk.lost(), keep_alive)

    def _head(self) -> Head:
        """Return what the head of the request means that was read last."""
        return self.desk.read_head(dict(self.headers), self.scheme or "http", "", self.url.decode())

    def _remember(self, head: Head, body: bytes) -> None:
        """Remember the head of a request that came in one piece, with nothing before it and nothing behind it."""
        whole = self._piece
        size = len(whole) - len(body)
        if (
            body
            and 0 < size <= LONGEST_HEAD_BYTES
            and whole.find(END_OF_HEAD) == size - len(END_OF_HEAD)
            and (b"content-length", b"%d" % len(body)) in self.headers
        ):
            self._known = Known(whole[:size], len(whole), head)

    def _wait(self, answer: Awaitable[Envelope | Outgoing], keep_alive: bool) -> None:
        """Write the answer when it is there; nothing else is read from the connection meanwhile."""
        self._is_busy = True
        self.flow.pause_reading()
        task = self.loop.create_task(self._write_later(answer, keep_alive))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _write_later(self, answer: Awaitable[Envelope | Outgoing], keep_alive: bool) -> None:
        made = await answer
        if not await is_kept(self.desk.when_kept):
            made = self.desk.lost()
        if isinstance(made, Outgoing):
            close = () if keep_alive else (("connection", "close"),)
            made = replace(made, headers=(*made.headers, *close))
            await play(made, self._send, self._breakable(), self.desk.pause)
        self._is_busy = False
        if self.transport.is_closing():
            return
        keep_alive = keep_alive and not self._is_last
        if isinstance(made, Envelope):
            self._write(made, keep_alive)
        else:
            self._is_written(keep_alive and made.end is End.WHOLE)
        self.flow.resume_reading()

    async def _send(self, message: Message) -> None:
        """Write what an ASGI message says."""
        if message["type"] == "http.response.start":
            lines = [b"%b: %b\r\n" % header for header in message["headers"]]
            self.transport.write(b"".join([STATUS_LINE[message["status"]], *lines, b"\r\n"]))
        elif message["body"]:
            self.transport.write(message["body"])

    def _write(self, envelope: Envelope, keep_alive: bool) -> None:
        """Write a whole answer at once, and go on waiting for requests or close."""
        self.transport.write(plain_answer(envelope, keep_alive=keep_alive))
        self._is_written(keep_alive)

    def _is_written(self, keep_alive: bool) -> None:
        self._is_reading = self._is_inside
        self.server_state.total_requests += 1
        if not keep_alive:
            self.transport.close()
            return
        self._idle_since = self.loop.time()
        if self._idle_watch is None:
            self._idle_watch = self.loop.call_later(self.timeout_keep_alive, self._look_idle)

    def _look_idle(self) -> None:
        """Close the connection if nothing came since the last answer; one timer serves all requests in between."""
        idle_s = self.loop.time() - self._idle_since
        self._idle_watch = None
        if idle_s < self.timeout_keep_alive:
            self._idle_watch = self.loop.call_later(self.timeout_keep_alive - idle_s, self._look_idle)
        elif not self._is_busy and not self._is_reading:
            self.timeout_keep_alive_handler()

    def _stop_watching(self) -> None:
        if self._idle_watch is not None:
            self._idle_watch.cancel()
            self._idle_watch = None

    def end_with(self, envelope: Envelope) -> None:
        """Answer the request being read and end the connection; not before the answer that is waited for."""
        self._known = None
        self._stop_watching()
        super().end_with(envelope)

    def _is_owing(self) -> bool:
        if self._is_unkept:
            self.desk.keep()
        if self._is_busy:
            self._is_last = True
            return True
        return super()._is_owing()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on."""
        self._stop_watching()
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        """Close: at once, or with the answer that is still owed."""
        if self._line is not None:
            self._line.end()
        if self._is_unkept:
            self.desk.keep()
        if self._is_busy:
            self._is_last = True
        else:
            super().shutdown()
