"""The short way under uvicorn: bytes in, bytes out, beside the ASGI way."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock, server_app
from tests.support.express import Answered, ExpressConnection, ExpressServer, request, split_answer
from tests.support.loops import rest, run_jumping
from tests.support.mocks import still_mock

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
HELD = {**VIDEO, "deliveryMethod": "sync"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
PING = json.dumps([{"taskType": "ping", "ping": True}]).encode()
PONG = b'{"data":[{"taskType":"ping","pong":true}]}'
LONG_ENOUGH_MS = 60_000
KEEP_ALIVE_S = 5


class House:
    """A mock for compatible clients, and the server in front of it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock()
        self.mock: Mock = still_mock({"profile": "compat", "speed": "10", **settings}, self.clock)
        self.server = ExpressServer(self.mock, timeout_keep_alive=KEEP_ALIVE_S)

    def connect(self) -> ExpressConnection:
        """Open a connection."""
        return self.server.connect()


def run(live: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in a loop in which waiting takes no time; nothing is left running."""

    async def whole() -> None:
        await live()
        await rest()
        assert len(asyncio.all_tasks()) == 1

    run_jumping(whole())


def body_of(*tasks: Any) -> bytes:
    """Return the body that hands in some tasks."""
    return json.dumps(tasks).encode()


def is_open(connection: ExpressConnection) -> bool:
    """Say whether the server has not closed a connection."""
    return not connection.line.is_closing()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Yield some bytes in pieces of a size."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


CHUNKED = (
    b"POST /v1 HTTP/1.1\r\nHost: mock.test\r\nAuthorization: Bearer a-key\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
@pytest.mark.parametrize(
    "data",
    [
        request(PING),
        request(PING, path="/"),
        request(PING, path="/v1/"),
        request(PING, path="/v1?sdk=js&version=1.3.2"),
        request(PING, expect="100-continue"),
        CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(PING), PING),
        CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in PING) + b"0\r\nTrailer: x\r\n\r\n",
    ],
    ids=["plain", "root", "slash", "query", "expect", "chunked", "many chunks"],
)
def test_a_request_is_answered_however_it_arrives(data: bytes, size: int) -> None:
    """Whole or byte by byte, with a length or in chunks, the answer is the same and the connection stays."""

    async def live() -> None:
        connection = House().connect()
        for piece in pieces(data, size):
            connection.feed(piece)
            await asyncio.sleep(0)
        await rest()
        connection.line.written[:] = bytes(connection.line.written).replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
        answer = await connection.answer()
        assert (answer.status, answer.body, answer.headers.get("connection")) == (200, PONG, None)
        assert is_open(connection)
        assert (await connection.ask(request(PING))).body == PONG
        connection.drop()

    run(live)


def test_the_client_is_told_to_go_on_when_it_asks() -> None:
    """A client that expects 100 Continue gets it before it sends its body, unless the body is too large anyway."""

    async def live() -> None:
        connection = House(**{"max-body-bytes": "20000"}).connect()
        head, blank, body = request(PING, expect="100-continue").partition(b"\r\n\r\n")
        connection.feed(head + blank)
        await rest()
        assert bytes(connection.line.written) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.line.written.clear()
        assert (await connection.ask(body)).body == PONG
        head, blank, _ = request(b"x" * 20_001, expect="100-continue").partition(b"\r\n\r\n")
        answer = await connection.ask(head + blank)
        assert (answer.status, answer.headers["connection"]) == (413, "close")

    run(live)


def test_pipelined_requests_are_answered_in_their_order() -> None:
    """Requests that arrive together are answered one after the other, whichever way each of them takes."""

    async def live() -> None:
        connection = House().connect()
        get = b"GET /registry.json HTTP/1.1\r\nHost: mock.test\r\n\r\n"
        polls = [request(body_of({**POLL, "taskUUID": f"{UUID[:-1]}{digit}"})) for digit in range(4)]
        connection.feed(polls[0] + polls[1] + get + polls[2] + get + get + polls[3] + request(PING))
        answers = [await connection.answer() for _ in range(8)]
        told = [json.loads(answer.body) for answer in answers]
        polled = [document.get("errors", [{}])[0].get("taskUUID", "-")[-1] for document in told]
        assert "".join(polled) == "01-2--3-"
        assert ["version" in document for document in told] == [False, False, True, False, True, True, False, False]
        assert answers[-1].body == PONG
        connection.drop()

    run(live)


@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_fifty_pipelined_requests_are_answered(size: int) -> None:
    """A long row of requests, cut anywhere, has as many answers."""

    async def live() -> None:
        connection = House().connect()
        for piece in pieces(request(PING) * 50, size):
            connection.feed(piece)
        assert [(await connection.answer()).body for _ in range(50)] == [PONG] * 50
        assert not connection.line.written
        connection.drop()

    run(live)


@pytest.mark.parametrize(
    ("version", "header", "stays"),
    [
        (b"1.1", "", True),
        (b"1.1", "keep-alive", True),
        (b"1.1", "close", False),
        (b"1.1", "Close", False),
        (b"1.0", "", False),
        (b"1.0", "close", False),
        (b"1.0", "keep-alive", False),
    ],
)
@pytest.mark.parametrize("path", ["/v1", "/v1?long-way"])
def test_a_connection_stays_unless_the_client_or_its_version_says_otherwise(
    path: str, version: bytes, header: str, stays: bool
) -> None:
    """Both ways close after HTTP/1.0 and after Connection: close, and say so; what is sent after is not answered."""

    async def live() -> None:
        connection = House().connect()
        data = request(PING, path=path, connection=header).replace(b"HTTP/1.1", b"HTTP/" + version)
        connection.feed(data + (request(PING) if not stays else b""))
        answer = await connection.answer()
        await rest()
        assert (answer.status, answer.body) == (200, PONG)
        assert (answer.headers.get("connection") == "close", is_open(connection)) == (not stays, stays)
        assert not connection.line.written
        connection.drop()

    run(live)


@pytest.mark.parametrize("way", ["plain", "chunked", "declared"])
def test_a_body_over_the_limit_is_refused_and_ends_the_connection(way: str) -> None:
    """As soon as a body is too large it is answered with 413; what comes after is not read."""

    async def live() -> None:
        connection = House(**{"max-body-bytes": "20000"}).connect()
        if way == "chunked":
            connection.feed(CHUNKED + b"4e20\r\n" + b"x" * 20_000 + b"\r\n")
            await rest()
            assert not connection.line.written
            connection.feed(b"1\r\nx\r\n")
        elif way == "plain":
            connection.feed(request(b"x" * 20_001) + request(PING))
        else:
            connection.feed(request(b"x" * 20_001, path="/v1?long-way").partition(b"xxx")[0])
        answer = await connection.answer()
        message = "The request is too large: a body may have 20,000 bytes; the setting max-body-bytes allows more."
        assert (answer.status, answer.headers["connection"], is_open(connection)) == (413, "close", False)
        assert json.loads(answer.body) == {"data": [], "errors": [{"code": "valueTooLarge", "message": message}]}
        assert not connection.line.written

    run(live)


def test_a_body_of_exactly_the_limit_is_read() -> None:
    """The limit itself is allowed."""

    async def live() -> None:
        connection = House(**{"max-body-bytes": "1000"}).connect()
        assert (await connection.ask(request(PING.ljust(1000)))).body == PONG
        assert (await connection.ask(request(PING.ljust(1001)))).status == 413

    run(live)


def seconds_until_closed(connection: ExpressConnection) -> Coroutine[Any, Any, float]:
    """Wait until the server closes a connection and say how long that took."""

    async def wait() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while is_open(connection):
            connection.line.has_moved.clear()
            await connection.line.has_moved.wait()
        return loop.time() - began

    return wait()


@pytest.mark.parametrize("path", ["/v1", "/v1?long-way"])
def test_an_idle_connection_is_closed(path: str) -> None:
    """After the keep-alive time without a request the server closes, counted from the last answer."""

    async def live() -> None:
        connection = House().connect()
        await connection.ask(request(PING, path=path))
        await asyncio.sleep(KEEP_ALIVE_S - 1)
        await connection.ask(request(PING, path=path))
        assert await seconds_until_closed(connection) == pytest.approx(KEEP_ALIVE_S, abs=0.1)

    run(live)


def test_the_two_ways_share_the_idle_time() -> None:
    """A connection on which short and long requests alternate is closed once, after the last of them."""

    async def live() -> None:
        for paths in (("/v1", "/v1?long-way"), ("/v1?long-way", "/v1")):
            connection = House().connect()
            for path in (*paths, *paths):
                await asyncio.sleep(KEEP_ALIVE_S - 1)
                await connection.ask(request(PING, path=path))
            assert await seconds_until_closed(connection) == pytest.approx(KEEP_ALIVE_S, abs=0.1)

    run(live)


def test_a_request_under_way_is_not_idle() -> None:
    """A connection on which a request is arriving, or an answer is waited for, is not closed as idle."""

    async def live() -> None:
        house = House()
        connection = house.connect()
        await connection.ask(request(PING))
        slow = request(body_of(HELD))
        connection.feed(slow[:-1])
        await asyncio.sleep(3 * KEEP_ALIVE_S)
        assert is_open(connection)
        connection.feed(slow[-1:])
        await asyncio.sleep(3 * KEEP_ALIVE_S)
        assert is_open(connection)
        house.clock.advance(LONG_ENOUGH_MS)
        assert (await connection.answer()).status == 200
        assert await seconds_until_closed(connection) == pytest.approx(KEEP_ALIVE_S, abs=0.1)

    run(live)


def test_a_held_answer_comes_when_it_is_there_and_the_connection_goes_on() -> None:
    """While an answer is held nothing is read; afterwards the next request is answered as ever."""

    async def live() -> None:
        house = House()
        connection = house.connect()
        connection.feed(request(body_of(HELD)))
        await rest()
        assert (bytes(connection.line.written), connection.line.is_paused) == (b"", True)
        house.clock.advance(LONG_ENOUGH_MS)
        answer = await connection.answer()
        assert "videoURL" in json.loads(answer.body)["data"][0]
        assert not connection.line.is_paused
        assert (await connection.ask(request(PING))).body == PONG
        connection.drop()

    run(live)


@pytest.mark.parametrize(
    "impatient",
    [
        request(PING),
        request(body_of(HELD)),
        request(b"x" * 2000),
        request(PING, path="/health", method="GET"),
        request(PING)[:-5],
    ],
    ids=["short", "held", "too large", "long", "half"],
)
def test_a_client_that_does_not_wait_for_a_held_answer_gets_it_all_the_same(impatient: bytes) -> None:
    """What is sent behind a request whose answer is held never comes before that answer."""

    async def live() -> None:
        house = House(**{"max-body-bytes": "1000"})
        connection = house.connect()
        connection.feed(request(body_of(HELD)) + impatient)
        await rest()
        assert bytes(connection.line.written) == b""
        house.clock.advance(LONG_ENOUGH_MS)
        answer = await connection.answer()
        assert (answer.status, "videoURL" in json.loads(answer.body)["data"][0]) == (200, True)
        assert answer.headers["connection"] == "close"
        assert not is_open(connection)

    run(live)


def test_a_client_that_leaves_while_its_answer_is_held_is_forgotten() -> None:
    """Nothing is written to a connection that is gone."""

    async def live() -> None:
        house = House()
        connection = house.connect()
        connection.feed(request(body_of(HELD)))
        await rest()
        connection.drop()
        await rest()
        house.clock.advance(LONG_ENOUGH_MS)
        await rest()
        assert (bytes(connection.line.written), house.server.state.tasks) == (b"", set())

    run(live)


@pytest.mark.parametrize("requests", [[], [request(PING)], [request(PING, path="/v1?long-way")]])
def test_shutting_down_closes_an_idle_connection_at_once(requests: list[bytes]) -> None:
    """A connection that is owed nothing does not hold up the end of the server."""

    async def live() -> None:
        connection = House().connect()
        for data in requests:
            await connection.ask(data)
        connection.protocol.shutdown()
        assert not is_open(connection)

    run(live)


def test_shutting_down_waits_for_an_answer_that_is_held() -> None:
    """A held answer is still given, says that it is the last one, and then the connection ends."""

    async def live() -> None:
        house = House()
        connection = house.connect()
        connection.feed(request(body_of(HELD)))
        await rest()
        connection.protocol.shutdown()
        await rest()
        assert is_open(connection)
        house.clock.advance(LONG_ENOUGH_MS)
        answer = await connection.answer()
        assert (answer.status, answer.headers.get("connection"), is_open(connection)) == (200, "close", False)

    run(live)


def test_when_the_grace_is_over_held_answers_are_given_up() -> None:
    """A server that cannot wait any longer cancels what it waits for; nothing is written and nothing is left."""

    async def live() -> None:
        house = House()
        connection = house.connect()
        connection.feed(request(body_of(HELD)))
        await rest()
        connection.protocol.shutdown()
        for task in house.server.state.tasks:
            task.cancel()
        await rest()
        assert (bytes(connection.line.written), house.server.state.tasks, house.clock.next_at_ms) == (b"", set(), None)
        connection.drop()

    run(live)


def test_requests_are_counted_on_both_ways() -> None:
    """The server's count of requests includes those that its cycle never saw."""

    async def live() -> None:
        house = House()
        connection = house.connect()
        for path in ("/v1", "/v1?long-way", "/v1"):
            await connection.ask(request(PING, path=path))
        assert house.server.state.total_requests == 3
        connection.drop()

    run(live)


def test_what_is_no_http_is_refused() -> None:
    """Nonsense is answered with 400 and the connection ends, as uvicorn does it."""

    async def live() -> None:
        connection = House().connect()
        connection.feed(b"nonsense\r\n\r\n")
        assert ((await connection.answer()).status, is_open(connection)) == (400, False)

    run(live)


BODIES = [
    PING,
    body_of(VIDEO),
    body_of(VIDEO, POLL, {"taskType": "nonsense"}),
    body_of({**VIDEO, "duration": 7}),
    body_of({**POLL, "taskUUID": "x"}),
    body_of({"taskType": "authentication", "apiKey": "another"}, POLL),
    body_of({"taskType": "imageUpload", "taskUUID": UUID, "image": "https://example.com/\u2603.png"}),
    b"",
    b"\xff",
    b"[]",
    b"{}",
    b"[" * 50,
    b"x" * 5000,
]
HEADERS: list[dict[str, str]] = [
    {},
    {"authorization": ""},
    {"authorization": "Basic x"},
    {"content_type": "text/plain"},
    {"content_type": ""},
    {"content_type": "application/json; charset=utf-8"},
    {"host": ""},
    {"host": "[::1]:8080"},
    {"host": "not a host!"},
    {"accept_encoding": "gzip, br", "x_sdk_name": "python"},
]


@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:40]))
def test_both_ways_give_the_same_bytes(body: bytes, headers: dict[str, str]) -> None:
    """Status, body, media type and length do not depend on the way that a request takes."""

    async def live() -> None:
        answers: list[Answered] = []
        for path in ("/v1", "/v1?long-way"):
            connection = House(**{"max-body-bytes": "4000", "speed": "instant"}).connect()
            answers.append(await connection.ask(request(body, path=path, **headers)))
            connection.drop()
        assert answers[0] == answers[1]

    run(live)


def test_the_express_way_gives_the_bytes_that_an_asgi_client_gets() -> None:
    """A conversation has the same bodies through the protocol class as through ASGI alone."""

    async def live() -> None:
        connection = House(speed="instant").connect()
        transport = httpx.ASGITransport(app=server_app(House(speed="instant").mock))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
            for body in (body_of(VIDEO), body_of(POLL), body_of(POLL, VIDEO), b"nonsense"):
                express = await connection.ask(request(body))
                headers = {"Content-Type": "application/json", "Authorization": "Bearer a-key"}
                asgi = await client.post("/v1", content=body, headers=headers)
                assert (express.status, express.body) == (asgi.status_code, asgi.content)
        connection.drop()

    run(live)


def test_an_answer_is_split_from_what_follows() -> None:
    """The tests' own reading of answers waits for the whole and leaves the rest."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
    assert [split_answer(whole[:length]) for length in range(len(whole))] == [None] * len(whole)
    assert split_answer(whole + b"HTTP") == (Answered(200, {"content-length": "2"}, b"ab"), b"HTTP")
