"""The connection that breaks after the answer."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, End, Fault, Frames, Outgoing, setting


@dataclass(frozen=True, slots=True)
class ResetAfterAnswer(Fault):
    """The answer comes whole, then the connection is reset, though it was to be kept.

    A good client takes the answer, and opens a new connection for the next request without a word to its caller.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    orderly: bool = setting(False, "whether the connection is closed (FIN, a close frame) rather than reset (RST)")

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Break the connection after the answer."""
        return replace(outgoing, end=End.SENT, is_orderly=self.orderly)

    def disturb(self, frames: Frames) -> Frames:
        """Break the connection after the last message."""
        return replace(frames, end=End.SENT, is_orderly=self.orderly)
