"""The WebSocket that dies after the acknowledgement."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, End, Fault, Frames


@dataclass(frozen=True, slots=True)
class DropSocketAfterAck(Fault):
    """A WebSocket is reset once the acknowledgement is out; HTTP is not touched.

    A good client connects again and goes on polling the task that it has; it does not hand in another.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def disturb(self, frames: Frames) -> Frames:
        """Break the connection after the last message."""
        return replace(frames, end=End.SENT)
