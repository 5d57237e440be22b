"""Calls in general: what there is, what cannot be used, and whose things are meant."""

import inspect
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.adapters.clocks import ManualClock, ReadClock, SteeredClock
from mockserver.control import operations
from mockserver.faults import FAULTS
from tests.support.control import BODIES, KEY, OTHER, UUID, VIDEO, controlled

NOW_MS = ManualClock().now_ms()
CALLS = [(method, path.removeprefix("/_mock")) for path, methods in operations().items() for method in methods]
CHECKED = [call for call in BODIES if call != "PUT /scenario"]


def nested(levels: int) -> bytes:
    """Return a JSON document that is so deep."""
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("clock", [ManualClock, SteeredClock, ReadClock])
@pytest.mark.parametrize("journal", ["0", "10"])
def test_every_operation_answers_as_it_is_described(method: str, path: str, clock: Any, journal: str) -> None:
    """Whatever the clock, and with the journal switched off: each has an answer, and its schema fits it."""
    house = controlled(settings={"journal": journal}, clock=clock())
    body = BODIES.get(f"{method} {path}", b"")
    assert house.ask(method, path, body).status in (200, 204, 404, 409)


def test_the_overview_lists_every_operation_and_says_how_things_stand() -> None:
    """Somebody who knows nothing but the first address finds the others."""
    house = controlled()
    house.say(VIDEO)
    told = house.ask("GET", "").body
    assert [*told["operations"]] == [f"{method} /_mock{path}" for method, path in CALLS]
    assert (told["tasks"], told["owed"], told["lastEntry"], told["clock"]["nowMs"]) == (1, 0, 1, NOW_MS)
    assert "lastEntry" not in controlled(settings={"journal": "0"}).ask("GET", "/").body


def test_every_fault_is_listed_with_its_settings() -> None:
    """What can be written into a rule is found without a look at the sources."""
    told = controlled().ask("GET", "/faults").body
    assert [fault["name"] for fault in told["faults"]] == [*FAULTS]
    assert [fault["about"] for fault in told["faults"]] == [inspect.getdoc(fault) for fault in FAULTS.values()]
    assert "providerError" in told["errors"]


def test_tasks_are_listed_as_they_stand() -> None:
    """The oldest first, with status and the faults that lie ahead; of one key alone where one is named."""
    house = controlled()
    house.say(VIDEO)
    house.say({**VIDEO, "taskUUID": OTHER, "positivePrompt": "[[lag-polls]] a mill"}, key="other")
    before = house.ask("GET", "/tasks").body["tasks"]
    assert [(task["taskUUID"], task["status"], task["faults"]) for task in before] == [
        (UUID, "processing", []),
        (OTHER, "processing", ["lag-polls"]),
    ]
    house.ask("POST", "/clock/advance", {"untilIdle": True})
    [mine] = house.ask("GET", "/tasks", key=KEY).body["tasks"]
    assert (mine["status"], mine["results"]) == ("success", ["success"])
    assert house.ask("GET", "", key="other").body["tasks"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (b"", 400, "unreadable", None),
        (b"{", 400, "unreadable", None),
        (b"\xff", 400, "unreadable", None),
        (b'{"ms":NaN}', 400, "unreadable", None),
        (b'{"untilFinished":"\\ud800"}', 400, "unreadable", None),
        (b'{"\\ud800":1}', 400, "unreadable", None),
        (b"[" * 2000, 400, "unreadable", None),
        (nested(500), 400, "unreadable", None),
        (nested(100), 400, "badBody", ""),
        (b"[]", 400, "badBody", ""),
        (b"null", 400, "badBody", ""),
        (b"{}", 400, "badBody", ""),
        (b'{"ms":"' + b"x" * 1_000_000 + b'"}', 400, "badBody", "/ms"),
        (b'{"' + b"x" * 1_000_000 + b'":1}', 400, "badBody", ""),
        (b'{"ms":1e30}', 400, "badBody", "/ms"),
        (b'{"ms":1' + b"0" * 30 + b"}", 400, "badBody", "/ms"),
        (b'{"ms":1.5}', 400, "badBody", "/ms"),
        (b'{"ms":true}', 400, "badBody", "/ms"),
        (b'{"ms":-1}', 400, "badBody", "/ms"),
        (b'{"ms":1,"untilIdle":true}', 400, "badBody", ""),
        (b'{"untilIdle":false}', 400, "badBody", "/untilIdle"),
        (b'{"untilFinished":""}', 400, "badBody", "/untilFinished"),
        (b'{"untilFinished":"nobody"}', 409, "noSuchTask", "/untilFinished"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_used_is_refused_with_its_place(
    body: bytes, status: int, code: str, pointer: Any
) -> None:
    """Neither what is no JSON nor what is too deep, long or large makes the mock fail; nothing has moved."""
    house = controlled()
    assert house.error("POST", "/clock/advance", body) == (status, code, pointer)
    assert house.ask("GET", "/clock").body["nowMs"] == NOW_MS


def test_a_member_that_does_not_exist_is_told_with_the_one_that_was_meant() -> None:
    """Somebody who misspells gets the right word, and somebody who guesses all of them."""
    house = controlled()
    bodies: list[Any] = [{"were": {}}, {"x": 1, "where": {}}]
    errors = [house.ask("POST", "/wait", body).body["errors"][0] for body in bodies]
    assert "'where'" in errors[0]["message"]
    assert "where, count, withinMs" in errors[1]["message"]


leaves = st.none() | st.booleans() | st.floats() | st.text()
names = st.sampled_from(["ms", "where", "expect", "params", "count", "rate", "status"]) | st.text()
documents = st.recursive(leaves, lambda each: st.lists(each) | st.dictionaries(names, each))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(CHECKED), st.binary(max_size=40) | documents.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_an_operation_fail(call: str, body: bytes) -> None:
    """Whatever comes, the answer is one that is described."""
    method, _, path = call.partition(" ")
    controlled().ask(method, path, body)


def test_an_address_that_does_not_exist_is_told_with_the_nearest() -> None:
    """And one that is used otherwise with the methods that it has."""
    house = controlled()
    told = house.ask("GET", "/clok")
    assert (told.status, told.body["errors"][0]["code"]) == (404, "unknownAddress")
    assert "/_mock/clock" in told.body["errors"][0]["message"]
    told = house.ask("PATCH", "/clock")
    assert (told.status, told.allowed) == (405, ("GET", "PUT", "HEAD"))
    assert house.ask("GET", "/reset").allowed == ("POST",)


@pytest.mark.parametrize("key", ["", "  ", "other"])
def test_a_key_that_is_not_accepted_is_refused(key: str) -> None:
    """Nobody's things are not everybody's: a key by mistake never empties the whole mock."""
    house = controlled(settings={"api-key": [KEY]})
    house.say(VIDEO)
    assert house.error("POST", "/reset", key=key) == (400, "unknownKey", None)
    assert len(house.ask("GET", "/tasks", key=KEY).body["tasks"]) == 1


# Time
