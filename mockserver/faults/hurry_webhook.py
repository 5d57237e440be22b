"""The webhook that overtakes the acknowledgement."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.engine.values import Task
from mockserver.faults.base import TASK, Fault, Frames, Outgoing, setting


@dataclass(frozen=True, slots=True)
class HurryWebhook(Fault):
    """The video is made at once, and its webhook comes before the acknowledgement of the task.

    A good client knows its taskUUID before it hands in the task, so that no webhook speaks of a stranger.
    """

    moments: ClassVar = TASK

    delay_ms: int = setting(500, "milliseconds by which the acknowledgement is late")

    def shape(self, task: Task) -> Task:
        """Make every result at once."""
        return task._replace(due_at_ms=(task.submitted_at_ms,) * len(task.due_at_ms))

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Keep the acknowledgement back."""
        return replace(outgoing, delay_ms=outgoing.delay_ms + self.delay_ms)

    def disturb(self, frames: Frames) -> Frames:
        """Keep the acknowledgement back."""
        late = (replace(frame, delay_ms=frame.delay_ms + self.delay_ms) for frame in frames.frames)
        return replace(frames, frames=tuple(late))
