"""The control API: what each call does, what it says of calls that cannot be carried out, and whose things are meant."""

import asyncio
import inspect
import json
import time
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.pictures import png
from mockserver.adapters.clocks import ManualClock, ReadClock, SteeredClock
from mockserver.adapters.couriers import Outbox
from mockserver.control import operations
from mockserver.faults import FAULTS
from mockserver.ports import Shelf
from mockserver.spec.publish import control_document
from tests.support.control import KEY, UUID, VIDEO, Controlled
from tests.support.couriers import SlowOutbox
from tests.support.loops import rest, run_jumping
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

OTHER = "24cd5dff-cb81-4db5-8506-b72a9425f9d2"
RULES = {"rules": [{"name": "first", "match": {"nth": 1}, "outcome": "providerError"}]}
PICTURE = f"data:image/png;base64,{b64encode(png(300, 300)).decode()}"
NOW_MS = ManualClock().now_ms()
CALLS = [(method, path.removeprefix("/_mock")) for path, methods in operations().items() for method in methods]
#: A body that is good for an operation, for those that want one.
BODIES: dict[str, Any] = {
    "PUT /clock": {"rate": 1},
    "POST /clock/advance": {"ms": 1},
    "PUT /scenario": RULES,
    "POST /verify": {"expect": [{"where": {}, "count": 0}]},
    "POST /wait": {"where": {}, "withinMs": 0},
}
CHECKED = [call for call in BODIES if call != "PUT /scenario"]


def controlled(**given: Any) -> Controlled:
    """Return a mock for tests with its control API."""
    return Controlled(still_mock(**given))


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


def test_time_passes_by_milliseconds_until_a_task_is_over_and_until_nothing_is_due() -> None:
    """A UUID is known in any case of letters, and a whole number may have a point."""
    house = controlled()
    assert house.ask("POST", "/clock/advance", b'{"ms":5.0}').body == {
        "now": "2027-01-15T08:00:00.005Z", "nowMs": NOW_MS + 5, "rate": 0.0,
    }  # fmt: skip
    assert type(house.mock.clock.now_ms()) is int
    house.say(VIDEO)
    [task] = house.ask("GET", "/tasks").body["tasks"]
    moved = house.ask("POST", "/clock/advance", {"untilFinished": UUID.upper()}, key=KEY)
    assert moved.body["nowMs"] == task["dueAtMs"][-1]
    assert house.error("POST", "/clock/advance", {"untilFinished": UUID}, key="other")[:2] == (409, "noSuchTask")


def test_time_ends_with_the_last_year_that_can_be_written() -> None:
    """Nobody moves the clock to where no time can be shown any more."""
    house = controlled(clock=ManualClock(253_402_300_799_000))
    assert house.error("POST", "/clock/advance", {"ms": 1000}) == (409, "cannotMove", None)
    assert house.ask("POST", "/clock/advance", {"ms": 999}).body["now"] == "9999-12-31T23:59:59.999Z"


def test_a_time_is_shown_to_the_millisecond_however_late() -> None:
    """Nothing is rounded on the way."""
    house = controlled(clock=ManualClock(9_053_280_000_001))
    assert house.ask("GET", "/clock").body["now"] == "2256-11-20T08:00:00.001Z"


@pytest.mark.parametrize("asked", [{"ms": 1}, {"untilIdle": True}, {"untilFinished": UUID}])
def test_a_clock_that_cannot_be_moved_says_so(asked: Any) -> None:
    """Inside another program time is real; so is the answer."""
    house = controlled(clock=ReadClock())
    house.say(VIDEO)
    assert house.error("POST", "/clock/advance", asked)[:2] == (409, "cannotMove")
    assert house.error("PUT", "/clock", {"rate": 1})[:2] == (409, "cannotMove")
    assert house.ask("GET", "/clock").body["rate"] == 1


def test_the_rate_of_a_clock_can_be_changed() -> None:
    """Also to a stop; a clock that is moved by hand has none."""
    house = controlled(clock=SteeredClock())
    assert house.ask("PUT", "/clock", {"rate": 60}).body["rate"] == 60
    assert house.ask("PUT", "/clock", {"rate": 0}).body["rate"] == 0
    for rate in (-1, "1", None, 1e7):
        assert house.error("PUT", "/clock", {"rate": rate}) == (400, "badBody", "/rate")
    assert controlled().error("PUT", "/clock", {"rate": 1})[:2] == (409, "cannotMove")


