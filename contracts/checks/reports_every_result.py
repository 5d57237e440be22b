"""Nothing missing."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording, pointer_of


def reports_every_result(recording: Recording) -> Iterator[Finding]:
    """Every finished result that a poll told of is handed to the caller."""
    outcome = recording.outcome
    if outcome.results is None:
        return
    reported = [item.get("videoUUID") for item in outcome.results]
    for uuid, item in recording.results.items():
        if uuid not in reported and item.get("videoURL") not in [each.get("videoURL") for each in outcome.results]:
            said = f"result {uuid} was there and is not among the {len(outcome.results)} reported"
            yield Finding(said, 0, None, uuid, pointer_of("results", len(outcome.results)))


CHECK = Check(
    "reports-every-result",
    MUST,
    reports_every_result,
    "documentation of task polling: polls are cumulative (stated)",
    "collect the items of the last poll, all of them, and do not stop at the first success",
)
