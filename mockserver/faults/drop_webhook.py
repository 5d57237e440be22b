"""The webhook that never comes."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment


@dataclass(frozen=True, slots=True)
class DropWebhook(Fault):
    """Webhooks are lost, and nobody sends them again.

    A good client polls as well, at least after a while; one that only waits for webhooks waits for ever.
    """

    moments: ClassVar = frozenset({Moment.WEBHOOK})

    def carry(self, letter: Letter) -> Letter:
        """Send nothing."""
        return replace(letter, copies=0)
