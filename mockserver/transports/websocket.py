"""WebSocket: one message is one exchange, answered in a frame for each task. Frames bytes, decides nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mockserver.faults.base import End, Frame, Frames
from mockserver.journal import RESULTS, Journal
from mockserver.plans import Hit, Spoilt
from mockserver.platform import Caller, Session
from mockserver.ports import UNSETTLED_MS, Entry, Shelf
from mockserver.runtime import Answering, Runtime
from mockserver.tally import Tally
from mockserver.transports.asgi import Message, Origin, Receive, Scope, Send, headers_of
from mockserver.transports.http import HttpDesk, Observe, is_kept
from mockserver.transports.spoilt import FragmentLine, line_of
from mockserver.wire import Answer

#: A connection without a message for so long is closed. Source: the documentation of connections (stated).
IDLE_MS = 120_000
#: Close code for an idle connection. Source: none (assumed).
IDLE_CODE = 1000
#: Close code where a connection breaks off in an orderly way, or cannot be reset. Source: RFC 6455, 7.4.1 (stated)
GOING_CODE = 1001
#: What the journal says of a task whose answer comes later, in an entry of its own.
AWAITED = "awaited"


class SocketTransport:
    """The WebSocket endpoint as a raw ASGI function.

    Args:
        runtime: answers the messages.
        desk: answers a message that made us fail.
        observe: is shown every message, or None.
        journal: keeps every message, or None.
        origin: says under which address a client reached us.
        tally: counts every message.
    """

    def __init__(
        self,
        runtime: Runtime,
        desk: HttpDesk,
        observe: Observe | None,
        journal: Journal | None,
        origin: Origin,
        tally: Tally,
    ) -> None:
        self._runtime = runtime
        self._desk = desk
        self._observe = observe
        self._journal = journal
        self._origin = origin
        self._tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        host = headers_of(scope).get(b"host", b"")
        origin = self._origin(scope.get("scheme", "ws"), host, scope.get("root_path", ""))
        caller = Caller(origin, "websocket")
        connection = _Connection(
            self._runtime, self._desk, self._observe, self._journal, self._tally, caller, receive, send
        )
        connection.line = line_of(scope)
        await connection.serve()


class _Connection:
    def __init__(
        self,
        runtime: Runtime,
        desk: HttpDesk,
        observe: Observe | None,
        journal: Journal | None,
        tally: Tally,
        caller: Caller,
        receive: Receive,
        send: Send,
    ) -> None:
        self._runtime = runtime
        self._desk = desk
        self._observe = observe
        self._journal = journal
        self._tally = tally
        self._caller = caller
        self._receive = receive
        self._send = send
        self._is_open = True
        self._heard_at_ms = runtime.desk.clock.now_ms()
        self._cancel_idle: Callable[[], None] = lambda: None
        self._held: set[asyncio.Task[object]] = set()
        #: The session and whose it is, from the authentication on.
        self._session = ("", "")
        self._undelivered: list[bytes] = []
        #: What breaks the connection off and sends fragments, where the server has it.
        self.line: FragmentLine | None = None
        #: Messages that let the next one go first.
        self._overtaken: list[Frame] = []

    async def serve(self) -> None:
        if (await self._receive())["type"] != "websocket.connect":
            return
        await self._send({"type": "websocket.accept"})
        self._watch()
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                self._heard_at_ms = self._runtime.desk.clock.now_ms()
                await self._guarded(self._take(message))
        finally:
            self._is_open = False
            self._cancel_idle()
            await self._guarded(self._end())

    async def _end(self) -> None:
        self._remember()

    def _watch(self) -> None:
        """Wake up when the connection would have been silent for too long, and look."""
        self._cancel_idle = self._runtime.desk.clock.call_at(self._heard_at_ms + IDLE_MS, self._look, is_limit=True)

    def _look(self) -> None:
        if self._runtime.desk.clock.now_ms() - self._heard_at_ms < IDLE_MS:
            self._watch()
            return
        reason = f"no message for {IDLE_MS // 1000} seconds"
        close = self._transmit({"type": "websocket.close", "code": IDLE_CODE, "reason": reason})
        self._background(close)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Do something; where it makes us fail the client is told, and the connection lives on."""
        try:
            await work
        except Exception:
            await self._deliver(self._desk.failure())

    async def _take(self, message: Message) -> None:
        text = message.get("text")
        body: bytes = text.encode("utf-8", "surrogatepass") if text is not None else message.get("bytes") or b""
        started = time.perf_counter()
        answers = self._exchange(body)
        if not await is_kept(self._runtime.desk.store.when_kept):
            answers = [self._desk.undone()]
        told: list[Answer] = []
        outcomes: list[str] = []
        frames: list[bytes] = []
        for answer in answers:
            if isinstance(answer, Answer):
                told.append(answer)
                outcomes.append(answer.outcome)
                frames += await self._deliver(answer)
            elif isinstance(answer, Spoilt) and isinstance(answer.answer, Answer):
                told.append(answer.answer)
                outcomes.append(answer.answer.outcome)
                frames += await self._deliver(answer.answer, answer.hits)
            else:
                outcomes.append(AWAITED)
                self._background(self._guarded(self._hand_over(answer)))
        elapsed_ms = (time.perf_counter() - started) * 1000
        self._tally.messages += 1
        self._tally.socket.take(elapsed_ms)
        self._note("socket", body, outcomes, frames, elapsed_ms)
        if self._observe is not None and told:
            self._observe("socket", 0, told, elapsed_ms)

    def _exchange(self, body: bytes) -> Sequence[Answering]:
        try:
            return self._runtime.exchange(body, self._caller)
        except Exception:
            return [self._desk.failure()]

    def _note(
        self, target: str, body: bytes, outcomes: Sequence[str], frames: Sequence[bytes], elapsed_ms: float
    ) -> None:
        if self._journal is not None:
            owner = self._caller.owner
            self._journal.note(owner, "websocket", target, 0, body, tuple(outcomes), tuple(frames), elapsed_ms)

    async def _deliver(self, answer: Answer, hits: Sequence[Hit] = ()) -> Sequence[bytes]:
        """Send an answer and return its frames as they should be."""
        if answer.is_authentication:
            return await self._begin_session(answer, hits)
        frames = self._runtime.desk.wire.frames(answer)
        if hits:
            await self._disturb(frames, hits)
            return frames
        for frame in frames:
            await self._deliver_frame(frame)
        return frames

    async def _deliver_frame(self, frame: bytes) -> None:
        if not await self._transmit_frame(frame):
            self._undelivered.append(frame)
        if self._overtaken:
            await self._catch_up()

    async def _disturb(self, payloads: Sequence[bytes], hits: Sequence[Hit]) -> None:
        """Send an answer as its faults have it; what needs time is sent in the background."""
        made = Frames(tuple(Frame(payload) for payload in payloads))
        for hit in hits:
            made = hit.fault.disturb(made)
        if any(frame.delay_ms for frame in made.frames):
            self._background(self._guarded(self._play(made)))
        else:
            await self._play(made)

    async def _play(self, made: Frames) -> None:
        if made.end is End.NEVER:
            return
        if made.end is End.UNSENT:
            # What the client did not get waits for it in its session, as after any lost connection.
            self._undelivered.extend(frame.payload for frame in made.frames)
            await self._break_off(made.is_orderly)
            return
        for frame in made.frames:
            if frame.delay_ms:
                await self._runtime.pause(frame.delay_ms)
            if made.end is End.CUT:
                await self._cut(frame, made.is_orderly)
                return
            if frame.is_overtaken:
                self._overtaken.append(frame)
            else:
                await self._send_strangely(frame)
        if made.end is End.SENT:
            await self._break_off(made.is_orderly)

    async def _send_strangely(self, frame: Frame) -> None:
        if frame.pieces > 1 and self.line is not None and self._is_open:
            self.line.send_fragments(frame.payload, frame.pieces, is_binary=frame.is_binary, is_whole=True)
        elif frame.is_binary:
            await self._transmit({"type": "websocket.send", "bytes": frame.payload})
        else:
            await self._deliver_frame(frame.payload)

    async def _catch_up(self) -> None:
        """Send what let another message go first."""
        overtaken, self._overtaken = self._overtaken, []
        for frame in overtaken:
            await self._send_strangely(replace(frame, is_overtaken=False))

    async def _cut(self, frame: Frame, is_orderly: bool) -> None:
        if self.line is not None and self._is_open:
            self.line.send_fragments(frame.payload, 2, is_binary=frame.is_binary, is_whole=False)
        await self._break_off(is_orderly)

    async def _break_off(self, is_orderly: bool) -> None:
        """End the connection: with a close frame, or as a dead network does where the server can."""
        if self.line is None or is_orderly:
            await self._transmit({"type": "websocket.close", "code": GOING_CODE})
        else:
            await self.line.break_off(False)

    async def _transmit_frame(self, frame: bytes) -> bool:
        return await self._transmit({"type": "websocket.send", "text": frame.decode()})

    async def _transmit(self, message: Message) -> bool:
        """Send a message and say whether the connection took it."""
        if not self._is_open:
            return False
        try:
            await self._send(message)
        except (OSError, RuntimeError):
            return False
        return True

    async def _hand_over(self, waiting: Answering) -> None:
        """Send an answer that is waited for when it is there."""
        started = time.perf_counter()
        answers = await self._runtime.settle([waiting])
        if not await is_kept(self._runtime.desk.store.when_kept):
            answers = [self._desk.undone()]
        for settled in answers:
            answer, hits = (settled.answer, settled.hits) if isinstance(settled, Spoilt) else (settled, ())
            elapsed_ms = (time.perf_counter() - started) * 1000
            self._note(RESULTS, b"[]", [answer.outcome], await self._deliver(answer, hits), elapsed_ms)
            if self._observe is not None:
                self._observe("socket", 0, [answer], elapsed_ms)
        if not self._is_open:
            self._remember()

    async def _begin_session(self, answer: Answer, hits: Sequence[Hit] = ()) -> Sequence[bytes]:
        """Begin or go on with a session: answer the authentication, then send what could not be delivered before."""
        session = (self._caller.session, self._caller.owner or "")
        if session != self._session:
            self._remember()
            self._session = session
        if self.line is not None and self._caller.owner is not None:
            self.line.let_in()
        frames = self._runtime.desk.wire.frames(answer)
        if hits:
            await self._disturb(frames, hits)
        else:
            for frame in frames:
                await self._transmit_frame(frame)
        for frame in self._open_session():
            await self._deliver_frame(frame)
        return frames

    def _open_session(self) -> tuple[bytes, ...]:
        """Take the frames that wait in the session, and keep it for as long as the connection is open."""
        name, owner = self._session

        def change(stored: Session | None) -> tuple[Entry, tuple[bytes, ...]]:
            return Entry(Session(owner), UNSETTLED_MS), stored.frames if stored else ()

        return self._runtime.desk.store.update(Shelf.SESSIONS, (name,), change)

    def _remember(self) -> None:
        """Keep the session, and what could not be delivered, for whoever takes it up again."""
        name, owner = self._session
        if not name:
            return
        frames, self._undelivered = self._undelivered, []
        keep = partial(_closed, owner, tuple(frames), self._runtime.desk.clock.now_ms())
        self._runtime.desk.store.update(Shelf.SESSIONS, (name,), keep)

    def _background(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(work)
        self._held.add(task)
        task.add_done_callback(self._held.discard)


def _closed(owner: str, frames: tuple[bytes, ...], now_ms: int, stored: Session | None) -> tuple[Entry, None]:
    waiting = (*stored.frames, *frames) if stored else frames
    return Entry(Session(owner, waiting), now_ms, sum(map(len, waiting))), None
