"""Submissions, polls, other keys, garbage and passing time, in any order, against what a client can know."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mockserver.adapters.clocks import ManualClock
from mockserver.journal import Attempt
from mockserver.platform import Caller
from tests.support.couriers import SlowOutbox
from tests.support.logs import Remarks
from tests.support.mocks import answered, still_mock

KEYS = ("one", "other")
#: Few, so that they are often taken.
UUIDS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
#: A result takes about two minutes.
WAITS_MS = (60_000, 130_000, 400_000)
#: Longer than three results of a task can take.
LONG_ENOUGH_MS = 3_600_000
#: How often a webhook is tried.
MOST_ATTEMPTS = 6


@dataclass
class Known:
    """What a client knows of a task that it was told is accepted.

    Attributes:
        number: how many results it asked for.
        fails: whether it asked for a failure.
        hook: its webhook, or None.
        upload: its upload address, or None.
        items: the last poll's items.
        errors: the last poll's errors.
    """

    number: int
    fails: bool
    hook: str | None
    upload: str | None
    items: Sequence[Any] = ()
    errors: Sequence[Any] = field(default=())


class WholeLife(RuleBasedStateMachine):
    """A client of two keys, and a world in which time passes and parcels arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.courier = SlowOutbox()
        self.mock = still_mock({"journal": "100000"}, self.clock, self.courier, Remarks())
        self.known: dict[tuple[str, str], Known] = {}
        #: Tasks that failed and whose UUID was used again.
        self.replaced: list[Known] = []
        self.addresses = 0

    def ask(self, key: str, *tasks: Any) -> list[dict[str, Any]]:
        """Send tasks and return what each is answered with: data, errors."""
        return self.say(key, json.dumps(tasks).encode())

    def say(self, key: str, body: bytes) -> list[dict[str, Any]]:
        """Send a body and return what each task is answered with."""
        owner = self.mock.runtime.desk.keyring.owner(key)
        answers = self.mock.runtime.exchange(body, Caller("http://mock.test", "http", owner))
        wire = self.mock.runtime.desk.wire
        return [json.loads(wire.envelope([answer]).body) for answer in answered(answers)]

    def address(self) -> str:
        """Return an address that no other task has."""
        self.addresses += 1
        return f"https://example.com/{self.addresses}?a=%2F"

    @rule(
        key=st.sampled_from(KEYS),
        uuid=st.sampled_from(UUIDS),
        number=st.integers(1, 3),
        fails=st.booleans(),
        calls=st.booleans(),
        uploads=st.booleans(),
    )
    def submit(self, key: str, uuid: str, number: int, fails: bool, calls: bool, uploads: bool) -> None:
        """Hand in a task under a UUID that may be taken."""
        new = Known(number, fails, self.address() if calls else None, self.address() if uploads else None)
        (answer,) = self.ask(
            key,
            {
                "taskType": "videoInference",
                "taskUUID": uuid,
                "model": "minimax:3@1",
                "positivePrompt": "[[providerError]]" if fails else "a lighthouse",
                "numberResults": number,
                **({"webhookURL": new.hook} if new.hook else {}),
                **({"uploadEndpoint": new.upload} if new.upload else {}),
            },
        )
        old = self.known.get((key, uuid))
        if "errors" in answer:
            assert [error["code"] for error in answer["errors"]] == ["conflictTaskUUID"]
            assert old is not None, "nobody used this UUID"
            assert not old.errors, "a task that is known to have failed stands in nobody's way"
        else:
            assert answer == {"data": [{"taskType": "videoInference", "taskUUID": uuid}]}
            assert old is None or old.fails, "only a task that failed makes room"
            self.replaced += [old] if old else []
            self.known[key, uuid] = new

    @rule(key=st.sampled_from(KEYS), uuid=st.sampled_from(UUIDS))
    def poll(self, key: str, uuid: str) -> None:
        """Ask how far a task is, which may not exist or belong to the other key."""
        (answer,) = self.ask(key, {"taskType": "getResponse", "taskUUID": uuid})
        task = self.known.get((key, uuid))
        if task is None:
            assert [error["code"] for error in answer["errors"]] == ["taskNotFound"]
            return
        items, errors = answer["data"], answer.get("errors", [])
        assert len(items) == (0 if errors else task.number)
        assert bool(errors) <= task.fails
        for before, after in zip(task.items, items, strict=False):
            assert before["status"] == "processing" or before == after, "what is finished stays as it is"
        assert not task.errors or task.errors == errors, "what failed stays failed"
        finished = [item for item in items if item["status"] == "success"]
        assert not (finished and task.fails)
        assert (
            len({item["videoUUID"] for item in finished}) == len({item["seed"] for item in finished}) == len(finished)
        )
        if task.upload:
            assert len(finished) <= self.uploaded(task), "a result counts only when its upload is through"
        task.items, task.errors = items, errors

    @rule()
    def poll_everything(self) -> None:
        """Ask about every UUID with every key."""
        for key, uuid in product(KEYS, UUIDS):
            self.poll(key, uuid)

    @rule(key=st.sampled_from(KEYS), uuid=st.sampled_from(UUIDS))
    def look_into_the_archive(self, key: str, uuid: str) -> None:
        """Ask for the archived task; it exists if the task does."""
        (answer,) = self.ask(key, {"taskType": "getTaskDetails", "taskUUID": uuid})
        assert (key, uuid) not in self.known or "errors" not in answer

    @rule(wait_ms=st.sampled_from(WAITS_MS) | st.integers(0, WAITS_MS[-1]))
    def let_time_pass(self, wait_ms: int) -> None:
        """Let some time pass."""
        self.clock.advance(wait_ms)

    @precondition(lambda self: self.courier.under_way)
    @rule(data=st.data(), status=st.sampled_from([200, 200, 500, None]))
    def let_a_parcel_arrive(self, data: st.DataObject, status: int | None) -> None:
        """Let any parcel under way come to its end, well or not."""
        self.courier.deliver(data.draw(st.integers(0, len(self.courier.under_way) - 1)), status)

    @rule(key=st.sampled_from(KEYS), body=st.binary(max_size=40))
    def say_anything(self, key: str, body: bytes) -> None:
        """Send bytes that may be anything."""
        assert all(answer.keys() <= {"data", "errors"} for answer in self.say(key, body))

    @rule(
        key=st.sampled_from(KEYS),
        uuid=st.sampled_from(UUIDS),
        value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3),
    )
    def say_something_odd(self, key: str, uuid: str, value: Any) -> None:
        """Send tasks with odd members under a UUID that may be taken; they change nothing."""
        answers = self.ask(
            key, {"taskType": value, "taskUUID": uuid}, {"taskType": "videoInference", "taskUUID": uuid, "model": value}
        )
        assert all(answer["errors"] for answer in answers)

    @invariant()
    def no_webhook_is_called_too_often(self) -> None:
        """No webhook is called about a result that is not there, nor again once it was taken, nor for ever."""
        for task in self.known.values():
            if task.hook:
                ready = self.uploaded(task) if task.upload and not task.fails else task.number
                taken = [parcel.body for parcel in self.courier.delivered if parcel.url == task.hook]
                assert len(taken) + self.count(self.courier.under_way, task.hook) <= ready
                assert task.fails or len(set(taken)) == len(taken)
                assert self.count(self.sent(), task.hook) <= MOST_ATTEMPTS * ready
        assert all(self.count(self.sent(), task.hook) >= task.number for task in self.replaced if task.hook)

    @invariant()
    def uploads_of_a_task_go_one_by_one(self) -> None:
        """All results of a task go to one address, each when the one before is through."""
        for task in self.known.values():
            assert self.count(self.courier.under_way, task.upload) <= 1

    def uploaded(self, task: Known) -> int:
        """Return how many uploads of a task are through, well or not."""
        return self.count(self.sent(), task.upload) - self.count(self.courier.under_way, task.upload)

    def sent(self) -> Sequence[Any]:
        """Return every parcel that was ever sent."""
        return self.courier.sent

    @staticmethod
    def count(parcels: Sequence[Any], url: str | None) -> int:
        """Return how many of some parcels go to an address."""
        return sum(parcel.url == url for parcel in parcels)

    def teardown(self) -> None:
        """In the end each webhook was taken once or given up, and every task came to its end."""
        self.clock.advance(LONG_ENOUGH_MS)
        while self.courier.under_way or self.clock.next_at_ms is not None:
            while self.courier.under_way:
                self.courier.deliver()
            self.clock.advance(LONG_ENOUGH_MS)
        for (key, uuid), task in self.known.items():
            if task.hook:
                taken = self.count(self.courier.delivered, task.hook)
                assert taken + self.given_up(task.hook) == task.number, "each webhook is taken once or given up"
            if task.upload:
                assert self.count(self.sent(), task.upload) == (0 if task.fails else task.number)
            (answer,) = self.ask(key, {"taskType": "getResponse", "taskUUID": uuid})
            statuses = [item["status"] for item in answer["data"]]
            assert statuses == ([] if task.fails else ["success"] * task.number)
        assert self.mock.runtime.dispatch.owed == 0

    def given_up(self, url: str) -> int:
        """Return how many deliveries to an address were given up, each after all its attempts."""
        assert self.mock.journal
        attempts = [each for each in self.mock.journal.entries() if isinstance(each, Attempt) and each.url == url]
        given_up = [each for each in attempts if each.outcome == "given up"]
        assert all(each.attempt == MOST_ATTEMPTS for each in given_up)
        return len(given_up)


class LongLife(WholeLife):
    """The same, for longer."""


TestWholeLife = WholeLife.TestCase
TestWholeLife.settings = settings(stateful_step_count=40)
TestLongLife = pytest.mark.deep(LongLife.TestCase)
TestLongLife.settings = settings(max_examples=2_000, stateful_step_count=200)
