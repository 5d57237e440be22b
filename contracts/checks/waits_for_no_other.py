"""Time, of several calls at once."""

from collections.abc import Iterator, Sequence

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Exchange, Recording

#: A pause of a call that nothing of its own explains. Official clients wait 10 s between polls, and one of them 33 s.
#: Source: the official clients (observed)
LONGEST_MS = 60_000


def waits_for_no_other(recording: Recording) -> Iterator[Finding]:
    """A call is held up by no other one: it hands in, polls and returns while that is waiting."""
    for before, after in _pauses(recording):
        from_ms = 0 if before is None else before.at_ms if before.ended_at_ms is None else before.ended_at_ms
        until_ms = recording.ended_at_ms if after is None else after.at_ms
        told_ms = 1000 * ((before and before.retry_after_s) or 0)
        if until_ms - from_ms - told_ms <= LONGEST_MS:
            continue
        busy = [other for other in recording.companions if _speaks(other, recording, from_ms, until_ms)]
        # Where several others go on, the client has a limit of its own, which is no lock.
        if len(busy) == 1:
            what = "returned" if after is None else "handed in" if before is None else "asked again"
            place = 0 if after is None else after.number
            said = f"the call {what} {(until_ms - from_ms) / 1000:.0f} s late, while one other was waiting for its task"
            yield Finding(said, place, until_ms - from_ms, LONGEST_MS)
            return


def _pauses(recording: Recording) -> Iterator[tuple[Exchange | None, Exchange | None]]:
    """Yield what stands before and after each pause of a call, its beginning and its end being None."""
    own: Sequence[Exchange | None] = [None, *recording.exchanges, None]
    yield from zip(own, own[1:], strict=False)


def _speaks(other: Recording, recording: Recording, from_ms: int, until_ms: int) -> bool:
    """Say whether another call goes on in a pause, given in milliseconds from the beginning of the call that pauses."""
    later_ms = other.began_at_ms - recording.began_at_ms
    return any(from_ms <= exchange.at_ms + later_ms <= until_ms for exchange in other.exchanges)


CHECK = Check(
    "waits-for-no-other",
    SHOULD,
    waits_for_no_other,
    "tasks are worked on side by side; each is polled by its own taskUUID (stated)",
    "hold no lock while a task is waited for, and return each result when it is there",
)
