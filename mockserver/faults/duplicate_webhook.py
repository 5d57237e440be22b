"""The webhook that comes twice."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment, setting


@dataclass(frozen=True, slots=True)
class DuplicateWebhook(Fault):
    """Every webhook comes more than once, word for word.

    A good client knows a result by its `videoUUID` and acts on it once.
    """

    moments: ClassVar = frozenset({Moment.WEBHOOK})

    copies: int = setting(2, "how often it comes", least=2, most=100)

    def carry(self, letter: Letter) -> Letter:
        """Send copies."""
        return replace(letter, copies=letter.copies * self.copies)
