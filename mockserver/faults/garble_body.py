"""The answer that is no JSON."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, Outgoing, each_frame
from mockserver.faults.gateway import page


@dataclass(frozen=True, slots=True)
class GarbleBody(Fault):
    """A page of HTML comes in place of the JSON, declared as JSON and with the usual status. The task is taken on.

    A good client fails with a sentence about the body, not in the middle of its parser, and asks again.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Put the page in."""
        return replace(outgoing, body=page(200))

    def disturb(self, frames: Frames) -> Frames:
        """Put the page into every message."""
        return each_frame(frames, payload=page(200))
