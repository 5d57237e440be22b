"""WebSocket connections: keys, sessions, heartbeats and their ends."""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import MemoryStore
from mockserver.app import Mock, server_app
from mockserver.log import Log
from mockserver.ports import Shelf
from mockserver.transports.websocket import IDLE_CODE, IDLE_MS
from tests.support.logs import Remarks
from tests.support.loops import rest
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
PING = {"taskType": "ping", "ping": True}
PONG = '{"data":[{"taskType":"ping","pong":true}]}'
POLL = {"taskType": "getResponse", "taskUUID": UUID}
#: Longer than a held task takes at the speed of these tests.
LONG_ENOUGH_MS = 60_000
SESSION_MS = 120_000


def video(**parameters: Any) -> dict[str, Any]:
    """Return a submission."""
    task = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    return {**task, **parameters}


def authentication(key: str = "a-key", session: str = "") -> dict[str, Any]:
    """Return an authentication, with a session to take up again if there is one."""
    task = {"taskType": "authentication", "apiKey": key}
    return {**task, "connectionSessionUUID": session} if session else task


class House:
    """A mock with compatible clients and connections to it."""

    def __init__(self, *logs: Log, **settings: Any) -> None:
        self.clock = ManualClock()
        chosen = {"profile": "compat", "speed": "10", "log": "pretty" if logs else "quiet", **settings}
        self.mock: Mock = still_mock(chosen, self.clock, log=next(iter(logs), None))
        self._app = server_app(self.mock)

    def connect(self, **address: Any) -> SocketClient:
        """Return a connection, to be entered."""
        return SocketClient(self._app, **address)

    @property
    def sessions(self) -> int:
        """How many sessions are remembered."""
        assert isinstance(self.mock.store, MemoryStore)
        return self.mock.store.count(Shelf.SESSIONS)


async def tell(client: SocketClient, *tasks: dict[str, Any]) -> list[Any]:
    """Send tasks in one message and return the frames that come."""
    return [json.loads(frame) for frame in await client.say(json.dumps(tasks))]


async def log_in(client: SocketClient, key: str = "a-key", session: str = "") -> str:
    """Show a key and return the session; nothing else comes."""
    frames = await tell(client, authentication(key, session))
    return session_of(frames)


def session_of(frames: Sequence[Any]) -> str:
    """Return the session of the frame that answers an authentication, which is the only one."""
    (frame,) = frames
    (item,) = frame["data"]
    assert list(item) == ["taskType", "connectionSessionUUID"]
    return str(item["connectionSessionUUID"])


def codes(frames: Sequence[Any]) -> list[str]:
    """Return the codes of the errors in some frames, "data" for a frame without."""
    return [error["code"] for frame in frames for error in frame.get("errors", [{"code": "data"}])]


def run(live: Coroutine[Any, Any, None]) -> None:
    """Run a test to its end; nothing is left running."""

    async def whole() -> None:
        await live
        await rest()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(whole())


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"path": "/v1/"},
        {"path": "/"},
        {"path": ""},
        {"query": b"sdk=js&version=1.3.2"},
        {"path": "/m/v1", "root_path": "/m"},
    ],
)
def test_the_first_frame_answers_the_authentication(address: dict[str, Any]) -> None:
    """On every address that clients use, with any query, the first frame has the session and no taskUUID."""

    async def live() -> None:
        async with House().connect(**address) as client:
            assert client.is_accepted
            assert client.take() == []
            await log_in(client)

    run(live())


def test_other_addresses_are_closed_before_they_open() -> None:
    """A WebSocket at an address for something else is not accepted, with a reason."""

    async def live() -> None:
        async with House().connect(path="/v2") as client:
            assert not client.is_accepted
            assert client.close == {"type": "websocket.close", "code": 4404, "reason": "tasks are handed in at /v1"}

    run(live())


def test_a_client_that_leaves_before_it_is_accepted_is_let_go() -> None:
    """A handshake that breaks off leaves nothing behind."""

    async def live() -> None:
        house = House()
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.disconnect", "code": 1006}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": "/v1", "headers": [], "query_string": b""}
        await server_app(house.mock)(scope, receive, send)
        assert (sent, house.clock.next_at_ms) == ([], None)

    run(live())


def test_nothing_but_a_ping_is_answered_before_the_key() -> None:
    """Without a key tasks are refused on an open connection, pings are answered, and the key can still be shown."""

    async def live() -> None:
        async with House().connect() as client:
            assert await client.say(json.dumps([PING])) == [PONG]
            assert codes(await tell(client, POLL)) == ["missingApiKey"]
            assert codes(await tell(client, PING, POLL, PING)) == ["data", "missingApiKey"]
            await log_in(client)
            assert codes(await tell(client, POLL)) == ["taskNotFound"]

    run(live())


def test_a_refused_key_leaves_the_connection_open() -> None:
    """After a wrong key the client may show a good one; the refusal names the authentication and no task."""

    async def live() -> None:
        async with House(**{"api-key": ["a-key"]}).connect() as client:
            (frame,) = await tell(client, authentication("wrong"))
            (error,) = frame["errors"]
            assert (error["code"], error["taskType"], error.get("taskUUID")) == (
                "invalidApiKey",
                "authentication",
                None,
            )
            assert codes(await tell(client, POLL)) == ["invalidApiKey"]
            await log_in(client)

    run(live())


