"""Values of results."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from contracts.checks.base import MUST, Check, Finding, shown
from contracts.recording import Recording, pointer_of

#: Members whose loss or change harms a caller.
MEMBERS = ("videoUUID", "videoURL", "seed", "cost", "NSFWContent", "taskUUID", "taskType")


def reports_values_untouched(recording: Recording) -> Iterator[Finding]:
    """Every member of a result reaches the caller as it was told: seed, cost, address, UUID, safety."""
    for index, item in enumerate(recording.outcome.results or ()):
        told = recording.results.get(str(item.get("videoUUID"))) or _by_address(recording, item.get("videoURL"))
        if told is None:
            continue
        for name in MEMBERS:
            if name in told and (name not in item or not _same(item[name], told[name])):
                found = shown(item[name]) if name in item else "missing"
                said, place = f"{name} is {found}, told was {shown(told[name])}", pointer_of("results", index, name)
                yield Finding(said, 0, item.get(name), told[name], place)


def _by_address(recording: Recording, address: Any) -> Any:
    return next((told for told in recording.results.values() if told.get("videoURL") == address), None)


def _same(found: Any, told: Any) -> bool:
    if isinstance(found, Decimal) and isinstance(told, int | float) and not isinstance(told, bool):
        return found == Decimal(str(told))
    return bool(found == told) and isinstance(found, bool) == isinstance(told, bool)


CHECK = Check(
    "reports-values-untouched",
    MUST,
    reports_values_untouched,
    "documentation of video results (stated)",
    "hand the items on as they came; seeds are whole numbers, costs have many decimals",
)
