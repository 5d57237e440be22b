"""The WebSocket message that gets lost."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames


@dataclass(frozen=True, slots=True)
class LoseFrame(Fault):
    """The answer is lost on a WebSocket that lives on; HTTP is not touched. The task was taken on.

    A good client limits its wait for each answer, then asks again; it does not wait for the connection to end.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def disturb(self, frames: Frames) -> Frames:
        """Send nothing."""
        del frames
        return Frames(())
