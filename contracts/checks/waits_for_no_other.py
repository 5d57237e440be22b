"""Time, of several calls at once."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Exchange, Recording

#: A pause of a call that nothing of its own explains. Official clients wait 10 s between polls, and one of them 33 s.
#: Source: the official clients (observed)
LONGEST_MS = 60_000


def waits_for_no_other(recording: Recording) -> Iterator[Finding]:
    """A call is held up by no other one: it hands in, polls and returns while that is waiting."""
    for before, after in _pauses(recording):
        # What the call itself was not answered, or was asked to try again, explains how long it waits.
        if before is not None and before.is_transient:
            continue
        from_ms = 0 if before is None else before.at_ms if before.ended_at_ms is None else before.ended_at_ms
        until_ms = recording.ended_at_ms if after is None else after.at_ms
        told_ms = 1000 * ((before and before.retry_after_s) or 0)
        if until_ms - from_ms - told_ms <= LONGEST_MS:
            continue
        spans = _spans(recording, from_ms, until_ms)
        # Where several others go on at once, the client has a limit of its own, which is no lock.
        if spans and all(before_ms <= after_ms for (_, before_ms), (after_ms, _) in pairwise(spans)):
            what = "returned" if after is None else "handed in" if before is None else "asked again"
            place = 0 if after is None else after.number
            said = (
                f"the call {what} {(until_ms - from_ms) / 1000:.0f} s late, while another one was waiting for its task"
            )
            yield Finding(said, place, f"{until_ms - from_ms} ms", f"{LONGEST_MS} ms or less")
            return


def _pauses(recording: Recording) -> Iterator[tuple[Exchange | None, Exchange | None]]:
    """Yield what stands before and after each pause of a call, its beginning and its end being None."""
    own: Sequence[Exchange | None] = [None, *recording.exchanges, None]
    yield from pairwise(own)


def _spans(recording: Recording, from_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """Return from when to when each other call spoke within a pause, in milliseconds from the beginning of the call."""
    spans = []
    for other in recording.companions:
        times = [exchange.at_ms + other.began_at_ms - recording.began_at_ms for exchange in other.exchanges]
        within = [at_ms for at_ms in times if from_ms <= at_ms <= until_ms]
        spans += [(min(within), max(within))] if within else []
    return sorted(spans)


CHECK = Check(
    "waits-for-no-other",
    SHOULD,
    waits_for_no_other,
    "tasks are worked on side by side; each is polled by its own taskUUID (stated)",
    "hold no lock while a task is waited for, and return each result when it is there",
)
