"""The results in another order."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault
from mockserver.wire import Answer


@dataclass(frozen=True, slots=True)
class ShuffleResults(Fault):
    """The results of an answer come last to first.

    A good client tells results apart by their `videoUUID`, not by their place.
    """

    moments: ClassVar = ANSWER
    on: ClassVar = "any"

    def word(self, answer: Answer) -> Answer:
        """Turn the order round."""
        return replace(answer, data=list(reversed(answer.data)))
