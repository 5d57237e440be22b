"""Questions to the journal: which task an outcome and an error belong to, how many there are, and how that is said."""

import asyncio
import json
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.couriers import Outbox
from mockserver.inquiry import Expected, as_json, instant, items_of, read_filter, verdict
from mockserver.journal import Entry
from tests.support.control import KEY, UUID, VIDEO, Controlled
from tests.support.loops import rest
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

OTHER, THIRD = UUID[:-1] + "2", UUID[:-1] + "3"
POLL = {"taskType": "getResponse", "taskUUID": UUID}
AUTHENTICATION = {"taskType": "authentication", "apiKey": KEY}


def told(house: Controlled) -> list[tuple[Any, ...]]:
    """Return kind, last digit of the taskUUID, outcome and errors of everything that can be counted."""
    assert house.mock.journal
    return [
        (facts["kind"], facts.get("taskUUID", " ")[-1], facts["outcome"], facts.get("error", ()))
        for facts in (item.facts for item in items_of(house.mock.journal.entries()))
    ]


@pytest.mark.parametrize(
    ("tasks", "items"),
    [
        ([VIDEO], [("1", "accepted", ())]),
        ([VIDEO, {**VIDEO, "taskUUID": OTHER, "fps": 5}, POLL], [("1", "accepted", ()), ("2", "invalidFps", ("invalidFps",)), ("1", "processing 0/1", ())]),
        ([VIDEO, VIDEO], [("1", "accepted", ()), ("1", "conflictTaskUUID", ("conflictTaskUUID",))]),
        ([{**VIDEO, "fps": 5, "duration": 7}], [("1", "invalidFps and 1 more", ("invalidFps", "unsupportedDuration"))]),
        ([{"taskType": "ping"}, VIDEO, {"taskType": "nothing"}], [(" ", "missingParameter and 1 more", ()), ("1", "accepted", ()), (" ", "invalidTaskType and 1 more", ())]),
        ([{**VIDEO, "taskUUID": UUID.upper()}], [("1", "accepted", ())]),
        ([{**VIDEO, "taskUUID": 5}, VIDEO], [(" ", "invalidTaskUUID", ("invalidTaskUUID",)), ("1", "accepted", ())]),
    ],
)  # fmt: skip
def test_each_task_of_a_request_has_its_own_outcome_and_errors(tasks: Any, items: Any) -> None:
    """Also where one taskUUID stands in two of them, and where an error names none."""
    house = Controlled(still_mock())
    house.say(*tasks)
    found = told(house)
    assert [item[0] for item in found] == ["request"] * len(tasks)
    assert [item[1] for item in found] == [item[0] for item in items]
    for (_, _, outcome, errors), (_, wanted, codes) in zip(found, items, strict=True):
        if codes or wanted.startswith(("accepted", "processing")):
            assert (outcome, errors) == (wanted, codes)


def test_a_failed_result_is_an_error_of_the_poll() -> None:
    """Of the poll alone, not of the submission that was accepted."""
    house = Controlled(still_mock())
    house.say({**VIDEO, "positivePrompt": "[[providerError]] a mill"})
    house.ask("POST", "/clock/advance", {"untilIdle": True})
    house.say(POLL)
    assert told(house) == [("request", "1", "accepted", ()), ("request", "1", "providerError", ("providerError",))]


def test_an_outcome_is_known_without_the_faults_that_acted() -> None:
    """Whoever counts what was accepted also counts what will fail, and what was spoilt on its way."""
    house = Controlled(still_mock())
    house.say({**VIDEO, "positivePrompt": "[[split-frame]] a mill"})
    house.say({**VIDEO, "taskUUID": OTHER, "positivePrompt": "[[answer-503]] a mill"})
    assert house.ask("GET", "/journal").body["entries"][1]["outcomes"] == ("serviceUnavailable (answer-503)",)
    assert told(house)[1] == ("request", "2", "serviceUnavailable", ("serviceUnavailable",))


def test_a_request_without_a_key_is_refused_as_a_whole() -> None:
    """So the error is one of every task in it."""
    house = Controlled(still_mock())
    house.say(VIDEO, POLL, key="")
    assert told(house) == [
        ("request", "1", "missingApiKey", ("missingApiKey",)),
        ("request", "1", "unanswered", ("missingApiKey",)),
    ]


def test_what_cannot_be_read_is_one_thing() -> None:
    """It has no task, and can be found by its outcome."""
    house = Controlled(still_mock())
    house.say(body=b"\xff{")
    assert told(house) == [("request", " ", "invalidJSON", ("invalidJSON",))]


@pytest.mark.parametrize("key", ["errors", "error"])
def test_messages_are_counted_by_their_tasks_and_what_came_later_as_results(key: str) -> None:
    """A task that is waited for does not take the outcome of the next one, and its results are no second request."""

    async def live() -> Controlled:
        clock = ManualClock()
        house = Controlled(still_mock({"profile": "compat", "socket-errors-key": key}, clock))
        async with SocketClient(house.mock.front(None)) as client:
            await client.say(json.dumps([AUTHENTICATION]))
            await client.say("[]")
            await client.say("")
            sync = {**VIDEO, "deliveryMethod": "sync"}
            await client.say(json.dumps([sync, {**POLL, "taskUUID": OTHER}, {**VIDEO, "taskUUID": THIRD, "fps": 5}]))
            clock.advance(600_000)
            await rest()
        return house

    house = asyncio.run(live())
    items = told(house)
    assert [(kind, outcome) for kind, _, outcome, _ in items[:3]] == [
        ("request", "authenticated"),
        ("request", "invalidBody"),
        ("request", "invalidJSON"),
    ]
    assert items[3:] == [
        ("request", "1", "awaited", ()),
        ("request", "2", "taskNotFound", ("taskNotFound",)),
        ("request", "3", "invalidFps", ("invalidFps",)),
        ("result", "1", "success 1/1", ()),
    ]
    kinds = [entry["kind"] for entry in house.ask("GET", "/journal").body["entries"]]
    assert kinds == ["request"] * 4 + ["result"]
    assert house.entries(f"kind=result&taskUUID={UUID}&outcome=success+1/1") == [5]
    body = {"where": {"kind": "result", "taskUUID": UUID}, "withinMs": 0}
    assert house.ask("POST", "/wait", body).status == 200


