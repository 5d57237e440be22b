"""How many tasks one key may have running: the next one is refused with 429."""

import json
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import MemoryStore
from mockserver.app import Mock
from mockserver.platform import Caller
from mockserver.ports import UNSETTLED_MS, Entry, Shelf
from mockserver.quotas import MOST_KEYS, REST, Running
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
    ("parameters", "reason"),
    [
        ({}, "1 task of one key may be running; the setting max-running allows more."),
        (
            {"webhookURL": URL, "numberResults": 3},
            "2 deliveries may be owed to the receivers of one key; the setting max-owed allows more.",
        ),
    ],
    ids=["running", "owed"],
)
def test_the_answer_says_which_setting_allows_more(parameters: dict[str, Any], reason: str) -> None:
    """Whoever uses a shared mock does not see its log."""
    mock = still_mock({"max-running": "1", "max-owed": "2"}, ManualClock(), SlowOutbox())
    assert submit(mock, 1) == ACCEPTED
    [error] = answer(mock, 2, **parameters).errors
    assert (error["code"], error["message"].partition(". ")[2]) == ("rateLimitExceeded", reason)


def answer(mock: Mock, *numbers: int, **parameters: Any) -> Any:
    """Hand in the tasks of some numbers in one request, and return the answer to the last."""
    task = {"taskType": "videoInference", "model": "minimax:3@1", "positivePrompt": "a lighthouse", **parameters}
    tasks = [{**task, "taskUUID": f"24cd5dff-cb81-4db5-8506-{number:012d}"} for number in numbers]
    caller = Caller("http://mock.test", "http", mock.runtime.desk.keyring.owner("a-key"))
    return answered(mock.runtime.exchange(json.dumps(tasks).encode(), caller))[-1]


def test_tasks_of_one_request_are_counted_one_by_one() -> None:
    """What a request has handed in counts for the rest of it."""
    mock = still_mock({"max-running": "2"}, ManualClock(), SlowOutbox())
    assert answer(mock, 1, 2).outcome == "accepted"
    mock = still_mock({"max-running": "2"}, ManualClock(), SlowOutbox())
    assert answer(mock, 1, 2, 3).outcome == "rateLimitExceeded"


def test_a_uuid_in_use_is_told_of_first() -> None:
    """To a client that tries again it means that its task was taken on."""
    mock = still_mock({"max-running": "1"}, ManualClock(), SlowOutbox())
    assert [submit(mock, 1), submit(mock, 1)[1]] == [ACCEPTED, "conflictTaskUUID"]


class CountingStore(MemoryStore):
    """A store that remembers how often it had to count, which takes a second.

    Attributes:
        counted: how often.
        now_s: the time.
    """

    counted = 0
    now_s = 0.0

    def in_use(self, shelf: Shelf, owner: str) -> int:
        """Count."""
        self.counted += 1
        self.now_s += 1
        return super().in_use(shelf, owner)

    def running(self, most: int) -> Running:
        """Return who counts here."""
        return Running(self, most, lambda: self.now_s)

    def fill(self, running: Running, tries: int, name: str = "") -> None:
        """Let in what is let in of so many tasks."""
        for number in range(tries):
            if running.lets_in("me"):
                self.put(Shelf.TASKS, ("me", f"{name}{number}"), Entry(number, UNSETTLED_MS))


def test_tasks_are_counted_once_for_an_eighth_of_the_quota() -> None:
    """So that a large one costs nothing."""
    store = CountingStore(ManualClock())
    store.fill(store.running(800), 800)
    assert (store.counted, store.in_use(Shelf.TASKS, "me")) == (7, 800)


def test_a_large_quota_may_be_exceeded_by_an_eighth() -> None:
    """By whoever has not counted yet; by no more, and a small one not at all."""
    store = CountingStore(ManualClock())
    for name in ("one", "another"):
        store.fill(store.running(800), 2000, name)
    assert store.in_use(Shelf.TASKS, "me") == 900
    store = CountingStore(ManualClock())
    for name in ("one", "another"):
        store.fill(store.running(7), 20, name)
    assert store.in_use(Shelf.TASKS, "me") == 7


def test_a_key_that_has_no_room_is_not_counted_at_every_try() -> None:
    """But after ten times as long as counting took: whoever tries without end takes little time of others."""
    store = CountingStore(ManualClock())
    running = store.running(1)
    store.put(Shelf.TASKS, ("me", "a task"), Entry(1, UNSETTLED_MS))
    assert not any(running.lets_in("me") for _ in range(50))
    assert store.counted == 1
    store.drop(Shelf.TASKS, ("me", "a task"))
    assert not running.lets_in("me")
    store.now_s += REST
    assert (running.lets_in("me"), store.counted) == (True, 2)


def test_of_many_keys_the_first_are_forgotten() -> None:
    """They are let in as at first, without being counted; the last are known."""
    store = CountingStore(ManualClock())
    running = store.running(8)
    for number in range(MOST_KEYS + 1):
        assert running.lets_in(f"key-{number}")
    assert running.lets_in("key-0")
    assert store.counted == 0
    assert running.lets_in(f"key-{MOST_KEYS}")
    assert store.counted == 1
