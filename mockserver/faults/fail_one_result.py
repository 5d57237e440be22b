"""The result that fails beside others that do not."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.values import Task
from mockserver.faults.base import TASK, Fault, setting


@dataclass(frozen=True, slots=True)
class FailOneResult(Fault):
    """Of several results one ends with an error, the others succeed.

    A good client keeps what succeeded and tells what failed; a single answer holds both data and errors.
    """

    moments: ClassVar = TASK

    code: str = setting("providerError", "name of the error")
    index: int = setting(0, "which result fails, 0 being the first; the last where there are fewer", most=19)

    def shape(self, task: Task) -> Task:
        """Let one result fail. Of several causes the first counts."""
        if task.failure is not None:
            return task
        return task._replace(failure=self.code, failing=(min(self.index, len(task.due_at_ms) - 1),))
