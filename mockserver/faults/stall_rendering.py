"""The generation that comes to no end."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.values import Task
from mockserver.faults.base import TASK, Fault

#: Later than any client waits: ten years, in milliseconds.
NEVER_MS = 10 * 365 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class StallRendering(Fault):
    """The task stays in processing for ever; no webhook comes and nothing is uploaded.

    A good client polls at a bounded rate, gives up after a limit of its own, and says so.
    """

    moments: ClassVar = TASK

    def shape(self, task: Task) -> Task:
        """Let no result be made while anybody waits."""
        never = task.submitted_at_ms + NEVER_MS
        return task._replace(due_at_ms=(never,) * len(task.due_at_ms), is_attended=False)
