"""What an HTTP connection may cost before its request is whole, at the edge of each bound.

These are the tripwire for the non-public parts of uvicorn on which the guards stand: a version that changes them makes
tests here fail. Time jumps in them, so that no deadline is waited for.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mockserver.transports.bounds import MOST_HEADERS, PACE_BYTES_S
from mockserver.transports.guard import SURPLUS_S
from tests.support.express import Answered, ExpressConnection, ExpressServer, request
from tests.support.logs import Remarks
from tests.support.loops import rest, run_jumping
from tests.support.mocks import still_mock

PING = b'[{"taskType":"ping","ping":true}]'
PONG = b'{"data":[{"taskType":"ping","pong":true}]}'
#: A request takes the short way or uvicorn's own, and both are guarded.
WAYS = pytest.mark.parametrize("path", ["/v1", "/v1?long-way"], ids=["short", "long"])


def serve(**settings: str) -> ExpressServer:
    """Serve a mock with bounds that tests can reach."""
    return ExpressServer(still_mock({"max-head-bytes": "2000", "head-seconds": "10", **settings}, log=Remarks()))


def run(live: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test in a loop in which waiting takes no time."""
    run_jumping(live())


async def told(connection: ExpressConnection, *pieces: bytes) -> tuple[Answered, str]:
    """Let pieces arrive; return the answer and the code of its error, and make sure that the connection has ended."""
    for piece in pieces:
        connection.feed(piece)
    answer = await connection.answer()
    await rest()
    assert connection.line.is_closing()
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"] == "application/json"
    (error,) = json.loads(answer.body)["errors"]
    return answer, error["code"]


def head_of(size_bytes: int, path: str = "/v1") -> bytes:
    """Return a request whose head has exactly so many bytes."""
    bare = request(PING, path=path, x_padding="x")
    return request(PING, path=path, x_padding="x" * (1 + size_bytes - len(bare) + len(PING)))


