"""The content that moderation does not let through."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.values import Task
from mockserver.faults.base import TASK, Fault


@dataclass(frozen=True, slots=True)
class ModerateContent(Fault):
    """The generation ends with `invalidProviderContent`: the provider's moderation refused prompt or pictures.

    A good client does not send the same content again, and tells its user why.
    """

    moments: ClassVar = TASK

    def shape(self, task: Task) -> Task:
        """Let every result be refused. Of several causes the first counts."""
        if task.failure is not None:
            return task
        due = task.due_at_ms[:1] * len(task.due_at_ms)
        return task._replace(failure="invalidProviderContent", failing=(), due_at_ms=due)
