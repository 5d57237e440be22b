"""Time that is moved, and rules that come and go."""

from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock, ReadClock, SteeredClock
from tests.support.control import KEY, OTHER, RULES, UUID, VIDEO, controlled

NOW_MS = ManualClock().now_ms()


def nested(levels: int) -> bytes:
    """Return a JSON document that is so deep."""
    return b'{"a":' * levels + b"1" + b"}" * levels


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
