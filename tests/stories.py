"""Conversations with the mock as data, and what plays them through every transport.

A file in `tests/cases` has:

    about       what its conversations are about
    let         values by name that appear more than once; anywhere else in the file "=name" stands for the value
    stories     the conversations

A conversation has:

    title       what it shows, as a claim
    settings    settings of the mock that differ from `tests.support.mocks.SETTINGS`, in the words of the command line
    receivers   status that a receiver of uploads or webhooks answers, by address, where it is not 200
    transports  those that it is played through, where that is not all of them; `because` says why
    steps       what happens, in order

A step has:

    wait_ms     virtual time that passes first
    key         API key of the client, "key-1" unless given; null for a client that shows none by itself
    over        the transport of this step, where it is not the one that the whole conversation is played through
    headers     HTTP headers that differ from the usual ones; null leaves one out
    send        a list of tasks; or {"text": ...} or {"hex": ...} for a body as it is
    hold_ms     virtual time that passes before the answer comes
    status      HTTP status of the answer
    answer      body of the HTTP answer
    frames      WebSocket frames of the answer; without it there is one, with the body less its empty data list
    parcels     uploads and webhooks that were sent since the step before; none unless given

Answers are compared word for word. In their strings a name in angle brackets stands for what is drawn: the first
time it takes whatever is there, if it is of its kind; from then on it stands for that, in requests as well. Two names
never stand for the same. The kinds are the words of `KINDS`, numbered where there are several: <video-1>, <seed-2>.
"""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import httpx
import orjson

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock, server_app
from mockserver.inprocess import MockRunware
from mockserver.media.clips import FOLDER
from mockserver.ports import Parcel
from tests.support.express import Answered, ExpressConnection, ExpressServer, request
from tests.support.loops import rest
from tests.support.mocks import still_config
from tests.support.sockets import SocketClient

CASES = Path(__file__).parent / "cases"
HOST = "mock.test"

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

#: What a placeholder of each kind may stand for.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "video": _UUID,
        "media": _UUID,
        "session": _UUID,
        "organisation": _UUID,
        "seed": r"[1-9][0-9]{0,9}",
    }
)

