"""Clocks: the real one, one that is read at each request, and one that only moves when told to."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable


def unix_ms() -> int:
    """Return Unix time in milliseconds as the machine has it."""
    return time.time_ns() // 1_000_000


class RealClock:
    """Real time. Timers run on the event loop in which they were set."""

    def __init__(self) -> None:
        self._offset_ms = unix_ms() - time.monotonic_ns() // 1_000_000

    def now_ms(self) -> int:
        """Return Unix time in milliseconds; steps of the machine's clock after the start do not show."""
        return self._offset_ms + time.monotonic_ns() // 1_000_000

    def call_at(self, at_ms: int, wake: Callable[[], None]) -> Callable[[], None]:
        """Call somebody from the running event loop when a time has come."""
        delay_s = max(0, at_ms - self.now_ms()) / 1000
        return asyncio.get_running_loop().call_later(delay_s, wake).cancel


class ManualClock:
    """Time that stands still until somebody advances it; then everything that is due happens, in order.

    Args:
        start_ms: Unix time in milliseconds at which it stands first.
    """

    def __init__(self, start_ms: int = 1_800_000_000_000) -> None:
        self._now_ms = start_ms
        self._numbers = itertools.count()
        self._timers: list[tuple[int, int]] = []
        self._wakes: dict[int, Callable[[], None]] = {}

    def now_ms(self) -> int:
        """Return the time at which the clock stands."""
        return self._now_ms

    def call_at(self, at_ms: int, wake: Callable[[], None]) -> Callable[[], None]:
        """Call somebody when the clock is advanced past a time."""
        number = next(self._numbers)
        heapq.heappush(self._timers, (at_ms, number))
        self._wakes[number] = wake
        return lambda: self._wakes.pop(number, None) and None

    def advance(self, by_ms: int) -> None:
        """Move time forward and call everybody who is due on the way, each at their own time."""
        self.advance_to(self._now_ms + by_ms)

    def advance_to(self, at_ms: int) -> None:
        """Move time forward to a point, or stay if it has passed, and call everybody who is due."""
        while self._timers and self._timers[0][0] <= max(at_ms, self._now_ms):
            due_ms, number = heapq.heappop(self._timers)
            self._now_ms = max(self._now_ms, due_ms)
            wake = self._wakes.pop(number, None)
            if wake:
                wake()
        self._now_ms = max(self._now_ms, at_ms)

    @property
    def next_at_ms(self) -> int | None:
        """When the next timer is due, or None while nobody waits."""
        while self._timers and self._timers[0][1] not in self._wakes:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None


class ReadClock:
    """Real time for a mock inside another program, where no event loop can be counted on.

    Nobody is woken in between: whoever uses the mock calls `catch_up` first.
    """

    def __init__(self) -> None:
        self._real = RealClock()
        self._timers = ManualClock(self._real.now_ms())

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return self._real.now_ms()

    def call_at(self, at_ms: int, wake: Callable[[], None]) -> Callable[[], None]:
        """Call somebody at the first `catch_up` after a time."""
        return self._timers.call_at(at_ms, wake)

    def catch_up(self) -> None:
        """Call everybody who is due by now."""
        self._timers.advance_to(self._real.now_ms())