def cut(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces."""
    return [data[start : start + size] for start in range(0, len(data), size)]


@WAYS
@pytest.mark.parametrize("size", [10_000, 700, 1])
def test_a_head_may_be_as_large_as_the_bound_and_no_larger(path: str, size: int) -> None:
    """The last byte that is allowed is allowed however it arrives; one more is answered with 431."""

    async def live() -> None:
        server = serve()
        connection = server.connect()
        for piece in cut(head_of(2000, path), size):
            connection.feed(piece)
        assert (await connection.answer()).body == PONG
        connection.drop()
        answer, code = await told(server.connect(), *cut(head_of(2001, path), size))
        assert (answer.status, code) == (431, "headersTooLarge")

    run(live)


def test_a_head_without_end_is_refused_while_it_comes() -> None:
    """Neither a target nor a header nor a row of them is kept beyond the bound."""

    async def live() -> None:
        server = serve()
        for endless in (b"GET /" + b"x" * 3000, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 3000):
            answer, code = await told(server.connect(), *cut(endless, 100))
            assert (answer.status, code) == (431, "headersTooLarge")

    run(live)


@WAYS
def test_a_request_may_have_a_hundred_headers(path: str) -> None:
    """One more is answered with 431."""

    async def live() -> None:
        server = serve(**{"max-head-bytes": "65536"})
        usual = 4
        headers = {f"x_{number}": "1" for number in range(MOST_HEADERS - usual)}
        connection = server.connect()
        assert (await connection.ask(request(PING, path, **headers))).body == PONG
        connection.drop()
        answer, code = await told(server.connect(), request(PING, path, **headers, x_more="1"))
        assert (answer.status, code) == (431, "headersTooLarge")

    run(live)


CHUNKED = request(b"", content_length="", transfer_encoding="chunked")
ONE_BYTE_CHUNKS = b"".join(b"1\r\n%c\r\n" % byte for byte in PING)


@pytest.mark.parametrize("size", [100_000, 50])
def test_trailers_are_nobodys_and_have_an_end(size: int) -> None:
    """A few trailers change nothing, not even a key; without end they are answered with 431."""

    async def live() -> None:
        server = serve()
        keyless = CHUNKED.replace(b"Authorization: Bearer a-key\r\n", b"")
        trailed = keyless + ONE_BYTE_CHUNKS + b"0\r\nAuthorization: Bearer a-key\r\n\r\n"
        connection = server.connect()
        for piece in cut(trailed, size):
            connection.feed(piece)
        assert (await connection.answer()).status == 401
        connection.drop()
        for endless in (b"X: " + b"x" * 5000, b"X: 1\r\n" * 1000):
            pieces = cut(CHUNKED + ONE_BYTE_CHUNKS + b"0\r\n" + endless, size)
            if size < len(endless) or b"\n" in endless:
                answer, code = await told(server.connect(), *pieces)
                assert (answer.status, code) == (431, "headersTooLarge")

    run(live)


def test_the_extension_of_a_chunk_has_an_end() -> None:
    """What stands beside the data of a body is bounded as the head is."""

    async def live() -> None:
        answer, code = await told(serve().connect(), *cut(CHUNKED + b"5;" + b"x" * 5000, 100))
        assert (answer.status, code) == (431, "headersTooLarge")

    run(live)


def test_a_body_in_one_byte_chunks_is_read() -> None:
    """What the framing of many small chunks takes is no trailer."""

    async def live() -> None:
        connection = serve().connect()
        body = PING.ljust(5000)
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
        for piece in cut(CHUNKED + chunks + b"0\r\n\r\n", 3000):
            connection.feed(piece)
        assert (await connection.answer()).body == PONG
        connection.drop()

    run(live)


#: Messages that servers read differently, and what is wrong with each.
AMBIGUOUS = {
    "a length and chunks": request(PING, transfer_encoding="chunked"),
    "chunks before a length": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n"),
    "chunks in HTTP/1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "another transfer encoding": CHUNKED.replace(b"chunked", b"gzip, chunked"),
    "two transfer encodings": CHUNKED.replace(b"chunked", b"chunked\r\nTransfer-Encoding: chunked"),
    "two lengths": request(PING).replace(b"Content-Length", b"Content-Length: 5\r\nContent-Length"),
    "a length with a sign": request(PING, content_length="+33"),
    "no host": request(PING, host=""),
    "two hosts": request(PING).replace(b"Host", b"Host: other.test\r\nHost"),
    "two hosts in HTTP/1.0": request(PING).replace(b"Host", b"Host: a\r\nHost").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "HTTP/2.0": request(PING).replace(b"HTTP/1.1", b"HTTP/2.0"),
    "HTTP/0.9": request(PING).replace(b"HTTP/1.1", b"HTTP/0.9"),
    "HTTP/9.9": request(PING).replace(b"HTTP/1.1", b"HTTP/9.9"),
    "no version": b"GET /v1\r\n\r\n",
    "a folded header": request(PING).replace(b"a-key", b"a-key\r\n folded"),
    "a blank before a colon": request(PING).replace(b"Host:", b"Host :"),
    "bare line feeds": request(PING).replace(b"\r\n", b"\n"),
    "a proxy's method": b"CONNECT mock.test:80 HTTP/1.1\r\nHost: mock.test:80\r\n\r\n",
    "a target that is no address": b"GET a.b:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_a_message_means_one_thing_or_is_refused(name: str) -> None:
    """What two servers could read differently is answered with 400, and nothing behind it is read."""

    async def live() -> None:
        connection = serve().connect()
        answer, code = await told(connection, AMBIGUOUS[name] + request(PING))
        assert (answer.status, code) == (400, "invalidHTTP")
        assert not connection.line.written

    run(live)


def test_http_1_0_needs_no_host() -> None:
    """The older version had none."""

    async def live() -> None:
        connection = serve().connect()
        answer = await connection.ask(request(PING, host="").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert answer.body == PONG

    run(live)


HANDSHAKE = request(
    b"", method="GET", content_length="", content_type="", connection="Upgrade", upgrade="websocket",
    sec_websocket_version="13", sec_websocket_key="AAAAAAAAAAAAAAAAAAAAAA==",
)  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        HANDSHAKE.replace(b"GET", b"POST"),
        HANDSHAKE.replace(b": 13", b": 12"),
        HANDSHAKE.replace(b"AAAAAA", b"A"),
        HANDSHAKE.replace(b"/v1", b"/" + b"x" * 9000),
        HANDSHAKE.replace(b"Host", b"X: " + b"x" * 9000 + b"\r\nHost"),
        HANDSHAKE.replace(b"Host", b"Content-Length: 5\r\nHost"),
        HANDSHAKE.replace(b"Host", b"Sec-Websocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nHost"),
    ],
    ids=["method", "version", "key", "long target", "long header", "body", "two keys"],
)
def test_a_handshake_that_is_none_is_refused_in_the_same_words(wrong: bytes) -> None:
    """A WebSocket that is asked for in a wrong way is answered with 400 and a reason."""

    async def live() -> None:
        answer, code = await told(serve(**{"max-head-bytes": "65536"}).connect(), wrong)
        assert (answer.status, code) == (400, "invalidHTTP")

    run(live)


async def seconds_until_closed(connection: ExpressConnection) -> float:
    """Wait until the server closes a connection and say how long that took."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    while not connection.line.is_closing():
        connection.line.has_moved.clear()
        await connection.line.has_moved.wait()
    return loop.time() - began_s


def test_a_silent_connection_is_closed_without_a_word() -> None:
    """Who connects and says nothing has as long as for a head; blanks are nothing."""

    async def live() -> None:
        server = serve()
        silent = server.connect()
        assert await seconds_until_closed(silent) == pytest.approx(10, abs=0.1)
        assert not silent.line.written
        dripping = server.connect()
        for _ in range(9):
            await asyncio.sleep(1)
            dripping.feed(b"\r\n")
        assert await seconds_until_closed(dripping) == pytest.approx(1, abs=0.1)
        after = server.connect()
        await after.ask(request(PING, path="/v1?long-way"))
        await asyncio.sleep(1)
        after.feed(b"\r\n")
        assert await seconds_until_closed(after) == pytest.approx(10, abs=0.1)

    run(live)


@WAYS
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_a_head_has_ten_seconds(path: str, is_first: bool) -> None:
    """A head that comes byte by byte is read in time and answered with 408 after it, however often something comes."""

    async def live() -> None:
        server = serve(**{"head-seconds": "10"})
        for late_s, is_late in ((9.9, False), (10.1, True)):
            connection = server.connect()
            if not is_first:
                await connection.ask(request(PING, path=path))
                await asyncio.sleep(3)
            for byte in request(PING, path=path)[:9]:
                connection.feed(bytes([byte]))
                await asyncio.sleep(late_s / 9)
            if is_late:
                answer, code = await told(connection)
                assert (answer.status, code) == (408, "requestTimeout")
                assert b"head" in answer.body
                assert b"10 seconds; the setting head-seconds" in answer.body
            else:
                assert (await connection.ask(request(PING, path=path)[9:])).body == PONG
                connection.drop()

    run(live)


@WAYS
def test_a_body_has_twenty_seconds_and_one_more_for_every_16_kib(path: str) -> None:
    """A body that drips is cut; a large one on a slow line is read."""

    async def live() -> None:
        server = serve()
        head, blank, _ = request(PING.ljust(PACE_BYTES_S * 60), path=path).partition(b"\r\n\r\n")
        slow = server.connect()
        slow.feed(head + blank)
        for piece in cut(PING.ljust(PACE_BYTES_S * 60), PACE_BYTES_S):
            await asyncio.sleep(1.2)
            slow.feed(piece)
        assert (await slow.answer()).body == PONG
        slow.drop()
        dripping = server.connect()
        dripping.feed(head + blank)
        for _ in range(19):
            await asyncio.sleep(1)
            dripping.feed(b" ")
        answer, code = await told(dripping)
        assert (answer.status, code) == (408, "requestTimeout")
        assert b"20 seconds; the setting body-seconds" in answer.body

    run(live)


def test_a_connection_too_many_is_told_so() -> None:
    """One connection more than allowed is answered with 503 when it asks, and closed when it does not."""

    async def live() -> None:
        server = serve(**{"max-connections": "2"})
        kept = [server.connect(), server.connect()]
        answer, code = await told(server.connect(), request(PING))
        assert (answer.status, code) == (503, "tooManyConnections")
        assert b"2 connections are open" in answer.body
        assert await seconds_until_closed(server.connect()) == pytest.approx(SURPLUS_S, abs=0.1)
        assert [(await each.ask(request(PING))).body for each in kept] == [PONG, PONG]
        kept[0].drop()
        await rest()
        assert (await server.connect().ask(request(PING))).body == PONG

    run(live)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    """Nothing of it is read: the head is enough."""

    async def live() -> None:
        head, blank, _ = request(b"x" * 100_001).partition(b"\r\n\r\n")
        answer, code = await told(serve(**{"max-body-bytes": "100000"}).connect(), head + blank)
        assert (answer.status, code) == (413, "valueTooLarge")

    run(live)


def test_what_is_wrong_behind_a_request_does_not_cost_its_answer() -> None:
    """A good request is answered though nonsense follows; the nonsense is not, and the connection ends."""

    async def live() -> None:
        connection = serve().connect()
        connection.feed(request(PING, path="/v1?long-way") + b"nonsense\r\n\r\n")
        assert (await connection.answer()).body == PONG
        await rest()
        assert connection.line.is_closing()
        assert not connection.line.written

    run(live)


def test_refusals_are_seen_in_the_log() -> None:
    """Whoever runs the mock sees which connections were turned away, and why."""

    async def live() -> None:
        log = Remarks()
        mock = still_mock({"log": "pretty"}, log=log)
        await told(ExpressServer(mock).connect(), b"nonsense\r\n\r\n")
        (seen,) = log.seen
        assert (seen.transport, seen.status, seen.answers[0].outcome) == ("connection", 400, "invalidHTTP")

    run(live)
