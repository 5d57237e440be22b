"""What is polled."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def polls_its_own_task(recording: Recording) -> Iterator[Finding]:
    """Every getResponse names the taskUUID of a task that was handed in before."""
    handed_in: set[str] = set()
    for exchange in recording.exchanges:
        for task in exchange.tasks:
            uuid = str(task.get("taskUUID")).lower()
            if task.get("taskType") == "videoInference":
                handed_in.add(uuid)
            elif task.get("taskType") == "getResponse" and uuid not in handed_in:
                said, place = f"polled {uuid}, which was never handed in", exchange.pointer(task, "taskUUID")
                yield Finding(said, exchange.number, uuid, [*handed_in], place)


CHECK = Check(
    "polls-its-own-task",
    MUST,
    polls_its_own_task,
    "documentation of task polling (stated)",
    "poll with the taskUUID of the submission, not a new one",
)
