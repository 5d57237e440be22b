"""The generation that takes longer than it should."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.values import Task
from mockserver.faults.base import TASK, Fault, setting


@dataclass(frozen=True, slots=True)
class SlowRendering(Fault):
    """Every result takes longer, by a factor and by a time.

    A good client waits as long as its caller allows, and lengthens the pauses between polls.
    """

    moments: ClassVar = TASK

    factor: float = setting(10.0, "how many times longer it takes", least=1, most=10_000)
    extra_ms: int = setting(0, "milliseconds that are added")

    def shape(self, task: Task) -> Task:
        """Move the end of every result."""
        begun_ms = task.submitted_at_ms
        due = (begun_ms + round((due_ms - begun_ms) * self.factor) + self.extra_ms for due_ms in task.due_at_ms)
        return task._replace(due_at_ms=tuple(due))
