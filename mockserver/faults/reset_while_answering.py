"""The connection that breaks in the middle of the answer."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, End, Fault, Frames, Outgoing, setting


@dataclass(frozen=True, slots=True)
class ResetWhileAnswering(Fault):
    """The connection is reset after some bytes of the body, fewer than were announced. The task was taken on.

    A good client throws the part away, even where it could be read, and asks again with the same taskUUID.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    after_bytes: int = setting(20, "bytes of the body that are sent")
    orderly: bool = setting(False, "whether the connection is closed (FIN, a close frame) rather than reset (RST)")

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Break the connection after some bytes."""
        return replace(outgoing, end=End.CUT, cut_at=self.after_bytes, is_orderly=self.orderly)

    def disturb(self, frames: Frames) -> Frames:
        """Break the connection within the first message."""
        return replace(frames, end=End.CUT, is_orderly=self.orderly)
