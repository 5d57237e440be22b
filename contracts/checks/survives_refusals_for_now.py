"""429 and 5xx."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def survives_refusals_for_now(recording: Recording) -> Iterator[Finding]:
    """After an answer of 429 or 5xx, or an error that says the same over WebSocket, the request is tried again."""
    last = recording.last
    # Whatever hits one task hits another that a further try makes of it: that there are two is a finding by itself.
    if last is None or not recording.outcome.has_failed or len(recording.uuids) > 1:
        return
    if last.is_refused_for_now:
        answer = last.status or last.errors[0].get("code")
        yield Finding(f"gave up at an answer of {answer}, which another try would have got over", last.number)


CHECK = Check(
    "survives-refusals-for-now",
    MUST,
    survives_refusals_for_now,
    "documentation of errors (stated); official clients try three times more (observed)",
    "try again after 429, 500, 502, 503 and 504, a few times, with growing pauses and the same taskUUID",
)
