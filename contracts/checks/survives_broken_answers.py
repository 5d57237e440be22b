"""Lost and broken answers."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def survives_broken_answers(recording: Recording) -> Iterator[Finding]:
    """After a connection that broke, or an answer that is no JSON, the request is tried again."""
    last = recording.last
    # Whatever hits one task hits another that a further try makes of it: that there are two is a finding by itself.
    if last is None or not recording.outcome.has_failed or len(recording.uuids) > 1:
        return
    if last.status is None or (last.status < 400 and not last.replies):
        what = "an answer that is no JSON" if last.answers else "no answer"
        yield Finding(f"gave up at {what}, which another try would have got over", last.number)


CHECK = Check(
    "survives-broken-answers",
    MUST,
    survives_broken_answers,
    "networks (assumed); official clients try again (observed)",
    "try again after a lost connection or an unreadable answer, with the same taskUUID",
)
