"""The storage that refuses the upload."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment, setting


@dataclass(frozen=True, slots=True)
class RefuseUpload(Fault):
    """The storage is taken to refuse the first attempts of every upload; it is not asked.

    A good client looks into its bucket, or takes the video from `videoURL`, before it counts a task as done.
    """

    moments: ClassVar = frozenset({Moment.UPLOAD})

    status: int = setting(403, "HTTP status that the storage is taken to answer", least=300, most=599)

    attempts: int = setting(100, "attempts of an upload that are refused", least=1, most=100)

    def carry(self, letter: Letter) -> Letter:
        """Answer for the storage."""
        return replace(letter, answers=(self.status,) * self.attempts)
