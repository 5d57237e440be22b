"""The WebSocket message that lets another go first."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames


@dataclass(frozen=True, slots=True)
class ReorderFrames(Fault):
    """The answer comes after the next message of the WebSocket, whatever that answers; HTTP is not touched.

    A good client finds out by `taskUUID` what a message answers, not by the order in which it asked.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def disturb(self, frames: Frames) -> Frames:
        """Let the next message go first."""
        return replace(frames, frames=tuple(replace(frame, is_overtaken=True) for frame in frames.frames))
