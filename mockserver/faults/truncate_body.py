"""The answer that ends too early."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, Outgoing, setting


@dataclass(frozen=True, slots=True)
class TruncateBody(Fault):
    """The body ends in the middle, and its length is told as it is: HTTP in order, JSON broken. The task is taken on.

    A good client counts this as no answer, not as a refusal: it asks again with the same taskUUID.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    after_bytes: int = setting(30, "how many bytes are left")

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Cut the body."""
        return replace(outgoing, body=outgoing.body[: self.after_bytes])

    def disturb(self, frames: Frames) -> Frames:
        """Cut every message."""
        cut = (replace(frame, payload=frame.payload[: self.after_bytes]) for frame in frames.frames)
        return replace(frames, frames=tuple(cut))
