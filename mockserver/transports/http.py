"""HTTP: one POST is one exchange. Frames bytes, decides nothing."""

import asyncio
import secrets
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from sys import intern
from typing import NamedTuple, TypeGuard

from mockserver.faults.base import Outgoing
from mockserver.journal import Journal
from mockserver.plans import Spoilt
from mockserver.platform import Caller
from mockserver.ports import StoreAway
from mockserver.reading import Unreadable, read_tasks, too_large
from mockserver.runtime import Answering, Log, Runtime
from mockserver.tally import Tally
from mockserver.transports.asgi import (
    BodyTooLarge,
    Disconnected,
    Origin,
    Receive,
    Scope,
    Send,
    key_text,
    read_body,
    send_answer,
)
from mockserver.transports.bounds import Bounds
from mockserver.transports.spoilt import StrangeLine, line_of, outgoing, play
from mockserver.wire import Answer, Envelope

#: Is told how a request came, the HTTP status of the answer (0 over WebSocket), the answer to each task, and how many
#: milliseconds passed from the last byte in to the first byte out.
Observe = Callable[[str, int, Sequence[Answer], float], None]


class Head(NamedTuple):
    """What the head of a POST request says: all that there is to know of it but its body.

    Attributes:
        path: path as asked for.
        origin: scheme and authority under which the client reached the mock.
        owner: digest of the key in a header, or None without a good one.
        was_refused: whether a header shows a key that the mock does not accept.
        problem: why no body under this head is read, or None.
    """

    path: str
    origin: str
    owner: str | None
    was_refused: bool
    problem: Answer | None


