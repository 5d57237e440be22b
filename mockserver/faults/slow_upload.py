"""The upload that takes its time."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment, setting


@dataclass(frozen=True, slots=True)
class SlowUpload(Fault):
    """Every upload comes as late as its bytes would need over a narrow line; the result succeeds only then.

    A good client goes by the status of the task and not by when the video should have been made.
    """

    moments: ClassVar = frozenset({Moment.UPLOAD})

    bytes_per_s: int = setting(2_000, "bytes that come through in a second", least=1)

    def carry(self, letter: Letter) -> Letter:
        """Keep it back for as long as it would take."""
        return replace(letter, delay_ms=letter.delay_ms + letter.size_bytes * 1000 // self.bytes_per_s)
