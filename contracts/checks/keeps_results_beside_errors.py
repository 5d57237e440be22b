"""Partial results."""

from collections.abc import Iterator

from contracts.checks.base import SHOULD, Check, Finding
from contracts.recording import Recording


def keeps_results_beside_errors(recording: Recording) -> Iterator[Finding]:
    """If some results of a task fail, the others reach the caller."""
    last = recording.polls[-1][0] if recording.polls else None
    if last is None or not (last.errors and last.items) or not recording.outcome.has_failed:
        return
    if recording.results:
        yield Finding(
            f"{len(recording.results)} of the results were there, and paid for; the caller got an error alone",
            last.number,
        )


CHECK = Check(
    "keeps-results-beside-errors",
    SHOULD,
    keeps_results_beside_errors,
    "documentation of task polling: data and errors may both be present (stated)",
    "return the results that are there, and tell of the errors beside them",
)
