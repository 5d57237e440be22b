"""Between the server and the mock: writes down what comes and goes, byte for byte, sorted by API key."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from contracts.recording import Exchange
from mockserver.transports.asgi import App, Message, Receive, Scope, Send
from mockserver.transports.spoilt import MARK

_MARK = MARK.lower().encode()


@dataclass
class _Open:
    """An exchange that is not over."""

    number: int
    transport: str
    connection: int
    at_ms: int
    target: str
    headers: list[tuple[str, str]]
    body: bytearray = field(default_factory=bytearray)
    ended_at_ms: int | None = None
    status: int | None = None
    answers: list[bytes] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    retry_after_s: float | None = None

    def closed(self, number: int, begun_ms: int) -> Exchange:
        """Return it as it is now, with times from the beginning of an example."""
        ended = None if self.ended_at_ms is None else self.ended_at_ms - begun_ms
        return Exchange(
            number,
            self.transport,
            self.connection,
            self.at_ms - begun_ms,
            ended,
            self.target,
            tuple(self.headers),
            bytes(self.body),
            self.status,
            tuple(self.answers),
            tuple(self.faults),
            self.retry_after_s,
        )


class Recorder:
    """An ASGI application that passes everything on to another one and writes it down.

    Args:
        app: the application.
        now_ms: the time.

    Attributes:
        unanswered: how many HTTP requests wait for their answers.
    """

    def __init__(self, app: App, now_ms: Callable[[], int]) -> None:
        self._app = app
        self._now_ms = now_ms
        self._number = 0
        self._connections = 0
        #: What was written down, by key; under "" what showed no key that is listened to.
        self._tapes: dict[str, list[_Open]] = {"": []}
        #: Keys of examples that are over: what still comes under them belongs to nobody.
        self._over: set[str] = set()
        #: HTTP requests that wait for their answers.
        self.unanswered = 0

    def listen(self, api_key: str) -> None:
        """Begin to write down what comes under a key."""
        self._tapes[api_key] = []

    def take(self, api_key: str, begun_ms: int) -> list[Exchange]:
        """Return what came under a key, in order, and what came without one, and write nothing down any more."""
        self._over.add(api_key)
        found = [*self._tapes.pop(api_key), *self._tapes[""]]
        self._tapes[""] = []
        found.sort(key=lambda each: each.number)
        return [each.closed(number, begun_ms) for number, each in enumerate(found, 1)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _open(self, scope: Scope, transport: str, connection: int) -> _Open:
        self._number += 1
        query = scope.get("query_string", b"")
        target = scope["path"] + (f"?{query.decode('latin-1')}" if query else "")
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        return _Open(self._number, transport, connection, self._now_ms(), target, headers)

    def _file(self, exchange: _Open, key: str) -> None:
        if key not in self._over:
            self._tapes[key if key in self._tapes else ""].append(exchange)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._open(scope, "http", 0)
        is_filed = False

        async def hear() -> Message:
            nonlocal is_filed
            message = await receive()
            exchange.body += message.get("body", b"")
            if not is_filed and not message.get("more_body", False):
                is_filed = True
                self._file(exchange, _key_of(exchange.headers) or _key_in(bytes(exchange.body)))
            return message

        answer = bytearray()
        exchange.answers = []

        async def say(message: Message) -> None:
            _note_answer(exchange, answer, message, self._now_ms())
            await send(message)

        self.unanswered += 1
        try:
            await self._app(scope, hear, say)
        finally:
            self.unanswered -= 1

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._connections += 1
        connection, last, key = self._connections, [self._open(scope, "websocket", self._connections)], [""]

        async def hear() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                exchange = self._open(scope, "websocket", connection)
                text = message.get("text")
                exchange.body += text.encode() if text is not None else message.get("bytes") or b""
                exchange.status = 0
                key[0] = _key_in(bytes(exchange.body)) or key[0]
                self._file(exchange, key[0])
                last[0] = exchange
            return message

        async def say(message: Message) -> None:
            if message["type"] == "websocket.send":
                text = message.get("text")
                last[0].answers.append(text.encode() if text is not None else message.get("bytes") or b"")
                last[0].ended_at_ms = self._now_ms()
            await send(message)

        await self._app(scope, hear, say)


def _note_answer(exchange: _Open, answer: bytearray, message: MutableMapping[str, Any], now_ms: int) -> None:
    if message["type"] == "http.response.start":
        exchange.status = message["status"]
        for name, value in message.get("headers", ()):
            if name.lower() == _MARK:
                exchange.faults.extend(each.strip() for each in value.decode().split(","))
            elif name.lower() == b"retry-after" and value.isdigit():
                exchange.retry_after_s = float(value)
    elif message["type"] == "http.response.body":
        answer += message.get("body", b"")
        exchange.answers = [bytes(answer)]
        if not message.get("more_body", False):
            exchange.ended_at_ms = now_ms


def _key_of(headers: list[tuple[str, str]]) -> str:
    value = next((value for name, value in headers if name == "authorization"), "")
    return value.partition(" ")[2].strip() or value.strip()


def _key_in(body: bytes) -> str:
    """Return the key that an authentication in a body shows, or ""."""
    if b"apiKey" not in body:
        return ""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    tasks = document if isinstance(document, list) else [document]
    keys = [task.get("apiKey") for task in tasks if isinstance(task, dict)]
    return next((key for key in keys if isinstance(key, str)), "")
