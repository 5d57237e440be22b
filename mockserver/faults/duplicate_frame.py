"""The WebSocket message that comes twice."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames


@dataclass(frozen=True, slots=True)
class DuplicateFrame(Fault):
    """Every message of an answer comes twice over a WebSocket; HTTP is not touched.

    A good client tells results apart by their `videoUUID` and counts each once.
    """

    moments: ClassVar = ANSWER
    on: ClassVar = "any"

    def disturb(self, frames: Frames) -> Frames:
        """Send every message twice."""
        return replace(frames, frames=tuple(frame for frame in frames.frames for _ in range(2)))
