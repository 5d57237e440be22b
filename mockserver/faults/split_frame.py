"""The WebSocket message in fragments."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, each_frame, setting


@dataclass(frozen=True, slots=True)
class SplitFrame(Fault):
    """Every message comes in several WebSocket fragments; HTTP is not touched.

    A good client's library puts them together and its code sees nothing of it.
    """

    moments: ClassVar = ANSWER
    on: ClassVar = "any"

    pieces: int = setting(3, "fragments of a message", least=2, most=1000)

    def disturb(self, frames: Frames) -> Frames:
        """Send every message in fragments."""
        return each_frame(frames, pieces=self.pieces)
