"""What is asked of the journal: entries, verdicts, and waiting for them."""

import asyncio
import time
from typing import Any

import pytest

from mockserver.adapters.clocks import SteeredClock
from mockserver.adapters.couriers import Outbox
from tests.support.control import BODIES, KEY, OTHER, UUID, VIDEO, Controlled, controlled
from tests.support.loops import rest, run_jumping


def talked() -> Controlled:
    """Return a mock whose journal has five entries: three requests, a webhook, and one of another key."""
    house = controlled(courier=Outbox())
    house.say({**VIDEO, "duration": 6, "webhookURL": "http://127.0.0.1:9/hook"})
    house.say({**VIDEO, "taskUUID": OTHER, "duration": 7}, {"taskType": "getResponse", "taskUUID": UUID})
    house.say(body=b"\xff{")
    house.ask("POST", "/clock/advance", {"untilIdle": True})
    house.say(VIDEO, key="other")
    return house


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("after=2", [3, 4, 5]),
        ("limit=2", [4, 5]),
        ("after=1&limit=1", [5]),
        ("after=999999999999999", []),
        ("kind=request", [1, 2, 3, 5]),
        ("kind=webhook", [4]),
        ("kind=upload", []),
        (f"taskUUID={UUID.upper()}", [1, 2, 4, 5]),
        (f"taskUUID={UUID}&kind=webhook", [4]),
        ("taskType=getResponse", [2]),
        ("transport=http", [1, 2, 3, 5]),
        ("transport=websocket", []),
        ("status=400", [3]),
        ("outcome=accepted", [1, 5]),
        ("outcome=delivered", [4]),
        ("error=unsupportedDuration", [2]),
        ("params.duration=6", [1]),
        ("params.duration=[6,7]", [1, 2]),
        ("params.duration={%22at_least%22:7}", [2]),
        ("params.duration=%7B%22present%22%3Afalse%7D", [2, 3, 5]),
        ("params.positivePrompt=a+lighthouse", [1, 2, 5]),
        ("params.positivePrompt=%22a%20lighthouse%22", [1, 2, 5]),
        ("params.positivePrompt=%ff", []),
        ("params.x=" + "[" * 5000, []),
        ("params.inputs." + "9" * 5000 + "=1", []),
    ],
)  # fmt: skip
def test_entries_of_the_journal_are_asked_for(query: str, numbers: list[int]) -> None:
    """By what they are, of whom they tell and what was asked; a value is JSON or the text itself."""
    house = talked()
    assert house.entries(query) == numbers
    archive = house.ask("GET", "/journal.har", query=query).body["log"]["entries"]
    assert [entry["_entry"]["number"] for entry in archive] == numbers


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("foo=1", "badQuery", "taskUUID"),
        ("taskuuid=1", "badQuery", "did you mean taskUUID"),
        ("=1", "badQuery", "taskUUID"),
        ("status=x", "badQuery", "whole number"),
        ("status=", "badQuery", "whole number"),
        ("status=99999999999999999999", "badQuery", "whole number"),
        ("status=" + "x" * 50_000, "badQuery", "whole number"),
        ("x" * 50_000 + "=", "badQuery", "taskUUID"),
        ("after=-1", "badQuery", "whole number"),
        ("limit=0", "badQuery", "1 or more"),
        ("limit=1&limit=2", "badQuery", "once"),
        ("status=200&status=400", "badQuery", "once"),
        ("kind=call", "badQuery", "webhook"),
        ("transport=ftp", "badQuery", "websocket"),
        ("params.duration={}", "badScenario", "at_least"),
        ("params.duration={%22at_leest%22:1}", "badScenario", "at_least"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/journal", "/journal.har"])
def test_a_query_that_cannot_be_used_is_refused(path: str, query: str, code: str, says: str) -> None:
    """Nothing is silently left out of account."""
    told = controlled().ask("GET", path, query=query)
    [error] = told.body["errors"]
    assert (told.status, error["code"]) == (400, code)
    assert says in error["message"]


def test_the_journal_of_a_key_is_its_own() -> None:
    """To read and to drop; numbers are not given again."""
    house = talked()
    assert house.entries(key="other") == [5]
    assert house.ask("DELETE", "/journal", key="other").status == 204
    assert house.entries() == [1, 2, 3, 4]
    assert house.ask("DELETE", "/journal").status == 204
    told = house.ask("GET", "/journal").body
    assert told == {"entries": [], "lastEntry": 5}


def test_without_a_journal_nothing_is_asked_of_it() -> None:
    """Every operation on it says how to switch it on."""
    house = controlled(settings={"journal": "0"})
    for method, path in (("GET", "/journal"), ("GET", "/journal.har"), ("DELETE", "/journal"), ("POST", "/verify"), ("POST", "/wait")):  # fmt: skip
        assert house.error(method, path, BODIES.get(f"{method} {path}", b"")) == (409, "noJournal", None)
    assert house.ask("POST", "/reset").status == 204


# Verifying


@pytest.mark.parametrize(
    ("expected", "count"),
    [
        ({"where": {}, "count": 5}, 5),
        ({"where": {"kind": "webhook"}, "count": 1}, 1),
        ({"where": {"status": [200, 201]}, "atLeast": 1, "atMost": 4}, 4),
        ({"where": {"outcome": ["accepted", "retry"]}, "count": 2}, 2),
        ({"where": {"params": {"duration": {"at_least": 6}}}, "atLeast": 2}, 2),
        ({"where": {"taskUUID": UUID.upper(), "outcome": "accepted"}, "atMost": 2}, 2),
        ({"where": {"taskType": "accountManagement"}, "count": 0}, 0),
        ({"where": {"params": {"inputs": {"contains": {"a": [{}]}}}}, "count": 0}, 0),
    ],
)
def test_what_is_so_is_verified(expected: Any, count: int) -> None:
    """Tasks are counted, not requests."""
    told = talked().ask("POST", "/verify", {"expect": [expected, {"where": {}, "atLeast": 1}]})
    assert (told.status, told.body) == (200, {"counts": [count, 5]})


def test_what_is_not_so_is_told_with_what_there_is_instead() -> None:
    """Every expectation that fails, with its place, and all counts."""
    expect = [
        {"where": {"params": {"duration": 6}}, "count": 2},
        {"where": {"kind": "webhook"}, "count": 1},
        {"where": {"outcome": "accepted"}, "count": 0},
    ]
    told = talked().ask("POST", "/verify", {"expect": expect})
    assert (told.status, told.body["counts"]) == (409, [1, 1, 2])
    assert [error["pointer"] for error in told.body["errors"]] == ["/expect/0", "/expect/2"]
    assert "in entry 2 duration was 7" in told.body["errors"][0]["message"]
    assert "entries 1, 5" in told.body["errors"][1]["message"]


@pytest.mark.parametrize(
    ("where", "code", "pointer"),
    [
        ({"status": []}, "badBody", "/status"),
        ({"status": [[]]}, "badBody", "/status/0"),
        ({"status": "200"}, "badBody", "/status"),
        ({"outcome": []}, "badBody", "/outcome"),
        ({"outcome": [1]}, "badBody", "/outcome/0"),
        ({"error": ["x"]}, "badBody", "/error"),
        ({"taskUUID": 5}, "badBody", "/taskUUID"),
        ({"kind": "call"}, "badBody", "/kind"),
        ({"colour": "red"}, "badBody", ""),
        ({"params": []}, "badBody", "/params"),
        ({"params": {"a": {}}}, "badScenario", "/params/a"),
        ({"params": {"~/": {}}}, "badScenario", "/params/~0~1"),
        ({"params": {"a": {"at_least": "x"}}}, "badScenario", "/params/a/at_least"),
        ({"params": {"a": {"present": 1}}}, "badScenario", "/params/a/present"),
        ({"params": {"a": {"one_of": {}}}}, "badScenario", "/params/a/one_of"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_used_is_refused_with_its_place(where: Any, code: str, pointer: str) -> None:
    """The same in what is verified and in what is waited for."""
    house = controlled()
    body = {"expect": [{"where": {}, "count": 0}, {"where": where, "count": 1}]}
    assert house.error("POST", "/verify", body) == (400, code, f"/expect/1/where{pointer}")
    assert house.error("POST", "/wait", {"where": where}) == (400, code, f"/where{pointer}")


@pytest.mark.parametrize(
    "expected",
    [
        {"where": {}},
        {"count": 1, "atMost": 1},
        {"where": {}, "count": 1, "atLeast": 1},
        {"where": {}, "atLeast": 3, "atMost": 1},
        {"where": {}, "count": -1},
        {"where": {}, "count": 1.5},
    ],
)
def test_numbers_that_make_no_sense_are_refused(expected: Any) -> None:
    """None at all, two that contradict each other, and what is no number of things."""
    status, code, pointer = controlled().error("POST", "/verify", {"expect": [expected]})
    assert (status, code, pointer.removesuffix("/count")) == (400, "badBody", "/expect/0")


# Waiting


def test_what_is_there_already_is_not_waited_for() -> None:
    """Past entries count."""
    told = talked().ask("POST", "/wait", {"where": {"outcome": "accepted"}, "count": 2, "withinMs": 600_000})
    assert [entry["number"] for entry in told.body["entries"]] == [1, 5]
    assert told.body["lastEntry"] == 5


def test_whoever_waits_is_told_as_soon_as_it_happens() -> None:
    """Of entries of the key alone, past ones included."""

    async def live() -> None:
        house = controlled()
        await house.send(VIDEO)
        body = {"where": {"taskType": "videoInference"}, "count": 2, "withinMs": 600_000}
        waiting = asyncio.ensure_future(house.call("POST", "/wait", body, key=KEY))
        await rest()
        await house.send({**VIDEO, "taskUUID": OTHER}, key="other")
        await house.send({"taskType": "getResponse", "taskUUID": UUID})
        await rest()
        assert not waiting.done()
        await house.send({**VIDEO, "taskUUID": OTHER})
        told = await waiting
        assert [entry["number"] for entry in told.body["entries"]] == [1, 4]

    run_jumping(live())


def test_whoever_waits_in_vain_is_told_what_there_was() -> None:
    """With what came near, and with a hint where time stands still."""
    house = talked()
    started = time.monotonic()
    body = {"where": {"params": {"duration": 10}}, "withinMs": 1}
    told = house.ask("POST", "/wait", body)
    [error] = told.body["errors"]
    assert (told.status, error["code"], error["pointer"]) == (409, "notInTime", "/where")
    assert "in entry 1 duration was 6" in error["message"]
    assert "the clock stands still" in error["message"]
    assert time.monotonic() - started < 5
    running = controlled(clock=SteeredClock())
    assert "stands still" not in running.ask("POST", "/wait", body).body["errors"][0]["message"]


def test_who_stops_waiting_leaves_nothing_behind() -> None:
    """A caller that goes away is no longer shown entries."""

    async def live() -> None:
        house = controlled()
        waiting = asyncio.ensure_future(house.call("POST", "/wait", {"where": {}}))
        await rest()
        assert house.mock.journal
        assert house.mock.journal._watchers
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not house.mock.journal._watchers

    asyncio.run(live())


@pytest.mark.parametrize("field", [{"count": 0}, {"count": 10**30 * -1}, {"withinMs": -1}, {"withinMs": 10**9}])
def test_waiting_has_its_bounds(field: Any) -> None:
    """Nobody waits for nothing, or for ever."""
    [name] = field
    assert controlled().error("POST", "/wait", {"where": {}, **field}) == (400, "badBody", f"/{name}")


# Beginning anew
