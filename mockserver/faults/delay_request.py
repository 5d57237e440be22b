"""The request that is long on its way."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, setting


@dataclass(frozen=True, slots=True)
class DelayRequest(Fault):
    """The request arrives late: only then is the task taken on.

    A good client has a limit for the whole request; a task that it gave up on may still come to be.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    delay_ms: int = setting(2000, "milliseconds until it is there")

    def hold_ms(self, size_bytes: int) -> int:
        """Take the same time for every request."""
        del size_bytes
        return self.delay_ms
