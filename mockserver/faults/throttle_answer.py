"""The narrow line to the client."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, Outgoing, setting


@dataclass(frozen=True, slots=True)
class ThrottleAnswer(Fault):
    """The answer drips: some bytes every 100 ms; over a WebSocket a message comes when its last byte would have.

    A good client limits the whole answer and not each read, or it waits for as long as bytes drip.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    bytes_per_s: int = setting(50, "bytes that come through in a second", least=10)

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Send the body slowly."""
        return replace(outgoing, bytes_per_s=self.bytes_per_s)

    def disturb(self, frames: Frames) -> Frames:
        """Give every message the time that it needs."""
        slow = (
            replace(frame, delay_ms=frame.delay_ms + len(frame.payload) * 1000 // self.bytes_per_s)
            for frame in frames.frames
        )
        return replace(frames, frames=tuple(slow))
