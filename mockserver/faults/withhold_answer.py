"""The answer that never comes."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, End, Fault, Frames, Outgoing


@dataclass(frozen=True, slots=True)
class WithholdAnswer(Fault):
    """The task is taken on, no answer comes, and the connection stays open.

    A good client gives up after a limit and asks again with the same taskUUID over another connection.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Send nothing."""
        return replace(outgoing, end=End.NEVER)

    def disturb(self, frames: Frames) -> Frames:
        """Send nothing."""
        return replace(frames, end=End.NEVER)
