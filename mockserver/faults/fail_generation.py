"""The generation that ends with an error."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.values import Task
from mockserver.faults.base import TASK, Fault, setting


@dataclass(frozen=True, slots=True)
class FailGeneration(Fault):
    """The task is taken on, and its generation then ends with an error of the catalogue.

    A good client stops polling, shows code and sentence, and hands in the same task again only where the category
    of the code allows it.
    """

    moments: ClassVar = TASK

    code: str = setting("providerError", "name of the error")

    def shape(self, task: Task) -> Task:
        """Let every result fail when the first would have been ready. Of several causes the first counts."""
        if task.failure is not None:
            return task
        return task._replace(failure=self.code, failing=(), due_at_ms=task.due_at_ms[:1] * len(task.due_at_ms))
