"""The service that is closed for a moment."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Outgoing, setting, with_header
from mockserver.faults.gateway import FORMS, from_gateway


@dataclass(frozen=True, slots=True)
class Answer503(Fault):
    """The request is answered 503, and the task is not taken on.

    A good client waits for as long as `Retry-After` says, or for growing times of its own, and sends the same task
    with the same taskUUID again.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    retry_after_s: int = setting(0, "seconds that the header Retry-After names; 0 for no header")
    form: str = setting("json", "what the body is: the API's own error, a page of a gateway, or nothing", choices=FORMS)

    def refuse(self) -> str:
        """Take no task on."""
        return "serviceUnavailable"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Answer 503."""
        answer = from_gateway(outgoing, 503, self.form)
        return with_header(answer, "Retry-After", str(self.retry_after_s)) if self.retry_after_s else answer
