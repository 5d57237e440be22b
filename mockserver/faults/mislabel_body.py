"""The answer that says it is something else."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, Outgoing, each_frame


@dataclass(frozen=True, slots=True)
class MislabelBody(Fault):
    """The JSON is declared as text/plain; over a WebSocket it comes in a binary message. The task is taken on.

    A good client either reads the JSON all the same or names the media type that it got.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Declare another type."""
        return replace(outgoing, media_type="text/plain")

    def disturb(self, frames: Frames) -> Frames:
        """Send binary messages."""
        return each_frame(frames, is_binary=True)
