"""The webhooks in another order."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Fault, Letter, Moment, setting


@dataclass(frozen=True, slots=True)
class ReorderWebhooks(Fault):
    """The webhooks of a task with several results come last to first, once the last result is made.

    A good client counts results by their `videoUUID`, not by how many webhooks came before.
    """

    moments: ClassVar = frozenset({Moment.WEBHOOK})

    gap_ms: int = setting(100, "milliseconds from one to the next")

    def carry(self, letter: Letter) -> Letter:
        """Keep it back until those of later results are out."""
        due = letter.task.due_at_ms
        wait_ms = due[-1] - due[letter.index] + self.gap_ms * (len(due) - 1 - letter.index)
        return replace(letter, delay_ms=letter.delay_ms + wait_ms)
