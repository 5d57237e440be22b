"""The gateway that got nonsense from behind."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Outgoing, setting
from mockserver.faults.gateway import FORMS, from_gateway


@dataclass(frozen=True, slots=True)
class Answer502(Fault):
    """The request is answered 502 by a gateway, in HTML, and the task is not taken on.

    A good client does not read the body as JSON before it looked at the status and the media type, and sends the
    same task with the same taskUUID again after a while.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    form: str = setting("html", "what the body is: the API's own error, a page of a gateway, or nothing", choices=FORMS)

    def refuse(self) -> str:
        """Take no task on."""
        return "providerBadGateway"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Answer 502."""
        return from_gateway(outgoing, 502, self.form)