class HttpDesk:
    """What HTTP adds to an exchange: the media type, the key in a header, the client's address for us, the log.

    Args:
        runtime: answers the requests.
        observe: is shown every request, or None.
        journal: keeps every request, or None.
        origin: says under which address a client reached us.
        log: is told of failures that are ours.
        tally: counts every request.
        bounds: how much a connection may take.
    """

    def __init__(
        self,
        runtime: Runtime,
        observe: Observe | None,
        journal: Journal | None,
        origin: Origin,
        log: Log,
        tally: Tally,
        bounds: Bounds,
    ) -> None:
        self.max_bytes = runtime.limits.max_bytes
        self.bounds = bounds
        self._runtime = runtime
        self._wire = runtime.desk.wire
        self._observe = observe
        self._journal = journal
        self._is_watched = observe is not None or journal is not None
        self._log = log
        self._statuses = tally.statuses
        self._times = tally.http
        self._origin = origin
        self.pause = runtime.pause
        self.when_kept = runtime.desk.store.when_kept
        self._store = runtime.desk.store

    def read_head(self, headers: Mapping[bytes, bytes], scheme: str, root: str, path: str) -> Head:
        """Say what the head of a POST request means. It means the same whenever it comes. Never raises.

        Args:
            headers: values by lower-case name; of a repeated one the last.
            scheme: "http" or "https".
            root: path below which the mock is mounted, or "".
            path: path as asked for.
        """
        try:
            owner, was_refused = self._find_owner(headers.get(b"authorization", b""))
            # Tasks keep it: one text for all of them.
            origin = intern(self._origin(scheme, headers.get(b"host", b""), root))
            return Head(path, origin, owner, was_refused, self._problem(headers))
        except Exception:
            return Head(path, "", None, False, self.failure())

    def answer(self, head: Head, body: bytes) -> Envelope | Awaitable[Envelope | Outgoing]:
        """Answer one POST request: at once, or later where results are waited for. Never raises.

        Args:
            head: what its head says.
            body: the bytes as they came.
        """
        started = time.perf_counter() if self._is_watched else 0.0
        try:
            if head.problem is not None:
                return self._envelope(head, body, None, [head.problem], started)
            caller = Caller(head.origin, "http", head.owner, "", head.was_refused)
            answers = self._runtime.exchange(body, caller)
            if all_told(answers):
                return self._envelope(head, body, caller.owner, answers, started)
            return self._later(head, body, caller.owner, answers, started)
        except Exception:
            return self._envelope(head, body, None, [self.failure()], started)

    def failure(self) -> Answer:
        """Answer what made us fail, just now, with a number under which the log has the details.

        A store that is away is named to the client too: it says all that there is to know, so the log has no traceback.
        """
        number, problem = secrets.token_hex(4), sys.exception()
        if isinstance(problem, StoreAway):
            self._log(f"internal failure {number}: {problem}")
            reason = f"What the mock remembers is out of its reach: {problem}. Its log has this under number {number}."
            return self._wire.unaddressed("internalServerError", reason=reason)
        self._log(f"internal failure {number}\n{traceback.format_exc()}")
        return self._failed(number)

    def _failed(self, number: str) -> Answer:
        reason = f"It is a mistake of the mock itself: its log has the details under number {number}."
        return self._wire.unaddressed("internalServerError", reason=reason)

    def fail(self) -> Envelope:
        """Answer a request that made us fail."""
        return self._wire.envelope([self.failure()])

    def keep(self) -> None:
        """Let those who wait for the store be answered now; never raises."""
        try:
            self._store.keep()
        except Exception:
            self.failure()

    def undone(self) -> Answer:
        """Answer a request whose changes the store undid, as when a disk is full, with a number that the log has."""
        number = secrets.token_hex(4)
        self._log(f"internal failure {number}: the store undid what a request changed; see what it said before")
        return self._failed(number)

    def lost(self) -> Envelope:
        """Answer a request whose changes the store undid."""
        return self._wire.envelope([self.undone()])

    def error(self, name: str, reason: str) -> Envelope:
        """Answer in the API's own words that a request as a whole failed."""
        return self._wire.envelope([self._wire.unaddressed(name, reason=reason)])

    def turn_away(self, name: str, reason: str) -> Envelope:
        """Answer, in the API's own words, a connection of which no request was read."""
        answer = self._wire.unaddressed(name, reason=reason)
        envelope = self._wire.envelope([answer])
        if self._observe is not None:
            self._observe("connection", envelope.status, [answer], 0.0)
        return envelope

    def too_late(self) -> str:
        """Tell a WebSocket connection that nobody showed a good key on it in time."""
        allowed = self.bounds.login_s
        seconds = "second" if allowed == 1 else "seconds"
        reason = f"nobody showed a good key within {allowed:g} {seconds}; the setting login-seconds allows more."
        return self._last_words(self._wire.unaddressed("requestTimeout", reason=reason))

    def no_text(self, body: bytes) -> str:
        """Tell a WebSocket connection where a text message of it is no UTF-8."""
        why = read_tasks(body, self._runtime.limits, self._runtime.desk.spec.names)
        if not isinstance(why, Unreadable):
            raise AssertionError("a message that is no UTF-8 was read")
        return self._last_words(self._wire.unreadable(why))

    def _last_words(self, answer: Answer) -> str:
        if self._observe is not None:
            self._observe("socket", 0, [answer], 0.0)
        return self._wire.frames(answer)[0].decode()

    def too_large(self, head: Head) -> Envelope:
        """Answer a request whose body is larger than allowed, without its body."""
        answers = [self._wire.unreadable(too_large(self.max_bytes))]
        return self._envelope(head, b"", None, answers, time.perf_counter())

    async def _later(
        self, head: Head, body: bytes, owner: str | None, answers: Sequence[Answering], started: float
    ) -> Envelope | Outgoing:
        try:
            settled = await self._runtime.settle(answers)
            told = [each.answer if isinstance(each, Spoilt) else each for each in settled]
            envelope = self._envelope(head, body, owner, told, started)
            spoilt = [each for each in settled if isinstance(each, Spoilt)]
            return outgoing(envelope, spoilt) if spoilt else envelope
        except Exception:
            return self._envelope(head, body, owner, [self.failure()], started)

    def _envelope(
        self, head: Head, body: bytes, owner: str | None, answers: Sequence[Answer], started: float
    ) -> Envelope:
        envelope = self._wire.envelope(answers)
        self._statuses[envelope.status] += 1
        if self._is_watched:
            elapsed_ms = (time.perf_counter() - started) * 1000
            self._times.take(elapsed_ms)
            if self._journal is not None:
                outcomes = answers[0].outcome if len(answers) == 1 else tuple([answer.outcome for answer in answers])
                self._journal.note(owner, "http", head.path, envelope.status, body, outcomes, envelope.body, elapsed_ms)
            if self._observe is not None:
                self._observe(f"POST {head.path}", envelope.status, answers, elapsed_ms)
        return envelope

    def _problem(self, headers: Mapping[bytes, bytes]) -> Answer | None:
        """Say why no body under these headers is read, if that is so."""
        media_type = headers.get(b"content-type", b"")
        if not is_json(media_type):
            return self._not_json(media_type)
        encoding = headers.get(b"content-encoding", b"")
        if encoding.strip().lower() not in (b"", b"identity"):
            return self._not_plain(encoding)
        return None

    def _find_owner(self, authorization: bytes) -> tuple[str | None, bool]:
        """Return whose key an Authorization header shows, and whether it shows one that is not accepted."""
        scheme, _, key = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not key.strip():
            return None, False
        owner = self._runtime.desk.keyring.owner(key_text(key.strip()))
        return owner, owner is None

    def _not_json(self, media_type: bytes) -> Answer:
        shown = media_type.decode("latin-1")[:60]
        reason = f"the header says {shown!r}." if media_type else "there is no Content-Type header."
        if b"charset" in media_type.lower():
            reason += " Bodies are read as UTF-8."
        return self._wire.unaddressed("unsupportedMediaType", reason=reason)

    def _not_plain(self, encoding: bytes) -> Answer:
        shown = encoding.decode("latin-1")[:60]
        reason = f"it is compressed (the header Content-Encoding says {shown!r}). Send it as it is."
        return self._wire.unaddressed("unsupportedMediaType", reason=reason)


