"""The webhook that comes late."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment, setting


@dataclass(frozen=True, slots=True)
class DelayWebhook(Fault):
    """Webhooks come long after polls tell of the result.

    A good client that also polls takes the late one for what it knows already; one that only waits, waits longer.
    """

    moments: ClassVar = frozenset({Moment.WEBHOOK})

    delay_ms: int = setting(60_000, "milliseconds after the result was made")

    def carry(self, letter: Letter) -> Letter:
        """Keep it back."""
        return replace(letter, delay_ms=letter.delay_ms + self.delay_ms)
