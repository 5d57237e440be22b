"""Longer pauses for longer tasks."""

from collections.abc import Iterator
from itertools import pairwise
from statistics import mean

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Recording

#: Within so many polls the pauses must have become longer, and none longer than the limit is ever needed.
POLLS, ENOUGH_MS = 30, 5_000
#: So many pauses are taken together, as they may be drawn by chance.
FEW = 8


def backs_off(recording: Recording) -> Iterator[Finding]:
    """Of a task that takes minutes, later polls are further apart than the first ones, or five seconds and more."""
    waits = [after.at_ms - before.at_ms for (before, _), (after, _) in pairwise(recording.polls)]
    if len(waits) < POLLS:
        return
    first_ms, last_ms = round(mean(waits[:FEW])), round(mean(waits[POLLS - FEW : POLLS]))
    if last_ms <= first_ms * 1.1 and last_ms < ENOUGH_MS:
        exchange, _ = recording.polls[POLLS]
        said = f"after {POLLS} polls there are still {last_ms} ms between two, as there were {first_ms} ms at first"
        yield Finding(said, exchange.number, f"{last_ms} ms", f"more than {first_ms} ms")


CHECK = Check(
    "backs-off",
    SHOULD,
    backs_off,
    "official clients lengthen their pauses to 10 s (observed)",
    "multiply the pause between polls by 1.5 up to 10 seconds",
)
