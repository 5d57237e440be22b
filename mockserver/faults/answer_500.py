"""The service that fails for reasons of its own."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Outgoing, setting
from mockserver.faults.gateway import FORMS, from_gateway


@dataclass(frozen=True, slots=True)
class Answer500(Fault):
    """The request is answered 500, and the task is not taken on.

    A good client cannot know whether the task was taken on: it sends the same task with the same taskUUID again,
    after growing waits and not for ever, and takes `conflictTaskUUID` for an acknowledgement.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    form: str = setting("json", "what the body is: the API's own error, a page of a gateway, or nothing", choices=FORMS)

    def refuse(self) -> str:
        """Take no task on."""
        return "internalServerError"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Answer 500."""
        return from_gateway(outgoing, 500, self.form)
