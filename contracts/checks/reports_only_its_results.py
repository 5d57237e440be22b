"""Nothing else."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording, pointer_of


def reports_only_its_results(recording: Recording) -> Iterator[Finding]:
    """What the caller gets are finished results of its task, and a list of them."""
    outcome = recording.outcome
    if outcome.value is not None:
        yield Finding(
            f"returned {type(outcome.value).__name__}, no list of objects",
            0,
            outcome.value,
            "a list of results",
            "/results",
        )
    for index, item in enumerate(outcome.results or ()):
        uuid, status = item.get("videoUUID"), item.get("status")
        if status == "processing" or not (item.get("videoURL") or uuid):
            yield Finding(
                "an item without a video is reported as a result", 0, dict(item), place=pointer_of("results", index)
            )
        elif uuid is not None and uuid not in [*recording.results]:
            place = pointer_of("results", index, "videoUUID")
            yield Finding(f"result {uuid} is none of this task", 0, uuid, [*recording.results], place)


CHECK = Check(
    "reports-only-its-results",
    MUST,
    reports_only_its_results,
    "documentation of task polling: an item in processing has no video (stated)",
    "take items with the status success alone, and of those the ones with the taskUUID of the task",
)