_NAME = re.compile(rf"<((?:{'|'.join(KINDS)})(?:-\d+)?)>")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request and its answer. See the module."""

    send: Any
    status: int
    answer: Any
    wait_ms: int = 0
    key: str | None = "key-1"
    over: str | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    hold_ms: int = 0
    frames: Sequence[Any] | None = None
    parcels: Sequence[Mapping[str, Any]] = ()

    def expected_frames(self) -> Sequence[Any]:
        """Return the frames of the answer."""
        if self.frames is not None:
            return self.frames
        if isinstance(self.send, list):
            assert len(self.send) == 1, "a step with several tasks says what its frames are"
        return [{name: items for name, items in self.answer.items() if items or len(self.answer) == 1}]


@dataclass(frozen=True, kw_only=True)
class Story:
    """One conversation. See the module."""

    title: str
    steps: Sequence[Step]
    file: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    receivers: Mapping[str, int] = field(default_factory=dict)
    transports: Sequence[str] = ()
    because: str = ""


def read_stories() -> Iterator[Story]:
    """Yield every conversation in `tests/cases`."""
    for path in sorted(CASES.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document.keys() <= {"about", "let", "stories"}
        for entry in spelt_out(document["stories"], document.get("let", {})):
            steps = [Step(**step) for step in entry["steps"]]
            story = Story(**{**entry, "steps": steps, "file": path.stem})
            assert bool(story.transports) == bool(story.because), f"{path.name}: say why transports are left out"
            yield story


def spelt_out(value: Any, named: Mapping[str, Any]) -> Any:
    """Return a value with "=name" replaced by the value of that name."""
    if isinstance(value, dict):
        return {name: spelt_out(member, named) for name, member in value.items()}
    if isinstance(value, list):
        return [spelt_out(member, named) for member in value]
    if isinstance(value, str) and value.startswith("="):
        return spelt_out(named[value[1:]], named)
    return value


class Names:
    """What the placeholders of one conversation stand for so far."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def fill(self, value: Any) -> Any:
        """Return a value with every known placeholder replaced by what it stands for."""
        if isinstance(value, dict):
            return {name: self.fill(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.fill(member) for member in value]
        if not isinstance(value, str):
            return value
        text = _NAME.sub(lambda match: self._values.get(match[1], match[0]), value)
        return int(text) if value.startswith("<seed-") and text.isdigit() else text

    def learn(self, expected: Any, actual: Any) -> None:
        """Let new placeholders stand for what is in their place, as far as the two values have the same form."""
        if isinstance(expected, dict) and isinstance(actual, dict):
            for name in expected.keys() & actual.keys():
                self.learn(expected[name], actual[name])
        elif isinstance(expected, list) and isinstance(actual, list):
            for one, other in zip(expected, actual, strict=False):
                self.learn(one, other)
        elif isinstance(expected, str) and _NAME.search(expected):
            self._learn_text(expected, str(actual))

    def _learn_text(self, expected: str, actual: str) -> None:
        names: list[str] = []
        pattern = ""
        for position, part in enumerate(_NAME.split(str(self.fill(expected)))):
            if position % 2:
                names.append(part)
                pattern += f"({KINDS[part.partition('-')[0]]})"
            else:
                pattern += re.escape(part)
        match = re.fullmatch(pattern, actual)
        for name, value in zip(names, match.groups() if match else (), strict=False):
            if value not in self._values.values():
                self._values[name] = value


#: Lets the time pass that an answer is held.
Wait = Callable[[], Awaitable[None]]


class Line(Protocol):
    """One transport, for all clients of a conversation."""

    async def ask(self, step: Step, body: bytes, wait: Wait) -> "Heard":
        """Send a body as the client of a step and return what came back.

        Args:
            step: says who sends it, and with which headers.
            body: what is sent.
            wait: lets the time pass that the answer takes, where the step holds one.
        """

    async def keep_alive(self) -> None:
        """Do what a client does while it waits."""

    async def close(self) -> None:
        """Let go of every connection."""


@dataclass(frozen=True)
class Heard:
    """What came back.

    Attributes:
        status: the HTTP status, or None where there is none.
        texts: the body; or the frames.
    """

    status: int | None
    texts: Sequence[str]


def headers_for(step: Step) -> dict[str, str]:
    """Return the HTTP headers of a step."""
    usual: dict[str, str | None] = {
        "content-type": "application/json",
        "authorization": None if step.key is None else f"Bearer {step.key}",
    }
    return {name: value for name, value in {**usual, **step.headers}.items() if value is not None}


async def held(answer: "asyncio.Future[Any]", wait: Wait) -> None:
    """Make sure that an answer is not there before its time."""
    await rest()
    assert not answer.done(), "the answer came before its time"
    await wait()


class AsgiLine:
    """HTTP as an ASGI server hands it over."""

    def __init__(self, mock: Mock) -> None:
        transport = httpx.ASGITransport(app=server_app(mock))
        self._client = httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}")

    async def ask(self, step: Step, body: bytes, wait: Wait) -> Heard:
        """Post a body."""
        answer = asyncio.ensure_future(self._client.post("/v1", content=body, headers=headers_for(step)))
        if step.hold_ms:
            await held(answer, wait)
        return heard(await answer)

    async def keep_alive(self) -> None:
        """HTTP clients need not."""

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


class ExpressLine:
    """HTTP as uvicorn's protocol class reads it, one connection for each client."""

    def __init__(self, mock: Mock) -> None:
        self._server = ExpressServer(mock)
        self._connections: dict[str | None, ExpressConnection] = {}

    async def ask(self, step: Step, body: bytes, wait: Wait) -> Heard:
        """Let a request arrive."""
        connection = self._connections.get(step.key)
        if connection is None or connection.line.is_closing():
            connection = self._connections[step.key] = self._server.connect()
        headers = {"content-type": "", "authorization": "", **headers_for(step)}
        connection.feed(request(body, **headers))
        answer = asyncio.ensure_future(connection.answer())
        if step.hold_ms:
            await held(answer, wait)
        return heard(await answer)

    async def keep_alive(self) -> None:
        """HTTP clients need not."""

    async def close(self) -> None:
        """Drop every connection."""
        for connection in self._connections.values():
            connection.drop()
        await rest()


