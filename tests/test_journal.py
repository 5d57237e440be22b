"""The journal: what was exchanged, without keys, within its bounds, told to whoever watches."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock
from mockserver.journal import LONGEST_KEPT_TEXT, MOST_BYTES, MOST_KEPT_WHOLE, NO_KEY, Attempt, Entry, Exchange, Journal
from mockserver.wire import Envelope
from tests.support.express import ExpressServer, request
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
SECRET = "a-very-secret-key"
NOW_MS = ManualClock().now_ms()


def post(mock: Mock, body: bytes, key: str | None = SECRET, media_type: bytes = b"application/json") -> Envelope:
    """Hand a request to a mock and return its answer."""
    headers = {b"content-type": media_type}
    if key is not None:
        headers[b"authorization"] = b"Bearer " + key.encode()
    desk = mock.http_desk()
    answer = desk.answer(desk.read_head(headers, "http", "", "/v1"), body)
    assert isinstance(answer, Envelope)
    return answer


def say(mock: Mock, *tasks: Any, key: str | None = SECRET) -> Any:
    """Hand tasks to a mock and return the body of its answer."""
    return json.loads(post(mock, json.dumps(tasks).encode(), key).body)


def entries(mock: Mock, key: str | None = None) -> Sequence[Entry]:
    """Return what a journal has, of one key if there is one."""
    assert mock.journal
    return mock.journal.entries(mock.runtime.desk.keyring.owner(key) if key else None)


def exchanges(mock: Mock, key: str | None = None) -> list[Exchange]:
    """Return the exchanges that a journal has."""
    return [entry for entry in entries(mock, key) if isinstance(entry, Exchange)]


def attempt(journal: Journal, owner: str = "me", **facts: Any) -> None:
    """Note an attempt."""
    usual: dict[str, Any] = {
        "task_uuid": UUID,
        "index": 0,
        "kind": "webhook",
        "method": "POST",
        "url": "http://127.0.0.1/hook",
        "attempt": 1,
        "status": 500,
        "excerpt": "",
        "problem": "the receiver answered 500",
        "outcome": "retry",
        "next_at_ms": NOW_MS + 250,
        "ms": 1.0,
    }
    journal.note_attempt(owner=owner, **usual, **facts)


def test_an_exchange_holds_request_answer_time_and_outcome() -> None:
    """All that tells what was said, and when by the mock's own clock."""
    clock = ManualClock()
    mock = still_mock(clock=clock)
    clock.advance(5)
    answer = say(mock, VIDEO)
    refusal = say(mock, {**VIDEO, "taskUUID": UUID.replace("2", "3"), "duration": 7, "fps": 1})
    owner = mock.runtime.desk.keyring.owner(SECRET)
    [accepted, refused] = exchanges(mock)
    assert accepted == Exchange(
        1, NOW_MS + 5, owner, "http", "/v1", 200, [VIDEO], "", ("accepted",), [answer], accepted.ms
    )
    assert accepted.errors == []
    assert (refused.number, refused.status, refused.answers) == (2, 400, [refusal])
    assert refused.outcomes == ("unsupportedDuration and 1 more",)
    assert [error["pointer"] for error in refused.errors] == ["/duration", "/fps"]
    assert 0 < accepted.ms < 60_000


def test_equal_histories_have_equal_journals() -> None:
    """The same seed and the same requests are noted alike, whatever time they really took."""

    def live() -> Sequence[Entry]:
        clock = ManualClock()
        mock = still_mock(clock=clock)
        for tasks in ([VIDEO], [POLL], [VIDEO, POLL]):
            say(mock, *tasks)
            clock.advance(100_000)
        return entries(mock)

    assert live() == live()


def test_every_task_of_a_batch_has_its_outcome() -> None:
    """Outcomes are in the order of the tasks."""
    mock = still_mock()
    say(mock, VIDEO, VIDEO, POLL)
    [exchange] = exchanges(mock)
    assert exchange.outcomes == ("accepted", "conflictTaskUUID", "processing 0/1")
    assert exchange.tasks == [VIDEO, VIDEO, POLL]


@pytest.mark.parametrize("name", ["apiKey", "\\u0061piKey"])
def test_no_key_is_kept_nor_shown(name: str) -> None:
    """A key in a body, however its name is spelt, is neither in an entry nor in memory."""
    mock = still_mock()
    body = f'[{{"taskType":"authentication","{name}":"{SECRET}"}}]'.encode()
    assert b"connectionSessionUUID" in post(mock, body, key=None).body
    post(mock, body[:-2], key=None)
    read, unread = exchanges(mock)
    assert read.tasks == [{"taskType": "authentication", "apiKey": NO_KEY}]
    assert read.owner == mock.runtime.desk.keyring.owner(SECRET)
    assert (unread.tasks, unread.unread, unread.outcomes) == ([], "(not kept)", ("invalidJSON",))
    assert mock.journal
    assert SECRET not in str(entries(mock)) + str(vars(mock.journal))


def test_requests_that_cannot_be_read_are_noted_as_they_came() -> None:
    """Bytes, a foreign media type, a body that is too large and a missing key: each leaves an entry."""
    mock = still_mock({"max-body-bytes": "100"})
    post(mock, b"\xff[1" + b"x" * 300)
    post(mock, b"[]", media_type=b"text/plain")
    post(mock, b'{"a":1}')
    post(mock, json.dumps([POLL]).encode(), key=None)
    desk = mock.http_desk()
    desk.too_large(desk.read_head({}, "http", "", "/"))
    assert [(entry.outcomes, entry.status, entry.tasks, entry.unread) for entry in exchanges(mock)] == [
        (("valueTooLarge",), 413, [], "\ufffd[1" + "x" * 197),
        (("unsupportedMediaType",), 415, [], ""),
        (("invalidBody",), 400, [], '{"a":1}'),
        (("missingApiKey",), 401, [POLL], ""),
        (("valueTooLarge",), 413, [], ""),
    ]


