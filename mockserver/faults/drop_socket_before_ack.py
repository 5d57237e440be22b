"""The WebSocket that dies before the acknowledgement."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, End, Fault, Frames


@dataclass(frozen=True, slots=True)
class DropSocketBeforeAck(Fault):
    """A WebSocket is reset in place of the acknowledgement; HTTP is not touched. The task was taken on.

    A good client connects again, names its `connectionSessionUUID`, and gets the acknowledgement that was kept for
    it; or sends the same task with the same taskUUID and takes `conflictTaskUUID` for one.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def disturb(self, frames: Frames) -> Frames:
        """Break the connection; the session keeps what was not delivered."""
        return replace(frames, end=End.UNSENT)
