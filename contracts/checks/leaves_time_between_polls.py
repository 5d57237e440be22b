"""The pace of polls."""

from collections.abc import Iterator
from itertools import pairwise

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Recording

#: The quickest official client waits so long. Source: runware-sdk 1.8.0 (observed)
LEAST_MS = 500


def leaves_time_between_polls(recording: Recording) -> Iterator[Finding]:
    """Polls are half a second apart or more."""
    for (before, _), (after, _) in pairwise(recording.polls):
        waited_ms = after.at_ms - before.at_ms
        if not before.is_transient and waited_ms < LEAST_MS:
            waited = f"{waited_ms} ms"
            yield Finding(f"polled again after {waited}", after.number, waited, f"{LEAST_MS} ms or more")


CHECK = Check(
    "leaves-time-between-polls",
    SHOULD,
    leaves_time_between_polls,
    "official clients (observed); the service answers 429 to those who ask too often (stated)",
    "wait a second or two between polls",
)