def test_long_texts_are_cut() -> None:
    """Of a picture in base64 the beginning is shown; a large body is not kept in memory either."""
    mock = still_mock()
    for length in (LONGEST_KEPT_TEXT, LONGEST_KEPT_TEXT + 1, 2 * MOST_KEPT_WHOLE):
        say(mock, {**VIDEO, "positivePrompt": "x" * length})
    shown = [entry.tasks[0]["positivePrompt"] for entry in exchanges(mock)]
    assert shown[0] == "x" * LONGEST_KEPT_TEXT
    assert shown[1] == "x" * 64 + "… (4,097 characters)"
    assert shown[2] == "x" * 64 + "… (524,288 characters)"
    assert mock.journal
    assert len(str(vars(mock.journal))) < MOST_KEPT_WHOLE


def test_the_oldest_go_first_and_numbers_are_not_given_twice() -> None:
    """No more exchanges and no more attempts are kept than the setting says."""
    journal = Journal(ManualClock(), 3)
    for number in range(5):
        journal.note("me", "http", "/v1", 200, b"[]", str(number), b"{}", 0)
        attempt(journal)
    kept = journal.entries()
    assert [entry.number for entry in kept] == [5, 6, 7, 8, 9, 10]
    assert [type(entry) for entry in kept] == [Exchange, Attempt] * 3
    journal.forget()
    assert journal.entries() == []
    attempt(journal)
    assert [entry.number for entry in journal.entries()] == [11] == [journal.last_number]


def test_bytes_are_bounded_too() -> None:
    """However many entries there may be, requests and answers take no more than their room."""
    journal = Journal(ManualClock(), 1_000_000)
    answer = json.dumps({"data": ["x" * 1_000_000]}).encode()
    for _ in range(200):
        journal.note("me", "websocket", "socket", 0, b"[]", (), (answer, b"{}"), 0)
    assert MOST_BYTES * 0.9 < len(journal.entries()) * len(answer) < MOST_BYTES
    journal.forget("me")
    journal.note("me", "http", "/v1", 200, b"[]", "", b"{}", 0)
    assert len(journal.entries()) == 1


def test_entries_belong_to_their_key() -> None:
    """Who asks for one key sees and forgets nothing of another."""
    mock = still_mock()
    assert mock.journal
    for key in ("one", "two", "one"):
        say(mock, POLL, key=key)
    owner = mock.runtime.desk.keyring.owner("one")
    assert owner
    attempt(mock.journal, owner)
    assert [entry.number for entry in entries(mock, "one")] == [1, 3, 4]
    assert [entry.number for entry in mock.journal.entries(owner, after=1)] == [3, 4]
    mock.journal.forget(owner)
    assert [entry.number for entry in entries(mock)] == [2]


def test_whoever_watches_sees_each_new_entry_at_once() -> None:
    """Until they stop; stopping twice does no harm."""
    journal = Journal(ManualClock(), 10)
    seen: list[Entry] = []
    stop = journal.watch(seen.append)
    journal.note("me", "http", "/v1", 200, b"[]", "accepted", b"{}", 0)
    attempt(journal)
    stop()
    stop()
    attempt(journal)
    assert seen == list(journal.entries())[:2]


def test_the_journal_can_be_switched_off() -> None:
    """Then there is none, and everything else goes on."""
    mock = still_mock({"journal": "0"})
    assert mock.journal is None
    assert say(mock, VIDEO)["data"]


def test_the_short_way_is_noted_too() -> None:
    """What uvicorn's protocol class answers is in the same journal."""

    async def live() -> None:
        mock = still_mock()
        connection = ExpressServer(mock).connect()
        await connection.ask(request(json.dumps([VIDEO]).encode()))
        connection.drop()
        assert [entry.outcomes for entry in exchanges(mock)] == [("accepted",)]

    asyncio.run(live())


def test_messages_are_noted_with_every_frame() -> None:
    """Over WebSocket an entry has a message and all frames of its answer; results that come later are one of their own."""

    async def live() -> None:
        clock = ManualClock()
        mock = still_mock({"profile": "compat"}, clock)
        async with SocketClient(mock.front(None)) as client:
            frames = await client.say(json.dumps([{"taskType": "authentication", "apiKey": SECRET}]))
            frames += await client.say(json.dumps([POLL, {**VIDEO, "deliveryMethod": "sync"}]))
            clock.advance(600_000)
            frames += await client.say("[1]")
        first, second, later, last = exchanges(mock)
        assert {(entry.transport, entry.status) for entry in exchanges(mock)} == {("websocket", 0)}
        assert [entry.target for entry in exchanges(mock)] == ["socket", "socket", "results", "socket"]
        assert [entry.outcomes for entry in (first, second, later, last)] == [
            ("authenticated",),
            ("taskNotFound", "awaited"),
            ("success 1/1",),
            ("invalidBody",),
        ]
        assert (len(second.tasks), later.tasks, last.unread) == (2, [], "[1]")
        told = [answer for entry in (first, second, later, last) for answer in entry.answers]
        assert sorted(map(json.dumps, told)) == sorted(json.dumps(json.loads(frame)) for frame in frames)

    asyncio.run(live())
