"""Errors, of several calls at once."""

from collections.abc import Iterator, Sequence

from contracts.checks.base import MUST, Check, Finding
from contracts.checks.waits_long_enough import LEAST_MS
from contracts.recording import Json, Outcome, Recording

#: A call that fails so soon after another, and for no reason of its own, is taken to have failed with it.
SOON_MS = 5_000


def fails_each_task_alone(recording: Recording) -> Iterator[Finding]:
    """What goes wrong with one task ends no call but its own."""
    last = recording.exchanges[-1] if recording.exchanges else None
    if not recording.outcome.has_failed or recording.failures or recording.ended_at_ms >= LEAST_MS:
        return
    if last is not None and (last.is_transient or last.errors):
        return
    ended_at_ms = recording.began_at_ms + recording.ended_at_ms
    for other in recording.companions:
        for at_ms, errors in _failures(other):
            is_soon = recording.began_at_ms <= at_ms and ended_at_ms - at_ms <= SOON_MS
            if at_ms <= ended_at_ms and (is_soon or _shows(recording.outcome, errors)):
                code = errors[0].get("code")
                said = f"the call failed although nothing was wrong with its task; another's had been answered {code}"
                yield Finding(said, 0, recording.outcome.code, None)
                return


def _failures(other: Recording) -> Iterator[tuple[int, Sequence[Json]]]:
    """Yield when another call was told how its task failed, in milliseconds of the session, and with what errors.

    An error that it got over ends nobody.
    """
    for exchange in other.exchanges:
        if exchange.errors and exchange.errors == other.failures:
            yield other.began_at_ms + exchange.at_ms, exchange.errors


def _shows(outcome: Outcome, errors: Sequence[Json]) -> bool:
    """Say whether an outcome has the code or the message of one of the errors."""
    messages = [error.get("message") for error in errors]
    is_said = any(isinstance(each, str) and each and each in outcome.message for each in messages)
    return is_said or (outcome.code is not None and outcome.code in [error.get("code") for error in errors])


CHECK = Check(
    "fails-each-task-alone",
    MUST,
    fails_each_task_alone,
    "documentation of errors: an error is of the task whose taskUUID it has (stated)",
    "keep errors by taskUUID, and let the failure of one call cancel no other",
)
