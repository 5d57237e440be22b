"""The results in messages of their own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frame, Frames


@dataclass(frozen=True, slots=True)
class SplitResults(Fault):
    """Over a WebSocket every item of an answer comes in a message of its own; HTTP is not touched.

    A good client gathers what it was told of a task over all messages, and does not take one for the whole state.
    """

    moments: ClassVar = ANSWER
    on: ClassVar = "any"

    def disturb(self, frames: Frames) -> Frames:
        """Send a message for each item."""
        return replace(frames, frames=tuple(part for frame in frames.frames for part in _parts(frame)))


def _parts(frame: Frame) -> Iterator[Frame]:
    for name, items in json.loads(frame.payload).items():
        for item in items:
            yield replace(frame, payload=json.dumps({name: [item]}, separators=(",", ":")).encode())