def heard(answer: Answered | httpx.Response) -> Heard:
    """Return an HTTP answer as it is compared; what all of them have in common is looked at here."""
    if isinstance(answer, httpx.Response):
        answer = Answered(answer.status_code, dict(answer.headers), answer.content)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))
    return Heard(answer.status, [answer.body.decode()])


class SocketLine:
    """WebSocket, one connection for each key, which is shown first.

    A client that shows no key by itself opens a new connection for each step.
    """

    def __init__(self, mock: Mock) -> None:
        self._app = server_app(mock)
        self._clients: dict[str, SocketClient] = {}

    async def ask(self, step: Step, body: bytes, wait: Wait) -> Heard:
        """Send a message."""
        message: str | bytes = body
        try:
            message = body.decode()
        except UnicodeDecodeError:
            assert "hex" in step.send
        if step.key is None:
            async with SocketClient(self._app, host=HOST) as client:
                return Heard(None, await client.say(message))
        client = self._clients.get(step.key) or await self._open(step.key)
        frames = await client.say(message)
        if step.hold_ms:
            assert len(frames) < len(step.expected_frames()), "the answer came before its time"
            await wait()
        if len(frames) < len(step.expected_frames()):
            await rest()
            frames += client.take()
        return Heard(None, frames)

    async def _open(self, key: str) -> SocketClient:
        client = self._clients[key] = SocketClient(self._app, host=HOST)
        await client.__aenter__()
        (frame,) = await client.say(json.dumps([{"taskType": "authentication", "apiKey": key}]))
        (item,) = json.loads(frame)["data"]
        assert list(item) == ["taskType", "connectionSessionUUID"]
        return client

    async def keep_alive(self) -> None:
        """Send a ping on every connection; its answer is alone in a frame."""
        for client in self._clients.values():
            frames = await client.say('[{"taskType":"ping","ping":true}]')
            frames.remove('{"data":[{"taskType":"ping","pong":true}]}')
            client.frames = frames

    async def close(self) -> None:
        """Leave every connection."""
        for client in self._clients.values():
            await client.leave()
        await rest()


class InProcessLine:
    """An httpx client in the same program."""

    def __init__(self, runware: MockRunware) -> None:
        self._runware = runware
        self._client = httpx.Client(base_url=f"http://{HOST}")

    async def ask(self, step: Step, body: bytes, wait: Wait) -> Heard:
        """Post a body; from a thread of its own where the answer is held, as time must be moved meanwhile."""

        def post() -> httpx.Response:
            return self._client.post("/v1", content=body, headers=headers_for(step))

        with self._runware:
            if not step.hold_ms:
                return heard(post())
            clock = self._runware.mock.clock
            assert isinstance(clock, StageClock)
            clock.is_waited_for.clear()
            answer = asyncio.ensure_future(asyncio.to_thread(post))
            assert await asyncio.to_thread(clock.is_waited_for.wait, PATIENCE_S)
            await held(answer, wait)
            return heard(await answer)

    async def keep_alive(self) -> None:
        """HTTP clients need not."""

    async def close(self) -> None:
        """Close the client."""
        self._client.close()


LINES: Mapping[str, Callable[[MockRunware], Line]] = MappingProxyType(
    {
        "http": lambda runware: AsgiLine(runware.mock),
        "express": lambda runware: ExpressLine(runware.mock),
        "socket": lambda runware: SocketLine(runware.mock),
        "in-process": InProcessLine,
    }
)

#: How long a thread may take to come to where it waits, in seconds.
PATIENCE_S = 10


