"""The provider that gives no answer in time."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.values import Task
from mockserver.faults.base import TASK, Fault, setting


@dataclass(frozen=True, slots=True)
class TimeOutProvider(Fault):
    """The task is in processing for a long while and then ends with `timeoutProvider`.

    A good client counts this as a failure of that attempt, and hands in a task of a new taskUUID if it tries again.
    """

    moments: ClassVar = TASK

    after_ms: int = setting(600_000, "milliseconds from the submission to the failure")

    def shape(self, task: Task) -> Task:
        """Let every result fail late. Of several causes the first counts."""
        if task.failure is not None:
            return task
        due_ms = task.submitted_at_ms + self.after_ms
        return task._replace(failure="timeoutProvider", failing=(), due_at_ms=(due_ms,) * len(task.due_at_ms))