class HttpTransport:
    """The POST endpoint as a raw ASGI function; it stands before any framework.

    Args:
        desk: answers the requests.
    """

    def __init__(self, desk: HttpDesk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST request."""
        headers = dict(scope["headers"])
        head = self._desk.read_head(headers, scope.get("scheme", "http"), scope.get("root_path", ""), scope["path"])
        try:
            body = await read_body(receive, headers.get(b"content-length", b""), self._desk.max_bytes)
        except Disconnected:
            return
        except BodyTooLarge:
            envelope = self._desk.too_large(head)
            await send_answer(send, envelope.status, envelope.body, headers=[(b"connection", b"close")])
            return
        answer = self._desk.answer(head, body)
        made = answer if isinstance(answer, Envelope) else await answer
        if not await is_kept(self._desk.when_kept):
            made = self._desk.lost()
        if isinstance(made, Envelope):
            await send_answer(send, made.status, made.body)
        else:
            await play(made, send, line_of(scope) or StrangeLine(receive), self._desk.pause)


async def is_kept(when_kept: Callable[[Callable[[bool], None]], bool]) -> bool:
    """Wait until what was changed is there for good, and say whether it is.

    Args:
        when_kept: as a store has it.
    """
    loop = asyncio.get_running_loop()
    kept: asyncio.Future[bool] = loop.create_future()
    return await kept if when_kept(partial(_tell, kept)) else True


def _tell(kept: "asyncio.Future[bool]", is_there: bool) -> None:
    if not kept.done():
        kept.set_result(is_there)


def all_told(answers: Sequence[Answering]) -> TypeGuard[Sequence[Answer]]:
    """Say whether nothing of an exchange has to be waited for."""
    return {*map(type, answers)} == {Answer}


def is_json(media_type: bytes) -> bool:
    """Say whether a Content-Type is JSON in UTF-8, with any other parameters.

    Bodies are read as UTF-8 alone, so another `charset` is refused.

    Source: RFC 8259, 8.1 (stated)
    """
    if media_type == b"application/json":
        return True
    kind, *parameters = media_type.lower().split(b";")
    return kind.strip() == b"application/json" and not any(_is_foreign_charset(each) for each in parameters)


def _is_foreign_charset(parameter: bytes) -> bool:
    name, _, value = parameter.partition(b"=")
    return name.strip() == b"charset" and value.strip().strip(b'"') not in (b"utf-8", b"utf8")