def test_the_next_thing_that_is_due_is_told() -> None:
    """While there is one."""
    house = controlled()
    house.say({**VIDEO, "webhookURL": "http://127.0.0.1:9/hook"})
    due_ms = house.ask("GET", "/tasks").body["tasks"][0]["dueAtMs"][0]
    assert house.ask("GET", "/clock").body["nextAtMs"] == due_ms
    house.ask("POST", "/clock/advance", {"untilIdle": True})
    assert "nextAtMs" not in house.ask("GET", "/clock").body


# Rules


def test_a_scenario_is_played_told_and_stopped() -> None:
    """What is told is what was sent, and how often each rule took a task."""
    house = controlled()
    assert house.error("GET", "/scenario") == (404, "noScenario", None)
    assert house.ask("PUT", "/scenario", RULES).body["scenario"] == RULES
    for uuid in (UUID, OTHER):
        house.say({**VIDEO, "taskUUID": uuid})
    [rule] = house.ask("GET", "/scenario").body["rules"]
    assert rule == {"name": "first", "lookedAt": 2, "fitted": 2, "took": 1}
    assert house.ask("DELETE", "/scenario").status == 204
    assert house.ask("GET", "/scenario").status == 404


def test_rules_for_one_key_are_told_to_that_key() -> None:
    """Those for all stay as they are."""
    house = controlled()
    house.ask("PUT", "/scenario", b"rules: []")
    house.ask("PUT", "/scenario", RULES, key=KEY)
    assert house.ask("GET", "/scenario").body["scenario"] == {"rules": []}
    assert house.ask("GET", "/scenario", key=KEY).body["scenario"] == RULES
    house.ask("DELETE", "/scenario", key=KEY)
    assert house.error("GET", "/scenario", key=KEY)[:2] == (404, "noScenario")
    assert house.ask("GET", "/scenario").status == 200


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    f"{chr(98 + each)}: &{chr(98 + each)} [{','.join(['*' + chr(97 + each)] * 9)}]\n".encode() for each in range(9)
)
MERGES = b"a: &a {x: 1}\n" + b"".join(
    f"{chr(98 + each)}: &{chr(98 + each)} {{<<: [{','.join(['*' + chr(97 + each)] * 9)}]}}\n".encode()
    for each in range(9)
)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b"", "badScenario", ""),
        (b"[]", "badScenario", ""),
        (b"\xff", "unreadable", None),
        (b"\x00", "unreadable", None),
        (b"rules: [", "unreadable", None),
        (b"rules: []\n---\nrules: []", "unreadable", None),
        (BOMB, "unreadable", None),
        (MERGES, "unreadable", None),
        (b"rules: &a [*a]", "unreadable", None),
        (b"[" * 1_000_000, "unreadable", None),
        (b"- " * 3000, "unreadable", None),
        (b"x" * 1_000_000, "unreadable", None),
        (nested(200), "unreadable", None),
        (b"seed: 1" + b"0" * 5000, "unreadable", None),
        (b"seed: .nan\nrules: []", "unreadable", None),
        (b"seed: !!int ''\nrules: []", "unreadable", None),
        (b"rules: !!python/object:os.system x", "unreadable", None),
        (b"rules: [{match: {params: {1: 2}}, outcome: providerError}]", "unreadable", None),
        (b"rules: [{match: {params: {[a]: 2}}, outcome: providerError}]", "unreadable", None),
        (b'{"rules":[{"name":"\\ud800","outcome":"providerError"}]}', "unreadable", None),
        (b"seed: 2001-02-30\nrules: []", "badScenario", "/seed"),
        (b"rules: [{outcome: providerErorr}]", "badScenario", "/rules/0/outcome"),
        (b"rules: [{outcome: [providerError]}]", "badScenario", "/rules/0/outcome"),
        (b"rules: [{match: {params: {a/b: {}}}, outcome: providerError}]", "badScenario", "/rules/0/match/params/a~1b"),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_used_is_refused_and_changes_nothing(body: bytes, code: str, pointer: Any) -> None:
    """Whatever YAML allows to be written: aliases of aliases, tags, names that are none, half characters."""
    house = controlled()
    house.ask("PUT", "/scenario", RULES)
    assert house.error("PUT", "/scenario", body) == (400, code, pointer)
    assert house.ask("GET", "/scenario").body["scenario"] == RULES


