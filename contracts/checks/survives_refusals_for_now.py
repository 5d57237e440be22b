"""429 and 5xx."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def survives_refusals_for_now(recording: Recording) -> Iterator[Finding]:
    """After an answer of 429 or 5xx the request is tried again."""
    if recording.outcome.is_endless or not recording.exchanges:
        return
    last = recording.exchanges[-1]
    if last.status is not None and (last.status == 429 or last.status >= 500) and recording.outcome.has_failed:
        yield Finding(f"gave up at an answer of {last.status}, which another try would have got over", last.number)


CHECK = Check(
    "survives-refusals-for-now",
    MUST,
    survives_refusals_for_now,
    "documentation of errors (stated); official clients try three times more (observed)",
    "try again after 429, 500, 502, 503 and 504, a few times, with growing pauses and the same taskUUID",
)
