"""A log that keeps what it is told."""

from collections.abc import Sequence

from mockserver.log import Seen
from mockserver.wire import Answer


class Remarks:
    """Keeps remarks and requests.

    Attributes:
        remarks: what was said.
        seen: the requests that were shown.
    """

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.seen: list[Seen] = []

    def see(self, transport: str, status: int, answers: Sequence[Answer], elapsed_ms: float) -> None:
        """Keep a request."""
        self.seen.append(Seen(0.0, transport, status, answers, elapsed_ms))

    def say(self, remark: str) -> None:
        """Keep a remark."""
        self.remarks.append(remark)

    def flush(self) -> None:
        """Nothing is gathered."""
