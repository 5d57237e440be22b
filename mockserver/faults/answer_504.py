"""The gateway that waited too long, while the task was taken on behind it."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Frames, Outgoing, setting
from mockserver.faults.gateway import FORMS, from_gateway


@dataclass(frozen=True, slots=True)
class Answer504(Fault):
    """The request is answered 504 by a gateway, in HTML, although the task was taken on behind it.

    A good client sends the same task with the same taskUUID again and takes `conflictTaskUUID` for an
    acknowledgement; one that makes up a new taskUUID pays for two videos.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    form: str = setting(
        "html", "what the body is: the API's own answer, a page of a gateway, or nothing", choices=FORMS
    )

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Answer 504."""
        return from_gateway(outgoing, 504, self.form)

    def disturb(self, frames: Frames) -> Frames:
        """Lose the answer: over a WebSocket no gateway speaks for the service."""
        del frames
        return Frames(())
