"""Scenarios at work: which tasks the rules take, and how often."""

import json
from typing import Any
from uuid import uuid4

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import COUNTERS_IN_USE_MS, ROOMS
from mockserver.app import Mock
from mockserver.plans import MOST_PLAYS, Postponed, Spoilt
from mockserver.platform import Caller
from mockserver.ports import Shelf
from mockserver.scenario import read_scenario
from mockserver.wire import Answer
from tests.support.mocks import still_mock

VIDEO = {"taskType": "videoInference", "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
LONG_ENOUGH_MS = 3_600_000


class House:
    """A mock with rules, and what it answers.

    Args:
        rules: the rules.
        seed: of the scenario.
    """

    def __init__(self, *rules: dict[str, Any], seed: int = 0) -> None:
        self.clock = ManualClock()
        self.mock: Mock = still_mock({}, self.clock)
        self.play(*rules, seed=seed)

    def play(self, *rules: dict[str, Any], seed: int = 0, key: str | None = None) -> None:
        """Play other rules from now on, for one key or for all."""
        spec = self.mock.spec
        data = {"seed": seed, "rules": list(rules)}
        owner = None if key is None else self.mock.runtime.desk.keyring.owner(key)
        self.mock.runtime.plans.play(read_scenario(data, spec.failures, spec.models), owner)

    def ask(self, task: dict[str, Any], key: str = "a-key", transport: str = "http") -> tuple[str, list[str]]:
        """Send a task and return what it is answered with, an outcome or a code, and the faults that act on it."""
        owner = self.mock.runtime.desk.keyring.owner(key)
        (made,) = self.mock.runtime.exchange(json.dumps([task]).encode(), Caller("http://mock.test", transport, owner))
        if isinstance(made, Postponed):
            self.clock.advance_to(made.until_ms)
            made = made.arrive()
        hits = [hit.name for hit in made.hits] if isinstance(made, Spoilt) else []
        answer = made.answer if isinstance(made, Spoilt) else made
        assert isinstance(answer, Answer)
        return (answer.errors[0]["code"] if answer.errors else answer.outcome.partition(" ")[0]), hits

    def submit(self, key: str = "a-key", **params: Any) -> str:
        """Hand in a new task and return what it is answered with."""
        return self.ask({**VIDEO, "taskUUID": str(uuid4()), **params}, key)[0]

    def outcomes(self, number: int, key: str = "a-key", **params: Any) -> str:
        """Hand in some new tasks; a dot is an accepted one, an x a refused one."""
        return "".join("." if self.submit(key, **params) == "accepted" else "x" for _ in range(number))


def refuse(match: dict[str, Any] | None = None, **rule: Any) -> dict[str, Any]:
    """Return a rule that refuses tasks for good."""
    return {**({"match": match} if match else {}), "faults": [{"refuse-submit": {"times": "always"}}], **rule}


@pytest.mark.parametrize(
    ("condition", "params", "is_taken"),
    [
        ({"duration": 6}, {"duration": 6}, True),
        ({"duration": 6}, {"duration": 6.0}, True),
        ({"duration": 6}, {"duration": 10}, False),
        ({"duration": 6}, {}, False),
        ({"duration": [6, 10]}, {"duration": 10}, True),
        ({"includeCost": True}, {"includeCost": True}, True),
        ({"numberResults": True}, {"numberResults": 1}, False),
        ({"numberResults": {"at_least": 2}}, {"numberResults": 2}, True),
        ({"numberResults": {"at_least": 2, "at_most": 3}}, {"numberResults": 4}, False),
        ({"positivePrompt": {"contains": "house"}}, {}, True),
        ({"positivePrompt": {"contains": "mill"}}, {}, False),
        ({"positivePrompt": {"at_least": 1}}, {}, False),
        ({"seed": {"present": False}}, {}, True),
        ({"webhookURL": {"present": True}}, {"webhookURL": "http://127.0.0.1:9/"}, True),
        ({"safety.mode": "fast"}, {"safety": {"checkContent": True, "mode": "fast"}}, True),
        ({"safety": {"contains": "mode"}}, {"safety": {"checkContent": True, "mode": "fast"}}, True),
        ({"safety": {"contains": {"mode": "fast"}}}, {"safety": {"checkContent": True, "mode": "fast"}}, False),
        ({"safety": {"contains": ["mode"]}}, {"safety": {"checkContent": True, "mode": "fast"}}, False),
        ({"inputs.frameImages": {"contains": {"a": 1}}}, {"inputs": {"frameImages": [{"a": 1}]}}, True),
        ({"inputs.frameImages": {"contains": True}}, {"inputs": {"frameImages": [1]}}, False),
        ({"inputs.frameImages." + "9" * 5000: 1}, {"inputs": {"frameImages": [1]}}, False),
        ({"inputs.frameImages.²": 1}, {"inputs": {"frameImages": [1, 1, 1]}}, False),
        ({"safety": {"equals": {"checkContent": True}}}, {"safety": {"checkContent": True}}, True),
        ({"inputs.frameImages.1.frame": "last"}, {"inputs": {"frameImages": [{"image": "http://127.0.0.1:9/a.png", "frame": "first"}, {"image": "http://127.0.0.1:9/b.png", "frame": "last"}]}}, True),
        ({"inputs.frameImages.1.frame": "last"}, {"inputs": {"frameImages": ["http://127.0.0.1:9/a.png"]}}, False),
        ({"taskType": "videoInference", "duration": {"one_of": [6]}}, {"duration": 6}, True),
    ],
)  # fmt: skip
def test_a_rule_takes_tasks_by_their_parameters(condition: Any, params: Any, is_taken: bool) -> None:
    """As sent, by dotted path; every condition must hold, and true is not 1."""
    rule = read_scenario({"rules": [refuse({"params": condition})]}, {"internalServerError"}, {"videoInference"}).rules[
        0
    ]
    assert rule.fits({**VIDEO, **params}) is is_taken


@pytest.mark.parametrize(
    ("match", "outcomes"),
    [
        ({"nth": 1}, "x....."),
        ({"nth": [2, 5]}, ".x..x."),
        ({"every": 3}, "..x..x"),
        ({"every": 2, "nth": [2, 3]}, ".x...."),
        ({"probability": 0}, "......"),
        ({"probability": 1}, "xxxxxx"),
        ({"model": "minimax:3@1"}, "xxxxxx"),
        ({"model": ["minimax:4@1"]}, "......"),
        ({"key": "a-key"}, "xxxxxx"),
        ({"key": "other"}, "......"),
    ],
)
def test_a_rule_takes_tasks_by_number_chance_model_and_key(match: Any, outcomes: str) -> None:
    """All conditions together decide."""
    assert House(refuse(match)).outcomes(6) == outcomes


def test_chance_is_the_same_in_every_run_and_near_its_probability() -> None:
    """A scenario repeats under its seed, whatever keys and UUIDs are; another seed draws otherwise."""
    runs = [
        House(refuse({"probability": 0.3}), seed=seed).outcomes(200, key)
        for seed, key in ((1, "a"), (1, "b"), (2, "a"))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert 40 <= runs[0].count("x") <= 80


def test_keys_are_counted_apart() -> None:
    """What one test does to a shared mock does not move the numbers of another."""
    house = House(refuse({"nth": 2}), refuse(times=1))
    assert [house.outcomes(3, key) for key in ("a", "b")] == ["xx.", "xx."]


def test_the_first_rule_that_takes_a_task_decides() -> None:
    """The others do not see it."""
    house = House(refuse({"params": {"duration": 6}}), {"outcome": "providerError"})
    assert house.submit(duration=6) == "internalServerError"
    assert house.submit(duration=10) == "accepted"
    play = house.mock.runtime.plans.played()
    assert play is not None
    assert [(tally.looked_at, tally.fitted, tally.took) for tally in play.tallies] == [(2, 1, 1), (1, 1, 1)]


def test_a_task_is_decided_on_once() -> None:
    """Further tries with the same taskUUID count as the same task, and have its faults."""
    house = House(refuse({"nth": 1}), {"match": {"nth": 1}, "faults": ["answer-503"]})
    first = {**VIDEO, "taskUUID": str(uuid4())}
    second = {**VIDEO, "taskUUID": str(uuid4())}
    assert [house.ask(task)[0] for task in (first, first, second, second, second)] == [
        "internalServerError",
        "internalServerError",
        "serviceUnavailable",
        "accepted",
        "conflictTaskUUID",
    ]


def test_rules_and_magic_values_go_together() -> None:
    """The prompt's faults come first."""
    house = House({"outcome": "providerError", "faults": ["drop-webhook"]})
    uuid = str(uuid4())
    assert house.ask({**VIDEO, "taskUUID": uuid, "positivePrompt": "[[lag-polls]] [[slow-rendering]]"})[0] == "accepted"
    house.clock.advance(10 * LONG_ENOUGH_MS)
    assert house.ask({"taskType": "getResponse", "taskUUID": uuid}) == ("providerError", ["lag-polls"])


def test_other_rules_leave_tasks_as_they_were_decided_on() -> None:
    """A new scenario begins to count anew; what was accepted keeps its outcome."""
    house = House({"match": {"nth": 1}, "outcome": "providerError"})
    uuid = str(uuid4())
    house.ask({**VIDEO, "taskUUID": uuid})
    house.play(refuse({"nth": 1}))
    assert house.outcomes(2) == "x."
    house.mock.runtime.plans.play(None)
    assert house.outcomes(2) == ".."
    house.clock.advance(LONG_ENOUGH_MS)
    assert house.ask({"taskType": "getResponse", "taskUUID": uuid})[0] == "providerError"


def test_forgetting_a_key_begins_its_counts_anew() -> None:
    """So that tests after each other under one key see the same."""
    house = House(refuse({"nth": 1}))
    assert [house.outcomes(2, "a"), house.outcomes(2, "b")] == ["x.", "x."]
    house.mock.runtime.plans.forget(house.mock.runtime.desk.keyring.owner("a"))
    assert [house.outcomes(2, "a"), house.outcomes(2, "b")] == ["x.", ".."]
    house.mock.runtime.plans.forget()
    assert house.outcomes(2, "b") == "x."


@pytest.mark.parametrize(
    ("task", "faults", "answered"),
    [
        ({"taskType": "ping", "ping": True}, ["lose-frame"], ("pong", ["lose-frame"])),
        ({"taskType": "ping", "ping": True}, ["answer-500"], ("internalServerError", ["answer-500"])),
        ({"taskType": "ping", "ping": True}, [{"delay-request": {"delay_ms": 5}}], ("pong", ["delay-request"])),
        ({"taskType": "authentication", "apiKey": "k"}, [{"refuse-submit": {"code": "invalidApiKey"}}], ("invalidApiKey", ["refuse-submit"])),
        ({"taskType": "getResponse", "taskUUID": str(uuid4())}, ["limit-rate"], ("rateLimitExceeded", ["limit-rate"])),
        ({"taskType": "getResponse", "taskUUID": str(uuid4())}, ["truncate-body"], ("taskNotFound", ["truncate-body"])),
    ],
)  # fmt: skip
def test_a_rule_about_another_task_type_spoils_its_answers(task: Any, faults: Any, answered: Any) -> None:
    """Heartbeats, authentication and polls go wrong as well; each request is looked at by itself."""
    house = House({"match": {"params": {"taskType": task["taskType"]}}, "faults": faults})
    assert [house.ask(task, transport="websocket") for _ in range(2)] == [answered] * 2
    assert house.submit() == "accepted"


def test_a_rule_about_polls_goes_with_the_faults_of_the_task() -> None:
    """Both spoil the answer, and a submission that is waited for is spoilt when it comes."""
    house = House({"match": {"params": {"taskType": "getResponse"}, "nth": 2}, "faults": ["truncate-body"]})
    uuid = str(uuid4())
    house.ask({**VIDEO, "taskUUID": uuid, "positivePrompt": "[[delay-request on=poll skip=1]] [[split-frame]]"})
    poll = {"taskType": "getResponse", "taskUUID": uuid}
    assert house.ask(poll) == ("processing", ["split-frame"])
    assert house.ask(poll) == ("processing", ["delay-request", "split-frame", "truncate-body"])
    assert house.ask(poll) == ("processing", ["split-frame"])


# Rules for one key alone


def test_rules_for_one_key_do_not_touch_the_others() -> None:
    """However many keys have some."""
    house = House()
    house.play(refuse(), key="a")
    house.play(refuse({"nth": 2}), key="b")
    assert [house.outcomes(3, key) for key in ("a", "b", "c")] == ["xxx", ".x.", "..."]


def test_rules_for_one_key_are_asked_before_those_for_all() -> None:
    """What they do not take, and only that, the others see."""
    house = House({"match": {"nth": 1}, "faults": [{"refuse-submit": {"code": "serviceUnavailable"}}]})
    house.play({"match": {"nth": 1}, "faults": [{"refuse-submit": {"code": "rateLimitExceeded"}}]}, key="a")
    assert [house.submit("a") for _ in range(3)] == ["rateLimitExceeded", "serviceUnavailable", "accepted"]
    assert [house.submit("b") for _ in range(2)] == ["serviceUnavailable", "accepted"]
    play = house.mock.runtime.plans.played()
    assert play is not None
    assert play.tallies[0].looked_at == 4


def test_rules_that_name_another_key_take_nothing_of_this_one() -> None:
    """Both conditions hold."""
    house = House()
    house.play(refuse({"key": "b"}), key="a")
    assert [house.outcomes(2, key) for key in ("a", "b")] == ["..", ".."]


def test_rules_for_one_key_spoil_the_answers_to_its_polls() -> None:
    """Those about other task types are for one key as well."""
    house = House()
    house.play({"match": {"params": {"taskType": "getResponse"}}, "faults": ["limit-rate"]}, key="a")
    poll = {"taskType": "getResponse", "taskUUID": str(uuid4())}
    assert [house.ask(poll, key)[0] for key in ("a", "b")] == ["rateLimitExceeded", "taskNotFound"]


def test_a_task_is_decided_on_once_while_rules_for_other_keys_come_and_go() -> None:
    """Tests beside each other, each with a key, do not make each other's tasks count twice."""
    house = House(refuse({"nth": 3}))
    house.play(refuse({"nth": 1, "params": {"duration": 6}}), key="a")
    task = {**VIDEO, "taskUUID": str(uuid4()), "duration": 6}
    first = house.ask(task, "a")
    house.play(refuse(), key="b")
    house.mock.runtime.plans.play(None, house.mock.runtime.desk.keyring.owner("b"))
    assert house.ask(task, "a") == first == ("internalServerError", ["refuse-submit"])
    assert house.submit("a", duration=6) == "accepted"
    house.play(refuse({"nth": 1}))
    assert house.submit("a", duration=10) == "internalServerError"


def test_rules_for_one_key_end_with_it() -> None:
    """When they are taken back, and when the key is forgotten; those for all stay."""
    house = House(refuse({"nth": 3}))
    plans, owner = house.mock.runtime.plans, house.mock.runtime.desk.keyring.owner("a")
    house.play(refuse(), key="a")
    plans.play(None, owner)
    assert (plans.played(owner), house.outcomes(3, "a")) == (None, "..x")
    house.play(refuse(), key="a")
    plans.forget(owner)
    assert (plans.played(owner), house.outcomes(3, "a")) == (None, "..x")
    house.play(refuse(), key="a")
    plans.forget()
    assert (plans.played(owner), house.outcomes(3, "a")) == (None, "..x")
    plans.play(None)
    assert plans.has_no_rules


def test_past_so_many_keys_the_one_whose_rules_came_first_loses_them() -> None:
    """The rules for all never go this way."""
    house = House(refuse({"nth": 2}))
    for number in range(MOST_PLAYS):
        house.play(refuse(), key=str(number))
    assert [house.outcomes(2, key) for key in ("0", "1", "x")] == [".x", "xx", ".x"]


def test_counts_are_bounded() -> None:
    """Past so many rules and keys the oldest begin anew."""
    house = House(refuse({"nth": 1}))
    play, clock = house.mock.runtime.plans.played(), house.mock.clock
    assert play is not None
    assert isinstance(clock, ManualClock)
    assert house.outcomes(2, "a") == "x."
    for number in range(ROOMS[Shelf.COUNTS].max_entries + 1):
        play.choose(str(number), VIDEO, None)
        clock.advance(2 * (number % 1000 == 0) * COUNTERS_IN_USE_MS)
    clock.advance(2 * COUNTERS_IN_USE_MS)
    play.choose("b", VIDEO, None)
    assert house.outcomes(2, "a") == "x."
