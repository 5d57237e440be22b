"""What a WebSocket connection may cost: time without a good key, bytes that nobody reads, pieces of one message.

uvicorn answers pings of a client that never reads until memory ends, and keeps connections on which nobody ever shows
a key. This stands on non-public parts of its protocol class, whose version is therefore pinned; tests/limits says
when they change.
"""

from asyncio import BaseTransport, TimerHandle
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import OPEN

from mockserver.transports.http import HttpDesk

#: How many bytes may wait for a client that pings; one that reads its pongs leaves none.
MOST_UNREAD_BYTES = 1024 * 1024
#: How many pieces one message may come in.
MOST_PIECES = 65_536
#: Close codes. Source: RFC 6455, 7.4.1 (stated)
NO_TEXT_CODE, POLICY_CODE, TOO_BIG_CODE = 1007, 1008, 1009


class GuardedSockets(WebSocketsSansIOProtocol):
    """One connection, held to bounds."""

    desk: HttpDesk

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._login: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Take a connection; one on which nobody shows a good key is not kept."""
        super().connection_made(transport)
        self._login = self.loop.call_later(self.desk.bounds.login_s, self._turn_away)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection."""
        self.let_in()
        super().connection_lost(exc)

    def let_in(self) -> None:
        """Take note that somebody showed a good key."""
        if self._login is not None:
            self._login.cancel()
            self._login = None

    def handle_ping(self) -> None:
        """Answer a ping, unless the client reads no answers."""
        super().handle_ping()
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Take a further piece of a message."""
        if len(self.frames) < MOST_PIECES:
            super().handle_cont(event)
        elif not self.close_sent:
            self._end(TOO_BIG_CODE, f"a message may come in {MOST_PIECES:,} pieces")

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; a text that is none is told so, and ends the connection as it must (RFC 6455, 8.1)."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self._end(NO_TEXT_CODE, "a text message is UTF-8", self.desk.no_text(self.frames[0]))
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """End a connection on which no frames came, or no handshake."""
        if self.conn.close_sent is None:
            self.transport.close()
        else:
            super().handle_parser_exception()

    def keepalive_timeout(self) -> None:
        """End a connection that is dead; what it did not take goes with it."""
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _turn_away(self) -> None:
        self._login = None
        self._end(POLICY_CODE, "no good key in time", self.desk.too_late())

    def _end(self, code: int, reason: str, last_words: str = "") -> None:
        """Close the connection, with a last message; at once where it is not open, or no longer."""
        if self.conn.state is not OPEN:
            self.transport.abort()
            return
        if last_words:
            self.conn.send_text(last_words.encode())
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
