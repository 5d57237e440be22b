"""The upload that takes its time."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment, setting


@dataclass(frozen=True, slots=True)
class SlowUpload(Fault):
    """Every upload comes as late as if it took long; the result succeeds only then.

    A good client goes by the status of the task and not by when the video should have been made.
    """

    moments: ClassVar = frozenset({Moment.UPLOAD})

    delay_ms: int = setting(30_000, "milliseconds that it takes")

    def carry(self, letter: Letter) -> Letter:
        """Keep it back for as long as it would take."""
        return replace(letter, delay_ms=letter.delay_ms + self.delay_ms)
