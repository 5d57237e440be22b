"""Bounded time."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def gives_up(recording: Recording) -> Iterator[Finding]:
    """Every call ends, even if the task never does."""
    if recording.outcome.is_endless:
        polls = [exchange for exchange, _ in recording.polls]
        told = f"{len(polls)} poll{'' if len(polls) == 1 else 's'}" if polls else "no poll"
        last = f", the last after {polls[-1].at_ms // 1000} s" if polls else ""
        yield Finding(f"the call had not ended after {recording.ended_at_ms // 1000} s; {told}{last}")


CHECK = Check(
    "gives-up",
    MUST,
    gives_up,
    "official clients end after 10 to 24 minutes, or mean to (observed)",
    "give each request a time-out and the whole wait a limit, and raise when it is reached",
)
