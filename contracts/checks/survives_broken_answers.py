"""Lost and broken answers."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def survives_broken_answers(recording: Recording) -> Iterator[Finding]:
    """After a connection that broke, or an answer that is no JSON, the request is tried again."""
    if recording.outcome.is_endless or not recording.exchanges:
        return
    last = recording.exchanges[-1]
    is_broken = last.status is None or (last.status < 400 and not last.replies)
    if last.transport == "http" and is_broken and recording.outcome.has_failed:
        what = "no answer" if last.status is None else "an answer that is no JSON"
        yield Finding(f"gave up at {what}, which another try would have got over", last.number)


CHECK = Check(
    "survives-broken-answers",
    MUST,
    survives_broken_answers,
    "networks (assumed); official clients try again (observed)",
    "try again after a lost connection or an unreadable answer, with the same taskUUID",
)
