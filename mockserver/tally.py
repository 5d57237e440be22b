"""What is counted of requests for whoever watches a mock: plain numbers, which cost next to nothing to keep."""

from bisect import bisect_left
from collections import defaultdict

#: Upper bounds of the classes into which answer times fall, in milliseconds; the last class has none.
BOUNDS_MS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 10_000.0)


class Times:
    """How long answers took.

    Attributes:
        counts: how many fell into each class of `BOUNDS_MS`, and into the one above.
        total_ms: their sum, in milliseconds.
    """

    __slots__ = ("counts", "total_ms")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_MS) + 1)
        self.total_ms = 0.0

    def take(self, elapsed_ms: float) -> None:
        """Count one answer."""
        self.counts[bisect_left(BOUNDS_MS, elapsed_ms)] += 1
        self.total_ms += elapsed_ms


class Tally:
    """Counts requests. For one thread at a time.

    Attributes:
        statuses: answers over HTTP by status.
        messages: messages that came over WebSocket.
        http, socket: times of tasks that were handed in either way and timed, as they are for the log and the journal.
    """

    __slots__ = ("http", "messages", "socket", "statuses")

    def __init__(self) -> None:
        self.statuses: defaultdict[int, int] = defaultdict(int)
        self.messages = 0
        self.http = Times()
        self.socket = Times()
