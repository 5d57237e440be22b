"""A head that came before on a connection means the same again; whatever else comes is read as if nothing had."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.adapters.clocks import ManualClock
from tests.support.express import Answered, ExpressConnection, ExpressServer, request
from tests.support.loops import rest, run_jumping
from tests.support.mocks import still_mock

PING = json.dumps([{"taskType": "ping", "ping": True}]).encode()
LOST = json.dumps([{"taskType": "getResponse", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"}]).encode()
WRONG = json.dumps([{"taskType": "getResponse", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9dX"}]).encode()
CHUNKED = request(b"", content_length="", transfer_encoding="chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(LOST), LOST)
KEEP_ALIVE_S = 5
LONG_ENOUGH_MS = 600_000
MARK = "a word that stands nowhere else"
HELD = {
    "taskType": "videoInference",
    "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
    "model": "minimax:3@1",
    "positivePrompt": MARK,
    "deliveryMethod": "sync",
}

REQUESTS = [
    *(request(body) for body in (PING, LOST, WRONG, LOST[:-1] + b" ", b"[]", b"\xff", b"x" * len(LOST))),
    request(LOST, authorization="Bearer another"),
    request(LOST, authorization="Basic a-key"),
    request(LOST, content_type="text/plain"),
    request(LOST, x_padding="y" * 5000),
    request(LOST, path="/"),
    request(LOST, path="/v1?long-way"),
    request(b"", method="GET", path="/registry.json", content_length=""),
    CHUNKED,
    request(request(LOST), method="PUT"),
    request(request(LOST), path="/nowhere"),
]


def connect() -> ExpressConnection:
    """Open a connection to a mock of its own. Needs a running event loop."""
    return ExpressServer(still_mock({}), timeout_keep_alive=KEEP_ALIVE_S).connect()


async def alone(data: bytes) -> Answered:
    """Return the answer that a request gets on a connection of its own."""
    connection = connect()
    answer = await connection.ask(data)
    connection.drop()
    return answer


#: A request, and in how many pieces it comes; 0 where it comes together with the next one.
arrivals = st.tuples(st.sampled_from(REQUESTS), st.sampled_from([1, 1, 1, 2, 3, 0]))


@given(st.lists(arrivals, min_size=1, max_size=8))
def test_what_came_before_changes_no_answer(conversation: list[tuple[bytes, int]]) -> None:
    """Whatever requests share a connection, and however they arrive, each is answered as it is alone."""

    async def live() -> None:
        connection, held = connect(), b""
        for data, pieces in conversation:
            held += data
            size = -(-len(held) // pieces) if pieces else 0
            for start in range(0, len(held) if size else 0, size or 1):
                connection.feed(held[start : start + size])
                await asyncio.sleep(0)
            held = held if not size else b""
        connection.feed(held)
        answers = [await connection.answer() for _ in conversation]
        assert answers == [await alone(data) for data, _ in conversation]
        connection.drop()
        await rest()

    run_jumping(live())


def test_a_head_that_came_before_is_not_parsed_again() -> None:
    """The same head with another body of its length is answered without the parser; another head needs it."""
    parsed: list[bytes] = []

    async def live() -> None:
        server = ExpressServer(still_mock({}))

        class Counted(server.protocol):  # type: ignore[name-defined, misc]
            def on_headers_complete(self) -> None:
                parsed.append(self.url)
                super().on_headers_complete()

        server.protocol = Counted
        connection = server.connect()
        first = await connection.ask(request(LOST))
        assert await connection.ask(request(LOST)) == first
        assert (await connection.ask(request(WRONG))).status == 400
        assert parsed == [b"/v1"]
        assert (await connection.ask(request(PING, path="/"))).status == 200
        assert parsed == [b"/v1", b"/"]
        connection.drop()
        await rest()

    run_jumping(live())


def test_after_an_answer_that_ends_the_connection_nothing_is_answered() -> None:
    """A client that wanted the end gets no further answer, also not to the same request again."""

    async def live() -> None:
        connection = connect()
        await connection.ask(request(LOST))
        last = request(LOST, connection="close")
        connection.feed(last + last)
        assert (await connection.answer()).headers["connection"] == "close"
        connection.feed(request(LOST))
        await rest()
        assert bytes(connection.line.written) == b""

    run_jumping(live())


@pytest.mark.parametrize("held", [False, True], ids=["answered", "held"])
def test_nothing_is_kept_of_a_request_but_its_head(held: bool) -> None:
    """An idle connection holds no body: hundreds of them would hold hundreds of pictures."""

    async def live() -> None:
        clock = ManualClock()
        connection = ExpressServer(still_mock({"profile": "compat"}, clock)).connect()
        connection.feed(request(json.dumps([HELD if held else {"taskType": "ping", "ping": True, "x": MARK}]).encode()))
        await rest()
        clock.advance(LONG_ENOUGH_MS)
        await connection.answer()
        assert MARK.encode() not in str(vars(connection.protocol)).encode()
        connection.drop()
        await rest()

    run_jumping(live())


@pytest.mark.parametrize("path", ["/registry.json", "/v1?long-way"])
def test_the_idle_time_begins_anew_with_a_known_head(path: str) -> None:
    """After a request that was uvicorn's, one with a known head keeps the connection open as long as any other."""

    async def live() -> None:
        connection = connect()
        await connection.ask(request(LOST))
        method, body = ("GET", b"") if path == "/registry.json" else ("POST", LOST)
        for data in (request(body, path=path, method=method), request(LOST), request(LOST)):
            await connection.ask(data)
            await asyncio.sleep(KEEP_ALIVE_S - 1)
        assert not connection.line.is_closing()
        await asyncio.sleep(KEEP_ALIVE_S)
        assert connection.line.is_closing()
        await rest()

    run_jumping(live())


