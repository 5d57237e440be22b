"""The model whose queue is full."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Outgoing


@dataclass(frozen=True, slots=True)
class FillQueue(Fault):
    """The request is answered 429 `inferenceRateLimitExceeded`: the queue of the model takes no more for now.

    A good client hands in fewer tasks at a time and tries again after growing waits; no header tells when.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    def refuse(self) -> str:
        """Take no task on."""
        return "inferenceRateLimitExceeded"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Answer 429, whatever else the request holds."""
        return replace(outgoing, status=429)
