"""The webhook that never comes."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment


@dataclass(frozen=True, slots=True)
class DropWebhook(Fault):
    """Webhooks are lost, and nobody sends them again.

    A client that only waits for webhooks waits for ever; one that also polls, or polls after a while, has its video.
    """

    moments: ClassVar = frozenset({Moment.WEBHOOK})

    def carry(self, letter: Letter) -> Letter:
        """Send nothing."""
        return replace(letter, copies=0)