def test_a_scenario_that_is_wrong_says_in_which_line() -> None:
    """As with a file."""
    told = controlled().ask("PUT", "/scenario", b"rules:\n  - outcome: providerErorr\n")
    [error] = told.body["errors"]
    assert error["message"].startswith("line 2, column 5: ")
    assert "providerError" in error["message"]


def test_conditions_of_any_shape_make_no_task_fail() -> None:
    """A rule may ask whether an object contains an object, or for a member with an endless number."""
    house = controlled()
    conditions = {"safety": {"contains": {"mode": []}}, "inputs.frameImages." + "9" * 5000: 1}
    rules = [{"match": {"params": {path: wanted}}, "outcome": "providerError"} for path, wanted in conditions.items()]
    assert house.ask("PUT", "/scenario", {"rules": rules}).status == 200
    task = {**VIDEO, "safety": {"checkContent": True}, "inputs": {"frameImages": ["http://127.0.0.1:9/a.png"]}}
    assert b"internalServerError" not in house.say({**VIDEO, "safety": {"checkContent": True}}).body
    assert [rule["fitted"] for rule in house.ask("GET", "/scenario").body["rules"]] == [0, 0]
    assert house.error("PUT", "/scenario", {"rules": [{"match": {"params": [task]}, "outcome": "providerError"}]})[1:] == ("badScenario", "/rules/0/match/params")  # fmt: skip


# The journal


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


def shelves(house: Controlled, owner: str | None) -> dict[Shelf, int]:
    """Return how many entries each shelf has, of an owner where its keys begin with one."""
    scanned = {shelf: house.mock.store.scan(shelf) for shelf in (Shelf.TASKS, Shelf.REFUSALS, Shelf.PLANS, Shelf.ACCOUNTS, Shelf.DELIVERIES)}  # fmt: skip
    return {shelf: sum(owner in (None, key[0]) for key, _ in found) for shelf, found in scanned.items()}


def lived() -> Controlled:
    """Return a mock on which two keys left something on every shelf."""
    house = controlled(settings={"webhook-attempts": "3", "balance": "1"}, courier=SlowOutbox())
    house.ask("PUT", "/scenario", b"rules: [{faults: [delay-webhook]}]")
    for key in (KEY, "other"):
        house.ask("PUT", "/scenario", b"rules: [{match: {nth: 9}, faults: [delay-webhook]}]", key=key)
        house.say({**VIDEO, "webhookURL": "http://127.0.0.1:9/hook"}, key=key)
        house.say({**VIDEO, "taskUUID": OTHER, "fps": 5}, key=key)
        house.say({"taskType": "mediaStorage", "taskUUID": OTHER, "operation": "upload", "media": PICTURE}, key=key)  # fmt: skip
    assert len(house.mock.store.scan(Shelf.MEDIA)) == 2
    return house


def test_what_belongs_to_a_key_is_forgotten() -> None:
    """The other key does not notice."""
    house = lived()
    mine, theirs = (house.mock.runtime.desk.keyring.owner(key) for key in (KEY, "other"))
    before = shelves(house, theirs)
    assert house.ask("POST", "/reset", key=KEY).status == 204
    assert not any(shelves(house, mine).values())
    assert shelves(house, theirs) == before
    assert house.entries(key=KEY) == []
    assert house.entries(key="other") != []
    assert [house.ask("GET", "/scenario", key=key).status for key in (KEY, "other", None)] == [404, 200, 200]
    house.say(VIDEO)
    assert house.ask("GET", "/tasks", key=KEY).body["tasks"][0]["status"] == "processing"


def test_everything_is_forgotten_but_the_time() -> None:
    """The rules are those that the mock began with, and videos have the UUIDs that they had the first time."""
    house = lived()
    house.ask("POST", "/clock/advance", {"ms": 5})
    assert house.ask("POST", "/reset").status == 204
    assert not any(shelves(house, None).values())
    assert house.mock.store.scan(Shelf.MEDIA) == []
    assert house.ask("GET", "/scenario").status == 404
    told = house.ask("GET", "").body
    assert (told["tasks"], told["owed"], told["clock"]["nowMs"]) == (0, 0, NOW_MS + 5)


