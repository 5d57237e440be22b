"""The answer that holds nothing."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, Outgoing, each_frame


@dataclass(frozen=True, slots=True)
class EmptyBody(Fault):
    """The answer has its usual status and no body; over a WebSocket the message is empty. The task is taken on.

    A good client counts this as no answer: it asks again, and takes `conflictTaskUUID` for an acknowledgement.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Leave the body out."""
        return replace(outgoing, body=b"")

    def disturb(self, frames: Frames) -> Frames:
        """Leave every message empty."""
        return each_frame(frames, payload=b"")