def test_a_second_wrong_key_ends_the_authority_of_a_connection() -> None:
    """A connection that shows a key that is not accepted is nobody's until it shows a good one; its tasks stay."""

    async def live() -> None:
        async with House(**{"api-key": ["a-key"]}).connect() as client:
            session = await log_in(client)
            frames = await tell(client, video(), authentication("wrong"), POLL)
            assert codes(frames) == ["data", "invalidApiKey"]
            assert frames[0]["data"] == [{"taskType": "videoInference", "taskUUID": UUID}]
            assert codes(await tell(client, POLL)) == ["invalidApiKey"]
            assert await log_in(client) == session
            assert codes(await tell(client, POLL)) == ["data"]

    run(live())


def test_another_good_key_begins_a_session_of_its_own() -> None:
    """A connection may change its key; it then sees the tasks of the new one alone, in another session."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            first = await log_in(client, "one")
            await tell(client, video())
            second = await log_in(client, "two")
            assert first != second
            assert codes(await tell(client, POLL)) == ["taskNotFound"]
            assert await log_in(client, "one", first) == first
            assert codes(await tell(client, POLL)) == ["data"]
            assert await log_in(client, "one") == first

    run(live())


@pytest.mark.parametrize("wait_ms", [0, SESSION_MS - 1, SESSION_MS])
def test_a_session_is_taken_up_again_within_two_minutes(wait_ms: int) -> None:
    """A client that lost its connection gets its session back, spelt in any case."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            session = await log_in(client)
        house.clock.advance(wait_ms)
        async with house.connect() as client:
            frames = await tell(client, authentication(session=session.upper()))
            assert session_of(frames) == session

    run(live())


def test_after_two_minutes_a_new_session_begins() -> None:
    """What was not taken up in time is forgotten."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            session = await log_in(client)
        house.clock.advance(SESSION_MS + 1)
        async with house.connect() as client:
            assert await log_in(client, session=session) != session
        house.clock.advance(2 * SESSION_MS)
        async with house.connect() as client:
            await log_in(client)
            assert house.sessions == 1

    run(live())


def test_an_open_session_is_not_forgotten() -> None:
    """The two minutes begin when the connection ends, however long it lived."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            session = await log_in(client)
            for _ in range(10):
                house.clock.advance(IDLE_MS - 1)
                await client.say(json.dumps([PING]))
        house.clock.advance(SESSION_MS)
        async with house.connect() as client:
            assert await log_in(client, session=session) == session

    run(live())


def test_a_session_belongs_to_its_key() -> None:
    """Another key that knows the UUID of a session gets a new one, and nothing of what waits in it."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            session = await log_in(client, "one")
            await tell(client, video(deliveryMethod="sync"))
        house.clock.advance(LONG_ENOUGH_MS)
        await rest()
        async with house.connect() as client:
            assert await log_in(client, "two", session) != session
        async with house.connect() as client:
            assert len(await tell(client, authentication("one", session))) == 2

    run(live())


@pytest.mark.parametrize("session", ["", "24cd5dff-cb81-4db5-8506-b72a9425f9d1"])
def test_an_unknown_session_begins_a_new_one(session: str) -> None:
    """Every new connection has a session of its own."""

    async def live() -> None:
        house = House()
        async with house.connect() as one, house.connect() as other:
            assert len({await log_in(one, session=session), await log_in(other, session=session), session}) == 3

    run(live())


def test_what_could_not_be_delivered_comes_after_the_authentication() -> None:
    """Results that were ready while nobody was there come once, in order, when the session is taken up again."""

    async def live() -> None:
        house = House()
        other = "f1ea033a-07f5-4e9e-a3f7-1f2a5a9f9a0c"
        async with house.connect() as client:
            session = await log_in(client)
            await tell(client, video(deliveryMethod="sync"), video(taskUUID=other, deliveryMethod="sync"))
        house.clock.advance(LONG_ENOUGH_MS)
        await rest()
        async with house.connect() as client:
            first, *late = await tell(client, authentication(session=session))
            assert session_of([first]) == session
            assert sorted(frame["data"][0]["taskUUID"] for frame in late) == sorted([UUID, other])
            assert all(frame["data"][0]["videoURL"] for frame in late)
            assert await log_in(client, session=session) == session
        async with house.connect() as client:
            await log_in(client, session=session)

    run(live())


def test_answers_on_a_broken_line_are_kept_for_the_session() -> None:
    """An answer that the connection did not take is not lost, also not when the next line breaks as well."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            session = await log_in(client)
            client.cut()
            assert await tell(client, video(), POLL) == []
        async with house.connect() as client:
            client.cut()
            assert await tell(client, authentication(session=session)) == []
        async with house.connect() as client:
            frames = await tell(client, authentication(session=session))
            items = [item for frame in frames for item in frame["data"]]
            assert [item.get("status", item["taskType"]) for item in items] == [
                "authentication",
                "videoInference",
                "processing",
            ]

    run(live())