def test_a_body_that_looks_like_a_known_request_is_a_body() -> None:
    """Bytes that are due as a body are none of a head, whatever they say: nobody smuggles a request in one."""

    async def live() -> None:
        connection = connect()
        known = request(LOST)
        await connection.ask(known)
        outer = request(known)
        connection.feed(outer[: -len(known)])
        connection.feed(known)
        assert await connection.answer() == await alone(outer)
        assert bytes(connection.line.written) == b""
        connection.drop()
        await rest()

    run_jumping(live())


def test_known_requests_that_come_together_are_answered_one_by_one() -> None:
    """Several requests in one piece are several requests, also when the head of each came before."""

    async def live() -> None:
        connection = connect()
        first = await connection.ask(request(LOST))
        connection.feed(request(LOST) * 3)
        assert [await connection.answer() for _ in range(3)] == [first] * 3
        connection.drop()
        await rest()

    run_jumping(live())


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/registry.json"), ("POST", "/nowhere"), ("PUT", "/v1"), ("OPTIONS", "/v1")]
)
def test_a_body_that_was_answered_unread_is_a_body_all_the_same(method: str, path: str) -> None:
    """Many requests are answered by their head; what follows as their body is no request of its own."""

    async def live() -> None:
        connection = connect()
        known = request(LOST)
        await connection.ask(known)
        outer = request(known, method=method, path=path)
        assert (await connection.ask(outer[: -len(known)])).status in {200, 204, 404, 405}
        connection.feed(known)
        await rest()
        assert bytes(connection.line.written) == b""
        assert (await connection.ask(request(PING))).body == (await alone(request(PING))).body
        connection.drop()
        await rest()

    run_jumping(live())


def test_the_end_of_an_unread_body_belongs_to_no_head() -> None:
    """A request that comes behind the rest of another one's body is remembered without that rest, or not at all."""

    async def live() -> None:
        connection = connect()
        outer = request(b"x" * 50, method="GET", path="/registry.json")
        await connection.ask(outer[:-10])
        piece = outer[-10:] + request(LOST)
        assert await connection.ask(piece) == await alone(request(LOST))
        assert (await connection.ask(piece)).status == 400
        await rest()

    run_jumping(live())


def test_a_request_that_begins_behind_a_held_one_is_read_to_its_end() -> None:
    """Its beginning came while another answer was waited for; its rest is a rest, and its connection is not idle."""

    async def live() -> None:
        clock = ManualClock()
        mock = still_mock({"profile": "compat"}, clock)
        connection = ExpressServer(mock, timeout_keep_alive=KEEP_ALIVE_S).connect()
        following = request(PING)
        connection.feed(request(json.dumps([HELD]).encode()) + following[:30])
        await rest()
        clock.advance(LONG_ENOUGH_MS)
        assert (await connection.answer()).status == 200
        await asyncio.sleep(1.5 * KEEP_ALIVE_S)
        assert await connection.ask(following[30:]) == await alone(following)
        assert (await connection.ask(following[30:])).status == 400
        await rest()

    run_jumping(live())
