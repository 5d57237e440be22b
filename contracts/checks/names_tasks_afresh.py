"""Task UUIDs."""

import re
from collections.abc import Iterator

from contracts.checks.base import MUST, Check, Finding
from contracts.recording import Recording

_V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)


def names_tasks_afresh(recording: Recording) -> Iterator[Finding]:
    """Each task has a UUID of version 4 that no task had before."""
    for exchange, task in recording.submissions:
        uuid, place = task.get("taskUUID"), exchange.pointer(task, "taskUUID")
        if not isinstance(uuid, str) or not _V4.fullmatch(uuid):
            yield Finding(f"taskUUID is {uuid!r}", exchange.number, uuid, "a UUID of version 4", place)
        elif uuid in recording.earlier:
            yield Finding(f"taskUUID {uuid} was that of an earlier task", exchange.number, uuid, "a new one", place)


CHECK = Check(
    "names-tasks-afresh",
    MUST,
    names_tasks_afresh,
    "the parameter page, taskUUID (stated)",
    "make a new uuid4() for each task, and keep it for further tries of the same task",
)
