"""The narrow line from the client."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.faults.base import ANSWER, Fault, setting


@dataclass(frozen=True, slots=True)
class ThrottleRequest(Fault):
    """The body of the request arrives slowly: the task is taken on when its last byte would have come through.

    A good client sets its limit by the size of what it sends: pictures in a request take longest.
    """

    moments: ClassVar = ANSWER
    times: ClassVar = 1
    on: ClassVar = "submit"

    bytes_per_s: int = setting(100, "bytes that come through in a second", least=1)

    def hold_ms(self, size_bytes: int) -> int:
        """Take the time that the body needs."""
        return size_bytes * 1000 // self.bytes_per_s
