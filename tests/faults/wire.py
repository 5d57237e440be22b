"""What raw clients see on the wire while a mock is talked to, in words.

A mock is served on a real socket in the loop of the test. Its time moves only when nothing else can happen: then it
jumps to the next timer. So every word about time is exact, and no test waits.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import httpx
import uvicorn
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock, make_mock
from mockserver.inprocess import MockRunware
from mockserver.ports import Delivery, Parcel
from mockserver.serve import server_config, take_port
from mockserver.transports.spoilt import MARK
from tests.support.loops import rest
from tests.support.mocks import still_config

KEY = "a-key"
HOST = "mock.test"
#: How far time may jump until something is counted as never happening, in milliseconds.
PATIENCE_MS = 90_000
#: How long the mock may be busy reading a file, in real seconds.
FILE_S = 0.5
#: How long a mock in another thread may need until it waits for time, in real seconds.
THINKING_S = 0.05
#: Headers that every answer, or every file, has.
USUAL = frozenset(
    {
        *("content-type", "content-length", "content-disposition", "etag", "accept-ranges", "cache-control"),
        *("last-modified", "access-control-allow-origin", "access-control-expose-headers"),
        "cross-origin-resource-policy",
    }
)


class Sent(NamedTuple):
    """A parcel that the mock sent.

    Attributes:
        parcel: what it was.
        at_ms: when.
    """

    parcel: Parcel
    at_ms: int


class Notebook:
    """A courier that takes note of when it was given what, and delivers everything at once."""

    def __init__(self, clock: ManualClock) -> None:
        self.sent: list[Sent] = []
        self._clock = clock

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Take note of a parcel."""
        self.sent.append(Sent(parcel, self._clock.now_ms()))
        done(Delivery(parcel, 200))

    async def close(self) -> None:
        """Nothing is under way."""


class Place:
    """A mock, its time, and what it sent.

    Args:
        mock: the mock.
        clock: its time.
        notebook: its courier.
        port: where it listens; 0 for nowhere.
        runware: what it lives in where it is in the process, or None.
    """

    def __init__(
        self, mock: Mock, clock: ManualClock, notebook: Notebook, port: int, runware: MockRunware | None = None
    ) -> None:
        self.mock = mock
        self.clock = clock
        self.notebook = notebook
        self.port = port
        self.runware = runware

    async def jump(self, until_ms: int) -> bool:
        """Let time jump to the next timer, and say whether there was one in time."""
        next_ms = self.clock.next_at_ms
        if next_ms is None or next_ms > until_ms:
            return False
        self.clock.advance_to(next_ms)
        await rest()
        return True


class _Server(uvicorn.Server):
    """A server that leaves signals alone, and says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served_here(**settings: str) -> AsyncIterator[Place]:
    """Serve a mock in the running loop, on a free port of 127.0.0.1."""
    clock = ManualClock()
    notebook = Notebook(clock)
    mock = make_mock(still_config(settings), clock, notebook)
    listener = take_port("127.0.0.1", 0)
    server = _Server(server_config(mock))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.is_ready.wait()
    try:
        yield Place(mock, clock, notebook, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await serving
        listener.close()


class Client(Protocol):
    """A raw client of one transport.

    Attributes:
        last: the last answer that could be read.
    """

    last: Any

    async def say(self, task: dict[str, Any]) -> str:
        """Send a task and return in words what came back."""

    async def get(self, url: str) -> str:
        """Download a file and return in words what came back."""

    async def close(self) -> None:
        """Let go of every connection."""


class Stream:
    """A connection of a raw client.

    Attributes:
        data: the bytes that came and were not taken.
        end: how the connection ended, or "".
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self.data = b""
        self.end = ""
        self._news = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._place.port)
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(1 << 20):
                self.data += data
                self._news.set()
            self.end = "closed"
        except ConnectionResetError:
            self.end = "reset"
        self._news.set()

    async def has_news(self, within_s: float) -> bool:
        """Wait for bytes, or for the end, and say whether they came."""
        self._news.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), within_s)
        return self._news.is_set()

    async def write(self, data: bytes) -> None:
        """Send bytes, and let the mock do what it can."""
        assert self._writer
        self._writer.write(data)
        await rest()

    async def close(self) -> None:
        """Leave."""
        assert self._writer
        assert self._reading
        self._writer.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await rest()