def test_each_answer_is_shown_in_the_log_when_it_goes_out() -> None:
    """One that is held is shown when its results are there, not as a request without tasks before."""

    async def live() -> None:
        log = Remarks()
        house = House(log)
        async with house.connect() as client:
            await log_in(client)
            await tell(client, video(deliveryMethod="sync"))
            assert [[answer.outcome for answer in seen.answers] for seen in log.seen] == [["authenticated"]]
            house.clock.advance(LONG_ENOUGH_MS)
            await rest()
            assert [[answer.outcome for answer in seen.answers] for seen in log.seen[1:]] == [["success 1/1"]]

    run(live())


def test_a_refused_key_does_not_lose_what_waits_in_the_session() -> None:
    """A connection that ended without authority leaves its session to the key that began it."""

    async def live() -> None:
        house = House(**{"api-key": ["a-key"]})
        async with house.connect() as client:
            session = await log_in(client)
            await tell(client, video(deliveryMethod="sync"))
            await tell(client, authentication("wrong"))
        house.clock.advance(LONG_ENOUGH_MS)
        await rest()
        async with house.connect() as client:
            assert len(await tell(client, authentication(session=session))) == 2

    run(live())


def test_held_results_are_sent_when_they_are_ready_while_other_messages_are_answered() -> None:
    """A synchronous submission does not hold up the connection."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            await log_in(client)
            assert await tell(client, video(deliveryMethod="sync")) == []
            assert await client.say(json.dumps([PING])) == [PONG]
            house.clock.advance(LONG_ENOUGH_MS)
            await rest()
            (frame,) = client.take()
            assert json.loads(frame)["data"][0]["taskUUID"] == UUID

    run(live())


def test_a_silent_connection_is_closed_after_two_minutes() -> None:
    """Without a message for 120 seconds the server closes, with a code and a reason, and waits for nothing more."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            await log_in(client)
            closes = []
            for wait_ms in (IDLE_MS - 1, 1):
                house.clock.advance(wait_ms)
                await rest()
                closes.append(client.close)
            reason = "no message for 120 seconds"
            assert closes == [None, {"type": "websocket.close", "code": IDLE_CODE, "reason": reason}]
        assert house.clock.next_at_ms is None

    run(live())


@pytest.mark.parametrize("message", [json.dumps([PING]), "nonsense", b"\xff", ""])
def test_any_message_keeps_a_connection_alive(message: str | bytes) -> None:
    """The two minutes begin anew with every message, even one that is refused."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            for _ in range(5):
                house.clock.advance(IDLE_MS - 1)
                await rest()
                assert client.close is None
                await client.say(message)
            house.clock.advance(IDLE_MS)
            await rest()
            assert client.close

    run(live())


def test_a_connection_that_ended_waits_for_nothing() -> None:
    """The idle timer goes with its connection."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            await log_in(client)
        assert house.clock.next_at_ms is None

    run(live())


def test_a_line_that_broke_before_the_idle_close_is_let_go() -> None:
    """Closing a connection that is gone already does no harm."""

    async def live() -> None:
        house = House()
        async with house.connect() as client:
            client.cut()
            house.clock.advance(IDLE_MS)
            await rest()

    run(live())


def test_pings_are_alone_in_their_frames() -> None:
    """In a batch the pong has a frame of its own, as often as it is asked for."""

    async def live() -> None:
        async with House().connect() as client:
            await log_in(client)
            frames = await client.say(json.dumps([PING, video(), PING, POLL, PING]))
            assert [frame == PONG for frame in frames] == [True, False, True, False, True]

    run(live())


def test_binary_messages_are_read_like_texts_and_answered_with_texts() -> None:
    """Some clients send bytes; they mean the same."""

    async def live() -> None:
        async with House().connect() as client:
            await log_in(client)
            as_bytes, as_text = [await client.say(form) for form in (json.dumps([POLL]).encode(), json.dumps([POLL]))]
            assert as_bytes == as_text
            assert [json.loads(frame)["errors"][0]["code"] for frame in await client.say(b"\xff")] == ["invalidJSON"]

    run(live())


def test_unreadable_messages_are_answered_and_end_nothing() -> None:
    """Whatever bytes come, there is an answer and the connection lives on."""

    async def live() -> None:
        async with House(**{"max-body-bytes": "1000"}).connect() as client:
            await log_in(client)
            for message in ("", "null", "[]", "\ud800", "x" * 1001, b"\x00", b""):
                assert codes([json.loads(frame) for frame in await client.say(message)]) != ["data"]
            assert await client.say(json.dumps([PING])) == [PONG]

    run(live())


def test_addresses_in_answers_begin_with_what_the_client_connected_to() -> None:
    """The video's address has the host of the handshake, and http for ws."""

    async def live() -> None:
        async with House(speed="instant").connect(host="mock.example:8080") as client:
            await log_in(client)
            (_, frame) = await tell(client, video(), POLL)
            assert frame["data"][0]["videoURL"].startswith("http://mock.example:8080/video/")

    run(live())
