"""The receiver that refuses the webhook."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment, setting


@dataclass(frozen=True, slots=True)
class RefuseWebhook(Fault):
    """The receiver is taken to refuse the first attempts of every webhook; it is not asked.

    A good client answers webhooks with 2xx soon and does its work afterwards, and polls for those that it missed.
    """

    moments: ClassVar = frozenset({Moment.WEBHOOK})

    status: int = setting(503, "HTTP status that the receiver is taken to answer", least=300, most=599)
    attempts: int = setting(2, "attempts of a webhook that are refused", least=1, most=100)

    def carry(self, letter: Letter) -> Letter:
        """Answer for the receiver."""
        return replace(letter, answers=(self.status,) * self.attempts)
