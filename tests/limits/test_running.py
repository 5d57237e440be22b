"""How many tasks one key may have running: the next one is refused with 429."""

import json
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import MemoryStore
from mockserver.platform import Caller
from mockserver.ports import Entry, Shelf
from mockserver.quotas import FULL_MS, MOST_KEYS, Running
from mockserver.scenario import read_scenario
from tests.limits.test_owed import ACCEPTED, LONG_ENOUGH_MS, REFUSED, submit
from tests.support.couriers import SlowOutbox
from tests.support.mocks import answered, still_mock

URL = "https://example.com/there"


def test_a_key_with_enough_tasks_running_is_refused_the_next() -> None:
    """The last that fits is taken on; other keys are not concerned, and what is made makes room."""
    clock = ManualClock()
    mock = still_mock({"max-running": "2"}, clock, SlowOutbox())
    assert [submit(mock, number) for number in (1, 2, 3)] == [ACCEPTED, ACCEPTED, REFUSED]
    assert submit(mock, 3, key="another") == ACCEPTED
    clock.advance(LONG_ENOUGH_MS)
    assert [submit(mock, number) for number in (3, 4, 5)] == [ACCEPTED, ACCEPTED, REFUSED]


def test_a_task_runs_until_its_end_is_known() -> None:
    """One whose upload is under way is not over, however long that takes."""
    clock, courier = ManualClock(), SlowOutbox()
    mock = still_mock({"max-running": "1", "media": "prerendered"}, clock, courier)
    assert submit(mock, 1, uploadEndpoint=URL) == ACCEPTED
    clock.advance(LONG_ENOUGH_MS)
    assert submit(mock, 2) == REFUSED
    courier.deliver()
    clock.advance(FULL_MS)
    assert submit(mock, 2) == ACCEPTED


def test_what_was_refused_takes_no_room() -> None:
    """Neither a conflict nor a mistake does, and the UUID of a refused task stays free."""
    clock = ManualClock()
    mock = still_mock({"max-running": "2"}, clock, SlowOutbox())
    assert submit(mock, 1) == ACCEPTED
    assert [submit(mock, 1)[1], submit(mock, 2, duration=7)[1]] == ["conflictTaskUUID", "unsupportedDuration"]
    assert [submit(mock, 2), submit(mock, 3)] == [ACCEPTED, REFUSED]
    clock.advance(LONG_ENOUGH_MS)
    assert submit(mock, 3) == ACCEPTED


@pytest.mark.parametrize(
    ("parameters", "note"),
    [
        ({}, "1 task of one key may be running; the setting max-running allows more"),
        (
            {"webhookURL": URL, "numberResults": 3},
            "2 deliveries may be owed to the receivers of one key; the setting max-owed allows more",
        ),
    ],
    ids=["running", "owed"],
)
def test_the_answer_and_the_log_say_which_setting_allows_more(parameters: dict[str, Any], note: str) -> None:
    """After the API's own sentence, which a fault that limits the rate says alone."""
    mock = still_mock({"max-running": "1", "max-owed": "2"}, ManualClock(), SlowOutbox())
    submit(mock, 1)
    task = {"taskType": "videoInference", "taskUUID": "24cd5dff-cb81-4db5-8506-000000000002", "model": "minimax:3@1"}
    caller = Caller("http://mock.test", "http", mock.runtime.desk.keyring.owner("a-key"))
    body = json.dumps([{**task, "positivePrompt": "a lighthouse", **parameters}]).encode()
    [answer] = answered(mock.runtime.exchange(body, caller))
    assert (answer.outcome, answer.notes) == ("rateLimitExceeded", [note])
    sentence = mock.spec.catalogue.error("rateLimitExceeded").say()
    assert [error["message"] for error in answer.errors] == [f"{sentence} {note}."]
    mock.runtime.plans.begin(
        read_scenario({"rules": [{"faults": ["limit-rate"]}]}, mock.spec.failures, mock.spec.models)
    )
    [spoilt] = answered(mock.runtime.exchange(body, caller))
    assert [error["message"] for error in spoilt.errors] == [sentence]


class CountingStore(MemoryStore):
    """A store that remembers how often it had to count."""

    counted = 0

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Count."""
        self.counted += 1
        return super().in_use(shelf, owner)


def test_tasks_are_counted_once_for_an_eighth_of_the_quota() -> None:
    """So that a large one costs nothing; by that eighth it may be exceeded, and no more."""
    clock = ManualClock()
    store = CountingStore(clock)
    running = Running(store, clock, 800)
    for number in range(2000):
        if running.lets_in("me"):
            store.put(Shelf.TASKS, ("me", str(number)), Entry(number, clock.now_ms() + 1000))
    assert (store.counted, store.in_use(Shelf.TASKS, "me")) == (8, 800)


def test_a_key_that_has_no_room_is_not_counted_at_every_try() -> None:
    """But a little later again: whoever tries without end takes no time of others."""
    clock = ManualClock()
    store = CountingStore(clock)
    running = Running(store, clock, 1)
    store.put(Shelf.TASKS, ("me", "a task"), Entry(1, clock.now_ms() + 10 * FULL_MS))
    assert not any(running.lets_in("me") for _ in range(50))
    assert store.counted == 1
    clock.advance(FULL_MS)
    assert (running.lets_in("me"), store.counted) == (False, 2)
    clock.advance(9 * FULL_MS)
    assert (running.lets_in("me"), store.counted) == (True, 3)


def test_little_is_known_of_many_keys() -> None:
    """Of those that came first nothing is known any more, and they are let in as at first."""
    clock = ManualClock()
    running = Running(CountingStore(clock), clock, 8)
    for number in range(MOST_KEYS + 10):
        assert running.lets_in(f"key-{number}")
    assert len(running._known) == MOST_KEYS