# What is expected


def found(*tasks: Any) -> list[Entry]:
    """Return a journal in which each task came by itself."""
    house = Controlled(still_mock(courier=Outbox()))
    for task in tasks:
        house.say(task)
    assert house.mock.journal
    return [*house.mock.journal.entries()]


TALK = [{**VIDEO, "duration": 6}, {**VIDEO, "taskUUID": OTHER, "duration": 10}, POLL]


@pytest.mark.parametrize(
    ("where", "least", "most", "says"),
    [
        ({}, 1, 1, "expected exactly 1 request, found 3 (entries 1, 2, 3)"),
        ({}, 0, 0, "expected no requests, found 3 (entries 1, 2, 3)"),
        ({}, 0, 2, "expected at most 2 requests, found 3 (entries 1, 2, 3)"),
        ({}, 4, None, "expected at least 4 requests, found 3"),
        ({}, 4, 5, "expected 4 to 5 requests, found 3"),
        ({"kind": "webhook"}, 1, None, "expected at least 1 webhook, found none"),
        ({"kind": "upload"}, 2, 2, "expected exactly 2 uploads, found none"),
        ({"taskType": "getResponse"}, 2, 2, 'expected exactly 2 requests with taskType "getResponse", found 1; nearly: in entry 1 taskType was "videoInference"; in entry 2 taskType was "videoInference"'),
        ({"params": {"duration": 7}}, 1, 1, "expected exactly 1 request with duration 7, found none; nearly: in entry 1 duration was 6; in entry 2 duration was 10"),
        ({"params": {"duration": [7, 8]}}, 1, None, "expected at least 1 request with duration one of [7, 8], found none; nearly: in entry 1 duration was 6; in entry 2 duration was 10"),
        ({"params": {"fps": {"present": True}}}, 1, None, "expected at least 1 request with fps given, found none; nearly: in entry 1 fps was not there; in entry 2 fps was not there"),
        ({"params": {"fps": {"present": False}, "duration": {"at_least": 11}}}, 1, None, "expected at least 1 request with fps not given and duration at least 11, found none; nearly: in entry 1 duration was 6; in entry 2 duration was 10"),
        ({"error": "x", "status": 200}, 1, 1, 'expected exactly 1 request with error "x" and status 200, found none; nearly: in entry 1 error was none; in entry 2 error was none'),
        ({"params": {"positivePrompt": {"contains": "y" * 90}}}, 1, 1, f"expected exactly 1 request with positivePrompt contains \"{'y' * 56}…, found none; nearly: in entry 1 positivePrompt was \"a lighthouse\"; in entry 2 positivePrompt was \"a lighthouse\""),
    ],
)  # fmt: skip
def test_what_is_not_as_expected_is_said_in_a_sentence(where: Any, least: int, most: Any, says: str) -> None:
    """With the number, and with what came near: of another kind, or a poll, nothing is."""
    made = verdict(Expected(read_filter(where), least, most), items_of(found(*TALK)))
    assert not made.is_met
    assert str(made) == says


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"taskUUID": UUID.upper()}, 2),
        ({"transport": "http", "status": 200}, 3),
        ({"status": [400, 200]}, 3),
        ({"outcome": ["accepted"]}, 2),
        ({"params": {"duration": 6.0}}, 1),
        ({"params": {"duration": True}}, 0),
        ({"params": {"nothing.at.all": 1}}, 0),
        ({"params": {"taskUUID.0": "2"}}, 0),
    ],
)
def test_what_fits_is_found(where: Any, count: int) -> None:
    """A value by its value, with true being no 1; a UUID in any case of letters."""
    made = verdict(Expected(read_filter(where), count, count), items_of(found(*TALK)))
    assert (made.is_met, len(made.found)) == (True, count)


def test_items_that_miss_two_things_are_not_near() -> None:
    """Only what nearly fits helps whoever looks for a mistake."""
    where = read_filter({"status": 400, "params": {"duration": 7}})
    assert verdict(Expected(where, 1, None), items_of(found(*TALK))).near == []


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_800_000_000_001, "2027-01-15T08:00:00.001Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_to_the_millisecond(at_ms: int, text: str) -> None:
    """As RFC 3339 has it."""
    assert instant(at_ms) == text


def test_an_entry_shows_neither_key_nor_digest() -> None:
    """Eight digits tell owners apart, and lead nowhere."""
    house = Controlled(still_mock())
    house.say(VIDEO, AUTHENTICATION)
    assert house.mock.journal
    [entry] = house.mock.journal.entries()
    shown = as_json(entry)
    assert entry.owner
    assert shown["owner"] == entry.owner[:8]
    assert KEY not in str(shown)
    assert entry.owner not in str(shown)
    assert "unread" not in shown
