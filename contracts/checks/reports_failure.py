"""Errors are not swallowed."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording, pointer_of


def reports_failure(recording: Recording) -> Iterator[Finding]:
    """If no result was made, the caller gets an error, and no empty list."""
    outcome = recording.outcome
    if outcome.results is None or recording.results or outcome.value is not None:
        return
    if not outcome.results:
        code = recording.failures[0].get("code") if recording.failures else None
        why = f"the service had answered {code}" if code else "nothing was made"
        yield Finding(f"returned an empty list, although {why}", 0, [], code, pointer_of("results"))


CHECK = Check(
    "reports-failure",
    MUST,
    reports_failure,
    "documentation of errors (stated)",
    "raise when a submission or a poll is answered with errors and no result is there",
)
