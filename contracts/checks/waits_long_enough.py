"""Patience."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording

#: Videos take minutes; whoever gives up before this loses what is paid for. Source: official clients (observed)
LEAST_MS = 10 * 60_000


def waits_long_enough(recording: Recording) -> Iterator[Finding]:
    """A task that is being worked on is waited for, ten minutes at least."""
    if recording.outcome.is_endless or not recording.polls:
        return
    last, _ = recording.polls[-1]
    is_running = not last.is_transient and any(item.get("status") == "processing" for item in last.items)
    if is_running and recording.ended_at_ms < LEAST_MS:
        what = "failed" if recording.outcome.has_failed else "returned"
        yield Finding(
            f"the call {what} after {recording.ended_at_ms / 1000:.0f} s, while a result was in processing",
            last.number,
            f"{recording.ended_at_ms / 1000:.0f} s",
            f"{LEAST_MS // 1000} s or more",
        )


CHECK = Check(
    "waits-long-enough",
    MUST,
    waits_long_enough,
    "official clients wait 10 minutes and longer (observed)",
    "go on polling while an item says processing, for ten minutes or more",
)