class HttpClient:
    """HTTP, byte by byte, over one connection for as long as that lives."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stream: Stream | None = None
        self.last: Any = None

    async def say(self, task: dict[str, Any]) -> str:
        """Post a task."""
        body = json.dumps([task]).encode()
        head = (
            f"POST /v1 HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return await self._ask(head.encode() + body)

    async def get(self, url: str) -> str:
        """Download a file."""
        request = f"GET {url.partition(HOST)[2]} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
        return await self._ask(request.encode(), FILE_S)

    async def close(self) -> None:
        """Leave."""
        if self._stream is not None:
            await self._stream.close()

    async def _ask(self, request: bytes, busy_s: float = 0) -> str:
        """Send a request and return in words what came back.

        Args:
            request: the bytes.
            busy_s: how long the mock may be busy without a word, in real seconds.
        """
        stream = await self._connected()
        begun_ms = self._place.clock.now_ms()
        await stream.write(request)
        first_ms, idle_s = -1, 0.0
        while True:
            if stream.data and first_ms < 0:
                first_ms = self._place.clock.now_ms()
            if _is_whole(stream.data) or stream.end:
                break
            if await self._place.jump(begun_ms + PATIENCE_MS):
                continue
            if idle_s >= busy_s:
                break
            idle_s += 0 if await stream.has_news(THINKING_S) else THINKING_S
        now_ms = self._place.clock.now_ms()
        await rest()
        came, stream.data = stream.data, b""
        self.last = parsed(_split(came)[2]) if came else None
        words = [f"after {seconds(first_ms - begun_ms)}"] if first_ms > begun_ms else []
        words += http_words(came) if came else ["no answer"]
        if first_ms >= 0 and now_ms > first_ms:
            words.append(f"sent within {seconds(now_ms - first_ms)}")
        if stream.end:
            words.append(f"connection {stream.end}")
        elif not came:
            stream.end = "given up"
        return ", ".join(words)

    async def _connected(self) -> Stream:
        if self._stream is not None and self._stream.end:
            await self._stream.close()
            self._stream = None
        if self._stream is None:
            self._stream = Stream(self._place)
            await self._stream.open()
        return self._stream


def _split(data: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


def _is_whole(data: bytes) -> bool:
    if b"\r\n\r\n" not in data:
        return False
    _, headers, body = _split(data)
    return len(body) >= int(headers["content-length"])


def http_words(data: bytes) -> list[str]:
    """Return an HTTP answer in words."""
    status, headers, body = _split(data)
    return answer_words(status, headers, body)


def answer_words(status: int, headers: dict[str, str], body: bytes) -> list[str]:
    """Return an HTTP answer in words: what is not as usual, and the gist of its body."""
    media_type = headers.get("content-type", "none")
    words = [str(status)]
    if media_type != "application/json":
        words.append(media_type)
    shown = {name: value for name, value in headers.items() if name not in USUAL}
    words += [f"marked {value}" if name == MARK.lower() else f"{name}: {value}" for name, value in shown.items()]
    words.append(body_words(body, int(headers.get("content-length", len(body))), media_type))
    return words


def body_words(body: bytes, length: int, media_type: str = "application/json") -> str:
    """Return the gist of a body in words."""
    if not length:
        return "empty"
    if media_type.startswith("video/"):
        kind = "a video" if body[4:8] == b"ftyp" else "no video"
        return kind if len(body) == length else f"{kind}, {round(100 * len(body) / length)} % of it"
    part = "" if len(body) == length else f"{len(body)} of {length} bytes of "
    if body.startswith(b"<"):
        return f"{part}HTML"
    answer = parsed(body)
    if answer is None:
        return f"{part or f'{len(body)} bytes of '}broken JSON" if body.startswith(b"{") else f"{part}no JSON"
    return gist(answer)


def seconds(ms: int) -> str:
    """Return milliseconds in words."""
    return f"{ms / 1000:g} s"


def parsed(body: bytes) -> Any:
    """Return a body as JSON, or None where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def gist(answer: dict[str, Any]) -> str:
    """Return the items and errors of an answer in words."""
    words = [_item(item) for item in answer.get("data", ())] + [error["code"] for error in answer.get("errors", ())]
    runs = [(word, len(list(run))) for word, run in groupby(words)]
    return ", ".join(word if number == 1 else f"{number} × {word}" for word, number in runs) or "nothing"


