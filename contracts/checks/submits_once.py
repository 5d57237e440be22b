"""Double billing."""

from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording


def submits_once(recording: Recording) -> Iterator[Finding]:
    """A task is handed in under one taskUUID, however often it is tried."""
    first: str | None = None
    for exchange, task in recording.submissions:
        uuid = str(task.get("taskUUID"))
        if first is not None and uuid.lower() != first.lower():
            yield Finding(
                "another try has another taskUUID: if the first was taken on, both are charged",
                exchange.number,
                uuid,
                first,
                exchange.pointer(task, "taskUUID"),
            )
        first = first or uuid


CHECK = Check(
    "submits-once",
    MUST,
    submits_once,
    "documentation of errors, conflictTaskUUID (stated); each accepted task is charged (stated)",
    "make the taskUUID before the first try and send the same one again",
)