class StageClock(ManualClock):
    """A manual clock that tells other threads when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waited_for = threading.Event()

    def call_at(self, at_ms: int, wake: Callable[[], None], *, is_limit: bool = False) -> Callable[[], None]:
        """Call somebody when the clock is advanced past a time."""
        cancel = super().call_at(at_ms, wake, is_limit=is_limit)
        self.is_waited_for.set()
        return cancel


#: How often a waiting client is given the chance to keep its connection alive.
KEEP_ALIVE_MS = 60_000


class Stage:
    """One mock with every transport around it, each made when it is first used.

    Args:
        settings: settings of the mock, in the words of the command line.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.clock = StageClock()
        self.runware = MockRunware(still_config(settings), self.clock, hosts=(HOST,))
        self._lines: dict[str, Line] = {}

    def line(self, transport: str) -> Line:
        """Return a transport."""
        if transport not in self._lines:
            self._lines[transport] = LINES[transport](self.runware)
        return self._lines[transport]

    async def wait(self, for_ms: int) -> None:
        """Let virtual time pass."""
        while for_ms > 0:
            passing_ms = min(for_ms, KEEP_ALIVE_MS)
            self.clock.advance(passing_ms)
            for_ms -= passing_ms
            for line in self._lines.values():
                await line.keep_alive()

    def parcels(self) -> list[Parcel]:
        """Return what was sent since the last call."""
        parcels = list(self.runware.outbox.parcels)
        self.runware.outbox.parcels.clear()
        return parcels

    async def close(self) -> None:
        """Let go of every connection."""
        for line in self._lines.values():
            await line.close()


@asynccontextmanager
async def stage(settings: Mapping[str, Any]) -> AsyncIterator[Stage]:
    """Make a stage and clear it away in the end."""
    made = Stage(settings)
    try:
        yield made
    finally:
        await made.close()


def body_of(send: Any) -> bytes:
    """Return the bytes that a step sends."""
    if isinstance(send, list):
        return orjson.dumps(send)
    return bytes.fromhex(send["hex"]) if "hex" in send else str(send["text"]).encode()


async def play(story: Story, transport: str) -> None:
    """Play a conversation through one transport; fails at the first answer that is not as it should be."""
    names = Names()
    async with stage(story.settings) as here:
        here.runware.outbox.statuses.update(story.receivers)
        for number, step in enumerate(story.steps, start=1):
            where = f"{story.file}, {story.title}: step {number} over {step.over or transport}"
            await here.wait(step.wait_ms)
            body = body_of(names.fill(step.send))
            async with asyncio.timeout(PATIENCE_S):
                heard = await here.line(step.over or transport).ask(step, body, partial(here.wait, step.hold_ms))
            if heard.status is None:
                compare(where, names, step.expected_frames(), heard.texts)
            else:
                assert heard.status == step.status, f"{where}: {heard.texts}"
                compare(where, names, [step.answer], heard.texts)
            compare(where, names, step.parcels, [shown(parcel) for parcel in here.parcels()])


def shown(parcel: Parcel) -> str:
    """Return a parcel as conversations write it; of an upload the name of the clip that has its bytes."""
    sent = {"method": parcel.method, "url": parcel.url, "type": parcel.media_type}
    if parcel.method == "POST":
        return orjson.dumps({**sent, "body": orjson.loads(parcel.body)}).decode()
    clip = next((path.name for path in sorted(FOLDER.iterdir()) if path.read_bytes() == parcel.body), None)
    return orjson.dumps({**sent, "clip": clip}).decode()


def compare(where: str, names: Names, expected: Sequence[Any], texts: Sequence[str]) -> None:
    """Hold what came against what was expected, word for word and in order."""
    actual = [orjson.loads(text) for text in texts]
    for one, other in zip(expected, actual, strict=False):
        names.learn(one, other)
    filled = names.fill(list(expected))
    assert pretty(actual) == pretty(filled), where
    assert list(texts) == [orjson.dumps(each).decode() for each in filled], where


def pretty(value: Any) -> str:
    """Return a value as JSON on many lines."""
    return json.dumps(value, indent=1, ensure_ascii=False)
