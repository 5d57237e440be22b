"""The rate limit."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, Outgoing, setting, with_header


@dataclass(frozen=True, slots=True)
class LimitRate(Fault):
    """The request is answered 429 `rateLimitExceeded`, with or without `Retry-After`.

    A good client waits for as long as the header says, or for growing times with jitter where there is none, and
    sends the same task with the same taskUUID again.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    retry_after_s: int = setting(1, "seconds that the header Retry-After names; 0 for no header")

    def refuse(self) -> str:
        """Take no task on."""
        return "rateLimitExceeded"

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """Answer 429."""
        return with_header(outgoing, "Retry-After", str(self.retry_after_s)) if self.retry_after_s else outgoing
