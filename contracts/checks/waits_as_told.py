"""Retry-After."""

from collections.abc import Iterator
from itertools import pairwise

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Recording

#: Rounding of times.
SLACK_MS = 20


def waits_as_told(recording: Recording) -> Iterator[Finding]:
    """After an answer with Retry-After so many seconds pass before the next request."""
    for before, after in pairwise(recording.exchanges):
        if before.retry_after_s is None or before.transport != "http":
            continue
        waited_ms = after.at_ms - (before.at_ms if before.ended_at_ms is None else before.ended_at_ms)
        if waited_ms + SLACK_MS < before.retry_after_s * 1000:
            said = f"asked again after {waited_ms} ms; the answer asked for {before.retry_after_s:g} s"
            yield Finding(said, after.number, f"{waited_ms} ms", f"{before.retry_after_s:g} s or more")


CHECK = Check(
    "waits-as-told",
    SHOULD,
    waits_as_told,
    "RFC 9110, 10.2.3 (stated); that the service sends it is assumed",
    "read the header Retry-After and wait at least so long",
)
