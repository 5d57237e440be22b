"""The poll that is answered from yesterday."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.values import Status, Task
from mockserver.faults.base import Fault, Moment, setting


@dataclass(frozen=True, slots=True)
class LagPolls(Fault):
    """Polls tell how far the task was a while ago: a webhook may tell of a video that a poll still calls processing.

    A good client believes whoever says that a result is there, and polls on while nobody does.
    """

    moments: ClassVar = frozenset({Moment.POLL})

    lag_ms: int = setting(30_000, "milliseconds by which polls lag behind")

    def view(self, task: Task, now_ms: int) -> tuple[Task, int]:
        """Return the task as it was."""
        then_ms = now_ms - self.lag_ms
        known = zip(task.outcomes, task.due_at_ms, strict=True)
        outcomes = tuple(Status.PROCESSING if due_ms > then_ms else outcome for outcome, due_ms in known)
        return task._replace(outcomes=outcomes), then_ms