def _item(item: dict[str, Any]) -> str:
    known = {"taskType", "taskUUID", "status", "videoUUID", "seed", "videoURL", "connectionSessionUUID", "pong"}
    word = item.get("status", "a result" if "videoUUID" in item else "acknowledged")
    if item["taskType"] in ("authentication", "ping"):
        word = item["taskType"]
    strange = sorted(item.keys() - known)
    return f"{word} with {' and '.join(strange)}" if strange else word


class SocketClient:
    """WebSocket, frame by frame, over one connection for as long as that lives; then in the same session."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stream: Stream | None = None
        self._protocol = ClientProtocol(parse_uri(f"ws://{HOST}/v1"))
        self._session = ""
        self._http = HttpClient(place)
        self.last: Any = None

    async def say(self, task: dict[str, Any]) -> str:
        """Send a task in a message."""
        stream, first = await self._connected()
        begun_ms = self._place.clock.now_ms()
        self.last = {}
        self._protocol.send_text(json.dumps([task]).encode())
        await self._flush(stream)
        words = first + self._take(stream)
        while not stream.end and not words and await self._place.jump(begun_ms + PATIENCE_MS):
            words = self._take(stream)
        late_ms = self._place.clock.now_ms() - begun_ms
        if not words and not stream.end:
            words, late_ms = ["no answer"], 0
        shown = [f"after {seconds(late_ms)}"] if late_ms and words else []
        return ", ".join([*shown, *words, *([f"connection {stream.end}"] if stream.end else [])])

    async def get(self, url: str) -> str:
        """Download a file."""
        return await self._http.get(url)

    async def close(self) -> None:
        """Leave."""
        await self._http.close()
        if self._stream is not None:
            await self._stream.close()

    async def _connected(self) -> tuple[Stream, list[str]]:
        await rest()
        if self._stream is not None:
            self._take(self._stream)
        if self._stream is not None and not self._stream.end:
            return self._stream, []
        if self._stream is not None:
            await self._stream.close()
        self._stream = stream = Stream(self._place)
        self._protocol = ClientProtocol(parse_uri(f"ws://{HOST}/v1"))
        await stream.open()
        self._protocol.send_request(self._protocol.connect())
        await self._flush(stream)
        self._protocol.receive_data(stream.data)
        stream.data = b""
        self._protocol.events_received()
        resumed = {"connectionSessionUUID": self._session} if self._session else {}
        task = {"taskType": "authentication", "apiKey": KEY, **resumed}
        self._protocol.send_text(json.dumps([task]).encode())
        await self._flush(stream)
        self._protocol.receive_data(stream.data)
        stream.data = b""
        first, *others = [event for event in self._protocol.events_received() if isinstance(event, Frame)]
        self._session = json.loads(bytes(first.data))["data"][0]["connectionSessionUUID"]
        return stream, [f"{_frame(frame)} from the session" for frame in others]

    def _remember(self, answer: Any) -> None:
        """Put the messages of an answer together."""
        for name, items in (answer or {}).items():
            self.last.setdefault(name, []).extend(items)

    async def _flush(self, stream: Stream) -> None:
        for data in self._protocol.data_to_send():
            await stream.write(data)

    def _take(self, stream: Stream) -> list[str]:
        """Return the messages that came, in words."""
        self._protocol.receive_data(stream.data)
        stream.data = b""
        words: list[str] = []
        pieces: list[Frame] = []
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)
            if event.opcode is Opcode.CLOSE:
                stream.end = stream.end or f"closed with code {struct.unpack('!H', bytes(event.data[:2]))[0]}"
                continue
            pieces.append(event)
            if event.fin:
                whole = Frame(pieces[0].opcode, b"".join(bytes(piece.data) for piece in pieces))
                fragments = f" in {len(pieces)} fragments" if len(pieces) > 1 else ""
                words.append(_frame(whole) + fragments)
                self._remember(parsed(bytes(whole.data)))
                pieces = []
        if pieces:
            words.append("part of a message")
        return words


def _frame(frame: Frame) -> str:
    data = bytes(frame.data)
    return body_words(data, len(data)) + (" in a binary message" if frame.opcode is Opcode.BINARY else "")


class InProcessClient:
    """An httpx client in the same program, in a thread of its own; time jumps while it waits."""

    def __init__(self, runware: MockRunware, place: Place) -> None:
        self._runware = runware
        self._place = place
        headers = {"Authorization": f"Bearer {KEY}"}
        self._client = httpx.Client(base_url=f"http://{HOST}", headers=headers, timeout=IN_PROCESS_S)
        self.last: Any = None

    async def say(self, task: dict[str, Any]) -> str:
        """Post a task."""
        return await self._ask(lambda: self._client.post("/v1", json=[task]))

    async def get(self, url: str) -> str:
        """Download a file."""
        return await self._ask(lambda: self._client.get(url))

    async def close(self) -> None:
        """Close the client."""
        self._client.close()

    async def _ask(self, ask: Callable[[], httpx.Response]) -> str:
        clock = self._place.clock
        begun_ms = clock.now_ms()
        with self._runware:
            waiting = asyncio.ensure_future(asyncio.to_thread(self._heard, ask))
            while not (await asyncio.wait([waiting], timeout=THINKING_S))[0]:
                await self._place.jump(begun_ms + PATIENCE_MS)
            words = await waiting
        late_ms = clock.now_ms() - begun_ms
        return ", ".join([*([f"after {seconds(late_ms)}"] if late_ms else []), *words])

    def _heard(self, ask: Callable[[], httpx.Response]) -> list[str]:
        try:
            answer = ask()
        except httpx.TransportError as problem:
            return [type(problem).__name__]
        self.last = parsed(answer.content)
        return answer_words(answer.status_code, dict(answer.headers), answer.content)


#: How long a client in the process waits for an answer that does not come, in real seconds.
IN_PROCESS_S = 1.5


@asynccontextmanager
async def in_process(**settings: str) -> AsyncIterator[Place]:
    """Make a mock inside the program."""
    clock = ManualClock()
    runware = MockRunware(still_config(settings), clock, hosts=(HOST,))
    notebook = Notebook(clock)
    runware.mock.runtime.dispatch.courier = notebook
    yield Place(runware.mock, clock, notebook, 0, runware)


@asynccontextmanager
async def client_of(transport: str, **settings: str) -> AsyncIterator[tuple[Place, Client]]:
    """Make a mock and connect a raw client to it.

    Args:
        transport: a key of `CLIENTS`.
        settings: settings of the mock.
    """
    make = in_process if transport == "in process" else served_here
    async with make(**settings) as place:
        client = CLIENTS[transport](place)
        try:
            yield place, client
        finally:
            await client.close()


def _in_process(place: Place) -> Client:
    assert place.runware
    return InProcessClient(place.runware, place)


CLIENTS: dict[str, Callable[[Place], Client]] = {
    "HTTP": HttpClient,
    "WebSocket": SocketClient,
    "in process": _in_process,
}

__all__: Sequence[str] = ("CLIENTS", "Client", "Place", "client_of")