def test_after_a_reset_everything_comes_again(tmp_path: Any) -> None:
    """The same tasks make the same videos, and the rules of the start count from the first task on."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{match: {nth: 2}, faults: [refuse-submit]}]")
    house = controlled(settings={"scenario": str(rules)})

    def tell() -> list[bytes]:
        said = [house.say({**VIDEO, "taskUUID": uuid}).body for uuid in (UUID, OTHER)]
        house.ask("POST", "/clock/advance", {"untilIdle": True})
        return [*said, house.say({"taskType": "getResponse", "taskUUID": UUID}).body]

    first = tell()
    house.ask("PUT", "/scenario", b"rules: []")
    house.ask("POST", "/reset")
    assert tell() == first
    house.ask("POST", "/reset", key=KEY)
    assert tell() == first


def test_a_task_that_was_forgotten_does_not_wake_the_next_one_of_its_name() -> None:
    """Tests that use one taskUUID after the other do not disturb each other."""
    house = controlled(courier=Outbox())
    hooked = {**VIDEO, "webhookURL": "http://127.0.0.1:9/hook"}
    house.say(hooked)
    [old] = house.ask("GET", "/tasks").body["tasks"]
    house.ask("POST", "/clock/advance", {"ms": 1000})
    house.ask("POST", "/reset")
    house.say(hooked)
    house.ask("POST", "/clock/advance", {"ms": old["dueAtMs"][0] - NOW_MS - 1000})
    assert house.ask("GET", "/tasks").body["tasks"][0]["status"] == "processing"
    house.ask("POST", "/clock/advance", {"ms": 1000})
    assert house.ask("GET", "/tasks").body["tasks"][0]["status"] == "success"


def test_a_delivery_that_was_forgotten_does_not_end_the_next_one_of_its_name() -> None:
    """An attempt that was under way ends as it may; what is owed now is another thing."""

    async def live() -> None:
        courier = SlowOutbox()
        house = controlled(settings={"webhook-attempts": "1"}, courier=courier)
        for _ in range(2):
            await house.send({**VIDEO, "webhookURL": "http://127.0.0.1:9/hook"})
            moving = asyncio.ensure_future(house.call("POST", "/clock/advance", {"untilIdle": True}))
            await rest()
            if len(courier.sent) == 1:
                moving.cancel()
                await asyncio.gather(moving, return_exceptions=True)
                await house.call("POST", "/reset")
        courier.deliver(0, 500)
        await rest()
        assert (await house.call("GET", "")).body["owed"] == 1
        assert (await house.call("GET", "/journal", query="kind=webhook")).body["entries"] == []
        courier.deliver(0, 200)
        await moving
        told = await house.call("GET", "/journal", query="kind=webhook")
        assert [entry["outcome"] for entry in told.body["entries"]] == ["delivered"]

    asyncio.run(live())


def test_whoever_waits_for_a_task_that_is_forgotten_is_told_when_time_is_up() -> None:
    """A synchronous submission does not hang for ever."""

    async def live() -> None:
        house = controlled(settings={"profile": "compat"})
        waiting = asyncio.ensure_future(house.send({**VIDEO, "deliveryMethod": "sync"}))
        await rest()
        await house.call("POST", "/reset")
        await house.call("POST", "/clock/advance", {"untilIdle": True})
        envelope = await waiting
        [error] = json.loads(envelope.body)["errors"]
        assert error["taskUUID"] == UUID
        assert house.mock.clock.now_ms() == NOW_MS + 120_000

    asyncio.run(live())


def test_an_open_connection_outlives_a_reset() -> None:
    """Its session is forgotten, and it goes on."""

    async def live() -> None:
        house = controlled()
        async with SocketClient(house.mock.front(None)) as client:
            await client.say(json.dumps([{"taskType": "authentication", "apiKey": KEY}]))
            await house.call("POST", "/reset", key=KEY)
            [frame] = await client.say(json.dumps([VIDEO]))
            assert json.loads(frame)["data"][0]["taskUUID"] == UUID

    asyncio.run(live())


def test_every_operation_is_described_with_what_may_be_answered() -> None:
    """Bodies, queries and keys that cannot be used have their answers in the description too."""
    for path, methods in control_document()["paths"].items():
        for method, about in methods.items():
            assert "default" in about["responses"], f"{method} {path}"
            assert about["summary"]
