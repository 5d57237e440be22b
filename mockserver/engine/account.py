"""What a key has spent, and what for, as counters that only ever need adding up.

Money is counted in millionths of a US dollar, in whole numbers, so that sums are exact. A task adds to two or three
counters: what was spent, how many tasks of its day, model, price and number there were, and how many results fail. The
rest is worked out when somebody asks.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from mockserver.engine.values import Task

#: Millionths of a US dollar in one.
MICRO = 1_000_000
DAY_MS = 86_400_000
#: Name of the counter of everything that was spent, in millionths of a US dollar.
SPENT = "spent"

_FIRST_DAY = date(1970, 1, 1).toordinal()
_TASKS, _FAILED = "tasks", "failed"


#: What a task adds to which counters.
Bill = tuple[tuple[str, int], ...]


class Usage(NamedTuple):
    """What a key did with one model on one day.

    Attributes:
        requests: tasks that were accepted.
        results: what they make, less what fails.
        spent_micro_usd: the price of those.
        failures: how many results fail, by the name of the error.
    """

    requests: int = 0
    results: int = 0
    spent_micro_usd: int = 0
    failures: Mapping[str, int] = MappingProxyType({})


def day_name(number: int) -> str:
    """Return the name of a day in UTC, counted from 1970-01-01, as in "2026-11-22"."""
    return date.fromordinal(_FIRST_DAY + number).isoformat()


def bill_of(task: Task) -> Bill:
    """Return what an accepted task adds to the counters of its key, the money first. Results that fail cost nothing.

    Source: schema/shared/platform.json#/$defs/includeCost (assumed)
    """
    day, number = task.submitted_at_ms // DAY_MS, len(task.due_at_ms)
    if task.failure is None:
        return _bill(day, task.air, task.cost_micro_usd, number)
    failing = sum(task.fails(index) for index in range(number))
    failed = f"{day_name(day)}\t{task.air}\t{_FAILED}\t{task.failure}"
    return (*_bill(day, task.air, task.cost_micro_usd, number - failing), (failed, failing))


@lru_cache(maxsize=1024)
def _bill(day: int, air: str, price: int, paid: int) -> Bill:
    kind = f"{day_name(day)}\t{air}\t{_TASKS}\t{paid}\t{price}"
    return ((SPENT, paid * price), (kind, 1))


def usage_of(counters: Mapping[str, int]) -> dict[str, dict[str, Usage]]:
    """Return what the counters of a key say, by day and by model, the first day first."""
    found: dict[str, dict[str, Usage]] = {}
    for name, number in sorted(counters.items()):
        if name != SPENT and number:
            day, air, what, *details = name.split("\t")
            models = found.setdefault(day, {})
            models[air] = _with(models.get(air, Usage()), what, details, number)
    return found


def _with(usage: Usage, what: str, details: list[str], number: int) -> Usage:
    if what == _FAILED:
        return usage._replace(failures={**usage.failures, details[0]: number})
    results, price = number * int(details[0]), int(details[1])
    return usage._replace(
        requests=usage.requests + number,
        results=usage.results + results,
        spent_micro_usd=usage.spent_micro_usd + results * price,
    )
