"""Longer pauses for longer tasks."""

from collections.abc import Iterator
from itertools import pairwise

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Recording

#: Within so many polls the pauses must have become longer, and none longer than the limit is ever needed.
POLLS, ENOUGH_MS = 30, 5_000


def backs_off(recording: Recording) -> Iterator[Finding]:
    """Of a task that takes minutes, later polls are further apart than the first ones, or five seconds and more."""
    waits = [after.at_ms - before.at_ms for (before, _), (after, _) in pairwise(recording.polls)]
    if len(waits) < POLLS:
        return
    first, last = waits[1], waits[POLLS - 1]
    if last <= first and last < ENOUGH_MS:
        exchange, _ = recording.polls[POLLS]
        yield Finding(f"poll {POLLS} came {last} ms after the one before, like the first ones", exchange.number, last)


CHECK = Check(
    "backs-off",
    SHOULD,
    backs_off,
    "official clients lengthen their pauses to 10 s (observed)",
    "multiply the pause between polls by 1.5 up to 10 seconds",
)
