"""A log that keeps what it is told."""

from mockserver.transports.http import Seen


class Remarks:
    """Keeps remarks and requests.

    Attributes:
        remarks: what was said.
        seen: the requests that were shown.
    """

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.seen: list[Seen] = []

    def see(self, seen: Seen) -> None:
        """Keep a request."""
        self.seen.append(seen)

    def say(self, remark: str) -> None:
        """Keep a remark."""
        self.remarks.append(remark)

    def flush(self) -> None:
        """Nothing is gathered."""
