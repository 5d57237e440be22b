"""Errors, of several calls at once."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.checks.waits_long_enough import LEAST_MS
from contracts.recording import Recording


def fails_each_task_alone(recording: Recording) -> Iterator[Finding]:
    """What goes wrong with one task ends no call but its own."""
    last = recording.exchanges[-1] if recording.exchanges else None
    if not recording.outcome.has_failed or recording.failures or recording.ended_at_ms >= LEAST_MS:
        return
    if last is not None and (last.is_transient or last.errors):
        return
    ended_at_ms = recording.began_at_ms + recording.ended_at_ms
    for other in recording.companions:
        told = [each for each in other.exchanges if each.errors and other.began_at_ms + each.at_ms <= ended_at_ms]
        if told:
            code = told[-1].errors[0].get("code")
            said = f"the call failed although nothing was wrong with its task; another's had been answered {code}"
            yield Finding(said, 0, recording.outcome.code, None)
            return


CHECK = Check(
    "fails-each-task-alone",
    MUST,
    fails_each_task_alone,
    "documentation of errors: an error is of the task whose taskUUID it has (stated)",
    "keep errors by taskUUID, and let the failure of one call cancel no other",
)
