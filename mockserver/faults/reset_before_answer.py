"""The connection that breaks before the answer."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, End, Fault, Frames, Outgoing, setting


@dataclass(frozen=True, slots=True)
class ResetBeforeAnswer(Fault):
    """The connection is reset in place of the answer. The task was taken on, unless `accepted` says otherwise.

    A good client cannot know whether it was: it sends the same task with the same taskUUID again and takes
    `conflictTaskUUID` for an acknowledgement.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    accepted: bool = setting(True, "whether the task was taken on")
    orderly: bool = setting(False, "whether the connection is closed (FIN, a close frame) rather than reset (RST)")

    def refuse(self) -> str | None:
        """Take no task on where the request was lost."""
        return None if self.accepted else "serviceUnavailable"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Break the connection."""
        return replace(outgoing, end=End.UNSENT, is_orderly=self.orderly)

    def disturb(self, frames: Frames) -> Frames:
        """Break the connection; the session keeps what was not delivered, if there was something to deliver."""
        kept = frames.frames if self.accepted else ()
        return replace(frames, frames=kept, end=End.UNSENT, is_orderly=self.orderly)
