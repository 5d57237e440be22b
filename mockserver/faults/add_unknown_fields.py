"""The answer with fields that nobody knows."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from mockserver.faults.base import ANSWER, Fault
from mockserver.wire import Answer

#: What is added. No name ends as those do by which clients know results.
UNKNOWN: dict[str, Any] = {"mockExtra": "a field of next year", "mockDetails": {"list": [1, None, True], "empty": {}}}


@dataclass(frozen=True, slots=True)
class AddUnknownFields(Fault):
    """Every item and error of an answer has fields that no documentation knows.

    A good client does not look at them: an API may grow.
    """

    moments: ClassVar = ANSWER
    on: ClassVar = "any"

    def word(self, answer: Answer) -> Answer:
        """Add fields."""
        data = [{**item, **UNKNOWN} for item in answer.data]
        return replace(answer, data=data, errors=[{**error, **UNKNOWN} for error in answer.errors])
