"""What the processes that serve one mock counted, added up: each writes its numbers where all of them can read.

So that what one of them tells never goes backwards: not when another answers next, nor when one dies.
"""

import os
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from mmap import mmap
from operator import add

from mockserver.dispatch import Dispatch
from mockserver.tally import BOUNDS_MS, Tally, Times

#: How many numbers there are of answer times: each class, and the sum.
_TIMES = len(BOUNDS_MS) + 2
#: HTTP statuses are below; each has a number.
_STATUSES = 600
_OUTCOMES = tuple(product(("upload", "webhook"), ("delivered", "given up", "retry")))
#: How many numbers a process has: its own and what it is doing, then what it counted.
_NOW = 2
_ROW = _NOW + 1 + 2 * _TIMES + len(_OUTCOMES) + _STATUSES
#: How much room the numbers of one process take, in bytes.
ROW_BYTES = 8 * _ROW


@dataclass(frozen=True, slots=True)
class Share:
    """Where a process writes its numbers.

    Attributes:
        room: memory that all who serve the mock can read, `ROW_BYTES` for each, zero before the first one begins.
        place: which of them this process is, 0 being the first; it goes on where the one before it in its place ended.
    """

    room: mmap | bytearray
    place: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted by all.

    Attributes:
        processes: their numbers, by place; 0 where none has begun yet.
        under_way: attempts at deliveries that have begun and not ended.
        messages: messages that came over WebSocket.
        http, socket: times of tasks.
        outcomes: how many attempts ended so, by kind and outcome; only what happened.
        statuses: answers over HTTP by status, the same.
    """

    processes: Sequence[int]
    under_way: int
    messages: int
    http: Times
    socket: Times
    outcomes: Mapping[tuple[str, str], int]
    statuses: Mapping[int, int]


class Counts:
    """The numbers of this process, and those of all.

    Args:
        tally: has the requests.
        dispatch: has the deliveries.
        share: where they are written; nobody else's are there unless given.
    """

    def __init__(self, tally: Tally, dispatch: Dispatch, share: Share | None = None) -> None:
        self._tally = tally
        self._dispatch = dispatch
        share = share or Share(bytearray(ROW_BYTES))
        self._room = memoryview(share.room).cast("B").cast("d")
        self._here = slice(share.place * _ROW, (share.place + 1) * _ROW)
        before = self._room[self._here].tolist()
        self._before = [*[0.0] * _NOW, *before[_NOW:]]

    def publish(self) -> None:
        """Write the numbers of this process for all to read."""
        tally, outcomes = self._tally, self._dispatch.outcomes
        statuses = [0] * _STATUSES
        for status, count in tally.statuses.items():
            statuses[status] = count
        row: list[float] = [os.getpid(), self._dispatch.under_way, tally.messages]
        for times in (tally.http, tally.socket):
            row += [*times.counts, times.total_ms]
        row += [*(outcomes.get(each, 0) for each in _OUTCOMES), *statuses]
        self._room[self._here] = memoryview(array("d", map(add, self._before, row)))

    def sums(self) -> Sums:
        """Return what was counted by all: by this process until now, by others until a moment ago."""
        self.publish()
        told = self._room.tolist()
        rows = [told[first : first + _ROW] for first in range(0, len(told), _ROW)]
        numbers = iter([sum(column) for column in zip(*rows, strict=True)][1:])
        under_way, messages = int(next(numbers)), int(next(numbers))
        http, socket = Times(), Times()
        for times in (http, socket):
            times.counts = [int(next(numbers)) for _ in times.counts]
            times.total_ms = next(numbers)
        outcomes = {each: int(next(numbers)) for each in _OUTCOMES}
        return Sums(
            [int(row[0]) for row in rows],
            under_way,
            messages,
            http,
            socket,
            {each: count for each, count in outcomes.items() if count},
            {status: int(count) for status, count in enumerate(numbers) if count},
        )
