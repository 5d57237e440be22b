"""The answer that is long on its way."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, Outgoing, setting


@dataclass(frozen=True, slots=True)
class DelayAnswer(Fault):
    """The answer comes late; the task was taken on at once.

    A good client has a limit for the wait, and when it is over asks again with the same taskUUID.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    delay_ms: int = setting(2000, "milliseconds until the first byte")

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Send nothing for a while."""
        return replace(outgoing, delay_ms=outgoing.delay_ms + self.delay_ms)

    def disturb(self, frames: Frames) -> Frames:
        """Keep the first message back, and what follows it."""
        if not frames.frames:
            return frames
        first, *others = frames.frames
        return replace(frames, frames=(replace(first, delay_ms=first.delay_ms + self.delay_ms), *others))
