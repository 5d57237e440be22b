"""What tasks come to, and what the counters of a key say."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.account import DAY_MS, MICRO, SPENT, Usage, bill_of, day_name, usage_of
from mockserver.engine.values import Task
from tests.engine.tasks import NOW_MS, make_task

TODAY = "2027-01-15"


def counted(*tasks: Task) -> Counter[str]:
    """Return the counters after some tasks."""
    counters: Counter[str] = Counter()
    for task in tasks:
        counters.update(dict(bill_of(task)))
    return counters


@pytest.mark.parametrize(
    ("task", "price"),
    [
        (make_task(1), 280_000),
        (make_task(20), 5_600_000),
        (make_task(3, fails=True), 0),
        (make_task(1, cost_micro_usd=0), 0),
        (make_task(3, cost_micro_usd=1), 3),
    ],
    ids=range(5),
)
def test_results_are_paid_for_one_by_one_and_failed_ones_are_free(task: Task, price: int) -> None:
    """The price is that of the results that will be made; it is added to what was spent."""
    first, *_ = bill_of(task)
    assert first == (SPENT, price)


def test_prices_add_up_exactly() -> None:
    """However often a tenth of a dollar and less is spent, the sum is what a cashier would say."""
    tasks = [make_task(1, cost_micro_usd=price) for price in (100_000, 280_000, 1) for _ in range(10_000)]
    counters = counted(*tasks)
    assert counters[SPENT] == 10_000 * 380_001
    assert counters[SPENT] / MICRO == 3800.01


@pytest.mark.parametrize("at_ms", [0, DAY_MS - 1, DAY_MS, NOW_MS, 4_102_444_799_999, 4_102_444_800_000])
def test_days_are_those_of_utc(at_ms: int) -> None:
    """A day begins at midnight in Greenwich and is named by its date."""
    assert day_name(at_ms // DAY_MS) == datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def test_usage_is_told_by_day_and_model() -> None:
    """Tasks of one day and model are added up, whatever their prices and numbers; failures by the name of the error."""
    usage = usage_of(
        counted(
            make_task(1),
            make_task(1),
            make_task(3, cost_micro_usd=490_000),
            make_task(2, fails=True),
            make_task(1, fails=True, failure="timeoutProvider"),
            make_task(1, air="minimax:4@1"),
            make_task(1, submitted_at_ms=NOW_MS - DAY_MS),
        )
    )
    assert usage == {
        "2027-01-14": {"minimax:3@1": Usage(1, 1, 280_000)},
        TODAY: {
            "minimax:3@1": Usage(5, 5, 2 * 280_000 + 3 * 490_000, {"providerError": 2, "timeoutProvider": 1}),
            "minimax:4@1": Usage(1, 1, 280_000),
        },
    }
    assert list(usage) == ["2027-01-14", TODAY]


tasks = st.builds(
    lambda number, fails, price, days, air: make_task(
        number, fails=fails, cost_micro_usd=price, submitted_at_ms=NOW_MS - days * DAY_MS, air=air
    ),
    st.integers(1, 20),
    st.booleans(),
    st.integers(0, MICRO),
    st.integers(0, 40),
    st.sampled_from(["minimax:3@1", "minimax:4@1"]),
)


@given(st.lists(tasks, max_size=20), st.lists(tasks, max_size=5))
def test_what_was_taken_back_leaves_nothing_behind(kept: list[Any], refused: list[Any]) -> None:
    """After a refund the counters say what they would if the task had never come; the days add up to what was spent."""
    counters = counted(*kept, *refused)
    for task in refused:
        counters.subtract(dict(bill_of(task)))
    assert usage_of(counters) == usage_of(counted(*kept))
    assert counters[SPENT] == sum(each.spent_micro_usd for day in usage_of(counters).values() for each in day.values())
    assert sum(each.requests for day in usage_of(counters).values() for each in day.values()) == len(kept)
