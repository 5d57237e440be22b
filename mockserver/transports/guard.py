"""What an HTTP connection may cost before its request is whole: bytes, headers, time. And one meaning per message.

uvicorn has no such limits: it takes heads and trailers without end, and waits for ever for the rest of them. This
stands on non-public parts of its protocol class, whose version is therefore pinned; tests/limits says when they
change. What is refused is answered in the API's words where an answer is possible, and the connection ends.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from mockserver.transports.bounds import MOST_HEADERS, PACE_BYTES_S
from mockserver.transports.http import HttpDesk
from mockserver.transports.meaning import ambiguity, handshake_flaw
from mockserver.wire import Envelope

#: How long a connection is still read, and what comes thrown away, after its last answer: whoever is still sending
#: would otherwise lose the answer to a reset.
LINGER_S = 1.0
#: How long a connection that is one too many may be silent.
SURPLUS_S = 1.0


class Refused(Exception):
    """Nothing more is read from the connection: stops the parser."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection, held to bounds. Whoever derives from it calls `begin_head` and `end_head` where those are."""

    desk: HttpDesk

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bounds = self.desk.bounds
        #: Whether the connection ends: nothing that comes is looked at any more.
        self._is_over = False
        #: Whether the connection is one too many.
        self._is_surplus = False
        #: Whether the parser is inside a request: its head or body is not at its end, whoever answers it and when.
        self._is_inside = False
        self._is_in_head = False
        #: Whether the request being read takes the short way, so that uvicorn has no part in it.
        self._is_short = False
        #: Whether nothing but blanks came since the connection was made, or since the last request.
        self._is_blank = True
        #: How many heads and bodies have begun, and which of them is timed.
        self._marks = self._timed = 0
        self._since_s = 0.0
        self._receipt: TimerHandle | None = None
        #: Bytes of the piece being read, and of the earlier pieces of its head.
        self._piece_bytes = self._head_bytes = 0
        #: Whether the head began behind something else, so that its bytes are not known before its end.
        self._is_mixed = False
        #: Bytes of the body being read; those beside its data since its last chunk began: extensions and trailers.
        self._body_bytes = self._beside_bytes = 0
        self._has_chunk = False

    # Connections

    def connection_made(self, transport: BaseTransport) -> None:
        """Take a connection; one that is silent is not kept."""
        super().connection_made(cast("Transport", transport))
        self._since_s = self.loop.time()
        self._is_surplus = len(self.connections) > self._bounds.connections
        self._wake_in(self._allowed_s())

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection."""
        self._stop_timing()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on."""
        self._stop_timing()
        super().handle_websocket_upgrade()

    # Reading

    def feed(self, data: bytes) -> None:
        """Let the parser have some bytes, unless the connection ends; refuse what is too much or no HTTP."""
        if self._is_over:
            return
        if self._is_surplus:
            self._refuse_surplus()
            return
        self._unset_keepalive_if_required()
        before = (self._marks, self._is_inside, self._body_bytes + self._beside_bytes)
        self._piece_bytes, self._has_chunk = len(data), False
        try:
            self.parser.feed_data(data)
            if self._is_inside:
                self._count(*before)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError as problem:
            self._stumble(problem)
        except Refused:
            return
        else:
            self._keep_time(is_blank=not self._is_inside and before[:2] == (self._marks, False))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one behind the body, a trailer, is nobody's."""
        if not self._is_in_head:
            self._beside_bytes += len(name) + len(value) + len(": \r\n")
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_chunk_header(self) -> None:
        """Begin a chunk of a body: what stood beside the data so far was not without end."""
        self._has_chunk = True
        self._beside_bytes = 0

    def begin_head(self) -> None:
        """Take note that a request begins."""
        self._is_inside = self._is_in_head = True
        self._is_short = self._is_mixed = False
        self._head_bytes = 0
        self._marks += 1

    def end_head(self) -> None:
        """Hold a whole head against the bounds, and against what makes a message mean one thing.

        Raises:
            Refused: it is not taken, and that was answered.
        """
        if len(self.headers) > MOST_HEADERS:
            self._refuse_count()
        if self._is_mixed or self._head_bytes + self._piece_bytes > self._bounds.head_bytes:
            self._check_size(self._size())
        method, headers = self.parser.get_method(), self.headers
        problem = ambiguity(self.parser.get_http_version(), method, headers)
        if not problem and self.parser.should_upgrade() and self._should_upgrade():
            problem = handshake_flaw(method, self.url, headers)
        if problem:
            self._stop("invalidHTTP", problem)
        self._is_in_head = False
        self._body_bytes = self._beside_bytes = 0
        self._marks += 1

    def _size(self) -> int:
        """Return how many bytes the head has that was read last, blanks at will aside."""
        first = len(self.parser.get_method()) + len(self.url) + len("  HTTP/1.1\r\n\r\n")
        return first + sum([len(name) + len(value) + len(": \r\n") for name, value in self.headers])

    def _count(self, marks: int, was_inside: bool, counted: int) -> None:
        """Count what came of a request that goes on."""
        if self._is_in_head:
            begun = self._marks - marks
            self._is_mixed = self._is_mixed or begun > 1 or (begun == 1 and was_inside)
            self._head_bytes += 0 if self._is_mixed and begun else self._piece_bytes
            if len(self.headers) > MOST_HEADERS:
                self._refuse_count()
            self._check_size(self._head_bytes)
            return
        if self._marks == marks and not self._has_chunk:
            self._beside_bytes += max(0, self._piece_bytes - (self._body_bytes + self._beside_bytes - counted))
        if self._beside_bytes > self._bounds.head_bytes:
            most = f"beside the data of a body there may be {self._bounds.head_bytes:,} bytes"
            self._stop("headersTooLarge", f"{most}; the setting max-head-bytes allows more.")

    # Time

    def _keep_time(self, is_blank: bool) -> None:
        """Watch a request that is not whole, or a connection on which nothing but blanks came."""
        if self._timed != self._marks or (is_blank and not self._is_blank):
            self._timed, self._since_s = self._marks, self.loop.time()
        self._is_blank = is_blank
        if (self._is_inside or is_blank) and self._receipt is None:
            self._wake_in(self._allowed_s())

    def _allowed_s(self) -> float:
        """Return how long what is being read may take."""
        if self._is_surplus:
            return SURPLUS_S
        if self._is_inside and not self._is_in_head:
            return self._bounds.body_s + self._body_bytes / PACE_BYTES_S
        return self._bounds.head_s

    def _wake_in(self, seconds: float) -> None:
        self._receipt = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """Look whether a request is late, or a connection silent; one timer serves all of a connection."""
        self._receipt = None
        if self._is_over or not (self._is_inside or self._is_blank):
            return
        now_s = self.loop.time()
        if self.flow.read_paused or (self._is_blank and not self._is_idle()):
            self._since_s = now_s  # what is not read cannot come, and who waits for an answer may be silent
        late_at_s = self._since_s + self._allowed_s()
        if now_s < late_at_s:
            self._wake_in(late_at_s - now_s)
        elif self._is_blank:
            self.transport.close()
        else:
            self._refuse_late()

    def _is_idle(self) -> bool:
        """Say whether uvicorn owes no answer. Its cycle is None before its first request."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _stop_timing(self) -> None:
        if self._receipt is not None:
            self._receipt.cancel()
            self._receipt = None

    # Refusals

    def refuse(self, name: str, reason: str) -> None:
        """Answer with an error of the catalogue, and end the connection."""
        self.end_with(self.desk.turn_away(name, reason))

    def end_with(self, envelope: Envelope) -> None:
        """Answer the request being read, if no other answer is owed before, and end the connection."""
        self._is_over = True
        self._stop_timing()
        if self._is_owing():
            return
        self.transport.write(plain_answer(envelope))
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._receipt = self.loop.call_later(LINGER_S, self.transport.abort)
        else:
            self.transport.close()

    def _is_owing(self) -> bool:
        """Say whether an earlier answer is owed, which then is the last, or this one has begun, which then ends."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None:
            return False
        if not self._is_inside or self._is_in_head or self._is_short:
            cycle.keep_alive = False
            return not cycle.response_complete
        if self.pipeline:
            self.pipeline.popleft()
            return True
        if cycle.response_started:
            self.transport.close()
            return True
        cycle.disconnected = True
        cycle.message_event.set()
        return False

    def _stop(self, name: str, reason: str) -> None:
        self.refuse(name, reason)
        raise Refused

    def _stumble(self, problem: httptools.HttpParserError) -> None:
        """Say what is wrong: no HTTP, or a mistake of ours in what the parser calls."""
        if self._is_over:
            return
        cause = problem.__context__
        if not isinstance(problem, httptools.HttpParserCallbackError):
            self.refuse("invalidHTTP", f"{str(problem)[:1].lower()}{str(problem)[1:]}.")
        elif isinstance(cause, httptools.HttpParserInvalidURLError | UnicodeError):
            self.refuse("invalidHTTP", "the target of the request is no address.")
        else:
            self.end_with(self.desk.fail())

    def _check_size(self, head_bytes: int) -> None:
        if head_bytes > self._bounds.head_bytes:
            most = f"the head of a request may have {self._bounds.head_bytes:,} bytes"
            self._stop("headersTooLarge", f"{most}; the setting max-head-bytes allows more.")

    def _refuse_count(self) -> None:
        self._stop("headersTooLarge", f"a request may have {MOST_HEADERS} headers.")

    def _refuse_surplus(self) -> None:
        most = self._bounds.connections
        are = "connection is open" if most == 1 else "connections are open"
        self.refuse("tooManyConnections", f"{most:,} {are}; the setting max-connections allows more.")

    def _refuse_late(self) -> None:
        if self._is_in_head:
            part, allowed, setting = "head", self._bounds.head_s, "head-seconds"
        else:
            part, allowed, setting = "body", self._bounds.body_s, "body-seconds"
        late = f"its {part} was not there after {allowed:g} {'second' if allowed == 1 else 'seconds'}"
        self.refuse("requestTimeout", f"{late}; the setting {setting} allows more.")


def plain_answer(envelope: Envelope, *, keep_alive: bool = False) -> bytes:
    """Return the bytes of a whole answer over HTTP."""
    status, body = envelope
    close = b"" if keep_alive else b"connection: close\r\n"
    return b"%bcontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n%b" % (
        STATUS_LINE[status],
        len(body),
        close,
        body,
    )
