"""What keys are charged, when their balance is too low, and what the account tells of it."""

import asyncio
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import MemoryStore
from mockserver.app import Mock
from mockserver.inprocess import MockRunware
from mockserver.platform import Caller
from mockserver.ports import Shelf
from tests.support.mocks import answered, still_config, still_mock

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LONG_ENOUGH_MS = 600_000
PRICE_USD = 0.28


def uuid_of(number: int) -> str:
    """Return the UUID of the task of a number."""
    return f"24cd5dff-cb81-4db5-8506-{number:012d}"


def video(number: int, **parameters: Any) -> dict[str, Any]:
    """Return the submission of the task of a number."""
    task = {"taskType": "videoInference", "taskUUID": uuid_of(number), "model": "minimax:3@1"}
    return {**task, "positivePrompt": "a lighthouse", **parameters}


def question(operation: str = "getDetails", **parameters: Any) -> dict[str, Any]:
    """Return a question about the account."""
    return {"taskType": "accountManagement", "taskUUID": uuid_of(0), "operation": operation, **parameters}


class Shop:
    """A mock and its clients."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock()
        self.mock: Mock = still_mock(settings, self.clock)

    def ask(self, *tasks: Mapping[str, Any], key: str = "a-key") -> list[dict[str, Any]]:
        """Send tasks in one request and return what each is answered with."""
        owner = self.mock.runtime.desk.keyring.owner(key)
        answers = self.mock.runtime.exchange(json.dumps(tasks).encode(), Caller("http://mock.test", "http", owner))
        return [{"data": each.data, "errors": each.errors} for each in answered(answers)]

    def submit(self, *tasks: Mapping[str, Any], key: str = "a-key") -> list[str]:
        """Hand in tasks and return what became of each: "ok" or the code of its error."""
        told = self.ask(*tasks, key=key)
        return [answer["errors"][0]["code"] if answer["errors"] else "ok" for answer in told]

    def details(self, key: str = "a-key") -> dict[str, Any]:
        """Return what the account page shows."""
        (answer,) = self.ask(question(), key=key)
        (item,) = answer["data"]
        return dict(item)

    def left_usd(self, key: str = "a-key") -> float:
        """Return the balance of a key."""
        return float(self.details(key)["balance"]["amount"])

    def usage(self, operation: str, **parameters: Any) -> Any:
        """Return what a usage operation tells."""
        (answer,) = self.ask(question(operation, **parameters))
        (item,) = answer["data"]
        return item["usage"]


OK, POOR, TAKEN = "ok", "insufficientCredits", "conflictTaskUUID"


def test_of_two_tasks_only_the_first_can_be_paid() -> None:
    """Tasks of one request are paid in their order; the one that is refused is not stored and does not stop others."""
    shop = Shop(balance="0.5")
    hd = {"width": 1920, "height": 1080}
    assert shop.submit(video(1), video(2, **hd), video(3)) == [OK, POOR, POOR]
    assert shop.left_usd() == 0.22
    polls = [{"taskType": "getResponse", "taskUUID": uuid_of(number)} for number in (1, 2, 3)]
    assert shop.submit(*polls) == [OK, "taskNotFound", "taskNotFound"]
    assert isinstance(shop.mock.store, MemoryStore)
    assert shop.mock.store.count(Shelf.TASKS) == 1


@pytest.mark.parametrize(
    ("balance", "parameters", "outcome", "left_usd"),
    [
        ("0.28", {}, OK, 0.0),
        ("0.279999", {}, POOR, 0.279999),
        ("0", {}, POOR, 0.0),
        ("5.6", {"numberResults": 20}, OK, 0.0),
        ("5.599999", {"numberResults": 20}, POOR, 5.599999),
        ("0", {"positivePrompt": "[[providerError]]"}, OK, 0.0),
        ("0", {"positivePrompt": "[[providerError]]", "numberResults": 20}, OK, 0.0),
        ("1", {"duration": 7}, "unsupportedDuration", 1.0),
        ("1", {"inputs": {"frameImages": [uuid_of(1)]}}, "mediaNotFound", 1.0),
        ("1", {"positivePrompt": "[[nsfw]]", "safety": {"mode": "full"}}, OK, 0.72),
        ("unlimited", {"numberResults": 20}, OK, 1e9),
        ("1000000", {}, OK, 999999.72),
    ],
)
def test_results_that_will_be_there_are_charged_when_their_task_is_accepted(
    balance: str, parameters: dict[str, Any], outcome: str, left_usd: float
) -> None:
    """To the last millionth; what fails or is refused costs nothing, and a balance of nothing suffices for it."""
    shop = Shop(balance=balance)
    assert shop.submit(video(1, **parameters)) == [outcome]
    assert shop.left_usd() == left_usd
    shop.clock.advance(LONG_ENOUGH_MS)
    shop.submit({"taskType": "getResponse", "taskUUID": uuid_of(1)})
    assert shop.left_usd() == left_usd


def test_a_blocked_video_is_not_paid_for() -> None:
    """Where unsafe content ends with an error, its task is as free as any that fails."""
    shop = Shop(balance="1", **{"unsafe-content": "block"})
    assert shop.submit(video(1, positivePrompt="[[nsfw]]", safety={"mode": "fast"})) == [OK]
    assert shop.left_usd() == 1.0


def test_the_refusal_says_what_is_missing() -> None:
    """People learn the price and the rest of their balance."""
    shop = Shop(balance="0.3")
    (answer,) = shop.ask(video(1, numberResults=2))
    assert "0.56 US dollars, 0.3 are left" in answer["errors"][0]["message"]


def test_a_task_that_was_taken_on_is_not_charged_again() -> None:
    """A UUID in use is told of and costs nothing, also when the balance is too low for a second task."""
    shop = Shop(balance="0.7")
    assert shop.submit(video(1), video(1), video(1, numberResults=20), video(2), video(2)) == [
        OK,
        TAKEN,
        TAKEN,
        OK,
        TAKEN,
    ]
    assert shop.left_usd() == 0.14
    assert shop.details()["usage"]["total"] == {"credits": 0.56, "requests": 2}


def test_a_uuid_that_may_be_used_again_is_paid_again() -> None:
    """After a failure, which was free, the new task costs what any does."""
    shop = Shop()
    assert shop.submit(video(1, positivePrompt="[[providerError]]")) == [OK]
    shop.clock.advance(LONG_ENOUGH_MS)
    assert shop.submit(video(1)) == [OK]
    assert shop.left_usd() == 1e6 - PRICE_USD


def test_every_key_has_a_balance_of_its_own() -> None:
    """What one spends another has."""
    shop = Shop(balance="0.3")
    assert shop.submit(video(1), key="one") == [OK]
    assert shop.submit(video(2), key="one") == [POOR]
    assert shop.submit(video(2), key="other") == [OK]
    assert [shop.left_usd(key) for key in ("one", "other", "third")] == [0.02, 0.02, 0.3]
    assert shop.details("third")["apiKeys"] == [{"name": "Mock key", "enabled": True, "requests": 0}]


def test_ten_thousand_charges_leave_exactly_what_they_should() -> None:
    """No cent is lost or won to rounding."""
    shop = Shop(balance="2800.01")
    for start in range(0, 10_000, 500):
        assert set(shop.submit(*(video(number) for number in range(start, start + 500)))) == {OK}
    assert shop.left_usd() == 0.01
    assert shop.submit(video(10_000)) == [POOR]
    assert shop.details()["usage"]["total"] == {"credits": 2800.0, "requests": 10_000}


def test_many_keys_leave_a_bounded_number_of_accounts() -> None:
    """Accounts that were not used for longest are forgotten first and begin anew; those in use are kept."""
    shop = Shop()
    for number in range(10_500):
        shop.submit(video(1), key=f"key-{number}")
        if number % 100 == 0:
            shop.submit(video(number + 2), key="regular")
            shop.clock.advance(2000)
    assert isinstance(shop.mock.store, MemoryStore)
    assert shop.mock.store.count(Shelf.ACCOUNTS) <= 10_200
    assert shop.left_usd("key-0") == 1e6
    assert shop.details("regular")["usage"]["total"]["requests"] == 105


def test_an_account_is_forgotten_after_a_month_of_silence() -> None:
    """A balance that ran out is full again when its key was not used for 31 days."""
    shop = Shop(balance="0.3")
    assert shop.submit(video(1)) == [OK]
    shop.clock.advance(31 * DAY_MS)
    assert shop.left_usd() == 0.02
    shop.clock.advance(HOUR_MS)
    assert shop.left_usd() == 0.3
    assert shop.submit(video(2)) == [OK]


#: Each is handed in by two threads at once, and not all can be paid.
TASKS, PAYABLE, THREADS = 800, 700, 8


def test_threads_never_overdraw_an_account_nor_pay_twice() -> None:
    """However clients race, what was spent is what was accepted, once each, and not more than there was."""
    runware = MockRunware(still_config({"balance": "196"}), ManualClock())

    def hand_in(number: int) -> list[str]:
        with httpx.Client(base_url="https://api.runware.ai", headers={"Authorization": "Bearer a-key"}) as client:
            answers = [client.post("/v1", json=[video(each)]).json() for each in range(number, TASKS, THREADS // 2)]
        return [answer["errors"][0]["code"] if "errors" in answer else OK for answer in answers]

    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with runware, ThreadPoolExecutor(THREADS) as pool:
        told = [code for codes in pool.map(hand_in, [*range(THREADS // 2)] * 2) for code in codes]
        details = httpx.post("https://api.runware.ai/v1", json=[question()], headers={"Authorization": "Bearer a-key"})
    sys.setswitchinterval(interval_s)
    assert told.count(OK) == PAYABLE
    assert set(told) == {OK, TAKEN, POOR}
    assert details.json()["data"][0]["balance"]["amount"] == 0.0
    assert details.json()["data"][0]["usage"]["total"] == {"credits": 196.0, "requests": PAYABLE}


def test_a_held_submission_is_paid_like_any_other() -> None:
    """A synchronous task is charged when it is taken on, and refused at once where the balance is too low."""
    shop = Shop(balance="0.3", profile="compat")
    held = {**video(1), "deliveryMethod": "sync"}
    answers = shop.mock.runtime.exchange(
        json.dumps([held, {**held, "taskUUID": uuid_of(2)}]).encode(), Caller("http://mock.test", "http", "owner")
    )
    assert [type(answer).__name__ for answer in answers] == ["Held", "Answer"]
    shop.clock.advance(LONG_ENOUGH_MS)
    first, second = answered(asyncio.run(shop.mock.runtime.settle(answers)))
    assert (len(first.data), [error["code"] for error in second.errors]) == (1, [POOR])


#: The manual clock begins on this day, at eight in the morning.
TODAY = "2027-01-15"


def test_usage_is_counted_by_day_and_model() -> None:
    """Each operation tells what happened on which day with which model."""
    shop = Shop()
    shop.submit(video(1), video(2, numberResults=3), video(3, duration=7))
    shop.clock.advance(DAY_MS)
    shop.submit(video(4, model="minimax:4@1"), video(5, positivePrompt="[[timeoutProvider]]", numberResults=2))
    assert shop.usage("getUsageActivity") == {
        TODAY: {"minimax:3@1": {"credits": 1.12, "requests": 2, "results": 4}},
        "2027-01-16": {
            "minimax:3@1": {"credits": 0.0, "requests": 1, "results": 0},
            "minimax:4@1": {"credits": 0.28, "requests": 1, "results": 1},
        },
    }
    assert shop.usage("getUsagePerformance", models=["minimax:3@1"]) == {
        TODAY: {"minimax:3@1": {"results": 4, "failed": 0}},
        "2027-01-16": {"minimax:3@1": {"results": 0, "failed": 2}},
    }
    assert shop.usage("getUsageErrors") == {"2027-01-16": {"minimax:3@1": {"timeoutProvider": 2}}}


@pytest.mark.parametrize(
    ("span", "days"),
    [
        ({}, [15, 16, 17]),
        ({"startDate": "2027-01-16"}, [16, 17]),
        ({"endDate": "2027-01-16"}, [15, 16]),
        ({"startDate": "2027-01-16T00:00:00Z", "endDate": "2027-01-16T12:00:00Z"}, [16]),
        ({"startDate": "2027-01-18"}, []),
        ({"models": ["minimax:4@1"]}, []),
    ],
    ids=str,
)
def test_usage_is_told_for_the_days_and_models_asked_for(span: dict[str, Any], days: list[int]) -> None:
    """First and last day included."""
    shop = Shop()
    for number in range(3):
        shop.submit(video(number))
        shop.clock.advance(DAY_MS)
    assert list(shop.usage("getUsageActivity", **span)) == [f"2027-01-{day}" for day in days]


def test_the_account_page_tells_spans_of_days() -> None:
    """Today is a day, the last seven days include it, and the total goes back to the beginning."""
    shop = Shop()
    for number, wait_days in enumerate((24, 1, 5, 1, 0)):
        shop.submit(video(number))
        shop.clock.advance(wait_days * DAY_MS)
    usage = shop.details()["usage"]
    assert {name: span["requests"] for name, span in usage.items()} == {
        "total": 5,
        "today": 1,
        "last7Days": 3,
        "last30Days": 4,
    }
    assert usage["last7Days"]["credits"] == 0.84
