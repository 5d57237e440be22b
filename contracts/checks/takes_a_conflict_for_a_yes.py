"""The lost acknowledgement."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def takes_a_conflict_for_a_yes(recording: Recording) -> Iterator[Finding]:
    """If another try is answered with conflictTaskUUID, the task was taken on, and is polled."""
    uuids: set[str] = set()
    for exchange, task in recording.submissions:
        uuid = str(task.get("taskUUID")).lower()
        conflicts = [error for error in exchange.errors if error.get("code") == "conflictTaskUUID"]
        if uuid in uuids and conflicts and not recording.polls:
            yield Finding(
                "the try before was taken on, its answer got lost; the video is made and paid for, and not fetched",
                exchange.number,
            )
            return
        uuids.add(uuid)


CHECK = Check(
    "takes-a-conflict-for-a-yes",
    MUST,
    takes_a_conflict_for_a_yes,
    "documentation of errors, conflictTaskUUID (stated); official clients do so (observed)",
    "treat conflictTaskUUID like the acknowledgement when the taskUUID was sent before, and go on to poll",
)
