"""The account of a key: what is charged to it, and what the account page would show."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mockserver.engine.account import DAY_MS, MICRO, SPENT, Usage, bill_of, day_name, usage_of
from mockserver.engine.values import Task
from mockserver.platform.base import Caller, Desk, good
from mockserver.ports import Shelf
from mockserver.wire import Answer

#: What is shown of a balance that never runs out, in US dollars: JSON knows no infinity.
ENDLESS_USD = 1e9
_ACCOUNTS = Shelf.ACCOUNTS


def charge(desk: Desk, task: Task) -> bool:
    """Charge a task to its key, and say whether the balance sufficed; where it did not, nothing is charged.

    One atomic change of the account, so that it is never overdrawn.

    Source: schema/shared/platform.json#/$defs/includeCost (assumed)
    """
    return desk.store.add(_ACCOUNTS, (task.owner,), bill_of(task), task.submitted_at_ms, desk.balance_micro_usd)


def refund(desk: Desk, task: Task) -> None:
    """Take back what was charged for a task that was refused after all."""
    amounts = tuple((name, -amount) for name, amount in bill_of(task))
    desk.store.add(_ACCOUNTS, (task.owner,), amounts, task.submitted_at_ms)


def lacking(desk: Desk, task: Task) -> str:
    """Say in a sentence what a task costs and what is left."""
    (_, price), *_ = bill_of(task)
    left_usd = _left_usd(desk, _counters(desk, task.owner))
    return f"The task costs {_usd(price)} US dollars, {left_usd} are left."


def manage_account(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer:
    """Answer from the account of the key; the organisation around it is made up.

    Source: schema/tasks/accountManagement.json (stated; the figures of the usage operations are assumed)
    """
    owner = caller.owner or ""
    counters = _counters(desk, owner)
    usage = usage_of(counters)
    if task["operation"] != "getDetails":
        span = {name: task[name] for name in ("startDate", "endDate") if name in task}
        told = _by_day(usage, task, _FIGURES[task["operation"]])
        return good(task, "usage", operation=task["operation"], **span, usage=told)
    total = _activity(each for models in usage.values() for each in models.values())
    details = {
        "organizationName": "Mock organisation",
        "organizationUUID": f"{owner[:8]}-{owner[8:12]}-4{owner[13:16]}-8{owner[17:20]}-{owner[20:32]}",
        "balance": {"amount": _left_usd(desk, counters), "freeBalance": 0.0, "currency": "USD"},
        "team": [],
        "apiKeys": [{"name": "Mock key", "enabled": True, "requests": total["requests"]}],
        "usage": {"total": total, **{name: _span(desk, usage, days) for name, days in _SPANS.items()}},
    }
    return good(task, "details", operation="getDetails", **details)


def _counters(desk: Desk, owner: str) -> Mapping[str, int]:
    return desk.store.get(_ACCOUNTS, (owner,)) or {}


def _left_usd(desk: Desk, counters: Mapping[str, int]) -> float:
    if desk.balance_micro_usd is None:
        return ENDLESS_USD
    return _usd(max(0, desk.balance_micro_usd - counters.get(SPENT, 0)))


def _usd(micro_usd: int) -> float:
    return micro_usd / MICRO


#: How many days each span of the account page has, today included.
_SPANS: Mapping[str, int] = MappingProxyType({"today": 1, "last7Days": 7, "last30Days": 30})


def _span(desk: Desk, usage: Mapping[str, Mapping[str, Usage]], days: int) -> dict[str, Any]:
    today = desk.clock.now_ms() // DAY_MS
    names = [day_name(number) for number in range(today - days + 1, today + 1)]
    return _activity(each for name in names for each in usage.get(name, {}).values())


def _activity(usages: Iterable[Usage]) -> dict[str, Any]:
    spent = requests = 0
    for usage in usages:
        spent += usage.spent_micro_usd
        requests += usage.requests
    return {"credits": _usd(spent), "requests": requests}


#: What each usage operation tells of a model on a day.
_FIGURES: Mapping[str, Callable[[Usage], Mapping[str, Any]]] = MappingProxyType(
    {
        "getUsageActivity": lambda usage: {**_activity([usage]), "results": usage.results},
        "getUsagePerformance": lambda usage: {"results": usage.results, "failed": sum(usage.failures.values())},
        "getUsageErrors": lambda usage: usage.failures,
    }
)


def _by_day(
    usage: Mapping[str, Mapping[str, Usage]], task: Mapping[str, Any], tell: Callable[[Usage], Mapping[str, Any]]
) -> dict[str, Any]:
    """Return figures by day and model, within the days and of the models that were asked for."""
    first, last = task.get("startDate", "")[:10], task.get("endDate", "9999")[:10]
    found: dict[str, Any] = {}
    for day, models in usage.items():
        if first <= day <= last:
            told = {air: tell(each) for air, each in models.items() if air in task.get("models", (air,))}
            found[day] = {air: figures for air, figures in told.items() if figures}
    return {day: models for day, models in found.items() if models}
