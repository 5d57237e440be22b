"""Clocks: one for servers, one that is read at each request, and one that only moves when told to."""

import asyncio
import heapq
import itertools
import math
from collections.abc import Callable
from time import monotonic_ns, time_ns

Wake = Callable[[], None]


def unix_ms() -> int:
    """Return Unix time in milliseconds as the machine has it."""
    return time_ns() // 1_000_000


def _nothing() -> None:
    """Do nothing."""


class Timers:
    """Who is to be called when: in order of time, and of those at one time the one who asked first."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._wakes: dict[int, Wake] = {}
        #: Times and numbers of all calls, and of those that are no limits. Cancelled ones lie there until their turn.
        self._all: list[tuple[int, int]] = []
        self._tasks: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._wakes)

    def add(self, at_ms: int, wake: Wake, is_limit: bool) -> Callable[[], None]:
        """Remember a call, and return what cancels it."""
        number = next(self._numbers)
        self._wakes[number] = wake
        for heap in (self._all,) if is_limit else (self._all, self._tasks):
            heapq.heappush(heap, (at_ms, number))
        return lambda: self._cancel(number)

    def _cancel(self, number: int) -> None:
        self._wakes.pop(number, None)
        if len(self._all) > 2 * len(self._wakes) + _FEW:
            for heap in (self._all, self._tasks):
                heap[:] = [timer for timer in heap if timer[1] in self._wakes]
                heapq.heapify(heap)

    @property
    def next_at_ms(self) -> int | None:
        """When the next call is due, or None while nobody waits."""
        return self._first(self._all)

    @property
    def next_task_at_ms(self) -> int | None:
        """When the next call is due that is no limit."""
        return self._first(self._tasks)

    def _first(self, heap: list[tuple[int, int]]) -> int | None:
        while heap and heap[0][1] not in self._wakes:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop(self) -> Wake:
        """Return the next call, which is made but once."""
        self._first(self._all)
        wake = self._wakes.pop(heapq.heappop(self._all)[1])
        self._first(self._tasks)
        return wake


#: So many cancelled calls may lie about in any case.
_FEW = 64


class _Moved:
    """What clocks have in common that can be moved: timers, and when the next ones are due."""

    def __init__(self) -> None:
        self._timers = Timers()

    @property
    def next_at_ms(self) -> int | None:
        """When the next timer is due, or None while nobody waits."""
        return self._timers.next_at_ms

    @property
    def next_task_at_ms(self) -> int | None:
        """When the next timer is due that is no limit."""
        return self._timers.next_task_at_ms


class ManualClock(_Moved):
    """Time that stands still until somebody advances it; then everything that is due happens, in order.

    Args:
        start_ms: Unix time in milliseconds at which it stands first.
    """

    def __init__(self, start_ms: int = 1_800_000_000_000) -> None:
        super().__init__()
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Return the time at which the clock stands."""
        return self._now_ms

    def call_at(self, at_ms: int, wake: Wake, *, is_limit: bool = False) -> Callable[[], None]:
        """Call somebody when the clock is advanced past a time."""
        return self._timers.add(at_ms, wake, is_limit)

    def advance(self, by_ms: int) -> None:
        """Move time forward and call everybody who is due on the way, each at their own time."""
        self.advance_to(self._now_ms + by_ms)

    def advance_to(self, at_ms: int) -> None:
        """Move time forward to a point, or stay if it has passed, and call everybody who is due."""
        while (due_ms := self._timers.next_at_ms) is not None and due_ms <= max(at_ms, self._now_ms):
            self._now_ms = max(self._now_ms, due_ms)
            self._timers.pop()()
        self._now_ms = max(self._now_ms, at_ms)


class SteeredClock(_Moved):
    """Time on an event loop that passes as fast as it is told to, or stands still, and can be moved forward.

    Calls are made from the event loop in which they were asked for.

    Args:
        rate: seconds that pass in a second of the machine; 0 stands still.
        start_ms: Unix time in milliseconds at which it begins; that of the machine unless given.

    Attributes:
        when_set: is called when it was moved or its rate was changed.
    """

    def __init__(self, rate: float = 1.0, start_ms: int | None = None) -> None:
        super().__init__()
        self.when_set: Wake = _nothing
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at_ms: float = math.inf
        self._set(unix_ms() if start_ms is None else start_ms, rate)

    def _set(self, now_ms: int, rate: float) -> None:
        self._from_ms = now_ms
        self._from_ns = monotonic_ns()
        self._rate = rate
        self._ms_per_ns = rate / 1_000_000
        #: What real time differs from the machine's; where time passes otherwise it is not asked.
        self._offset_ms = now_ms - self._from_ns // 1_000_000 if rate == 1 else None

    @property
    def rate(self) -> float:
        """Seconds that pass in a second of the machine."""
        return self._rate

    def set_rate(self, rate: float) -> None:
        """Let time pass at another rate from now on."""
        try:
            self._set(self.now_ms(), rate)
            self.when_set()
        finally:
            self._rearm()

    def go_on_from(self, at_ms: int) -> None:
        """Let it be another time now, before anybody waits for one."""
        self._set(at_ms, self._rate)

    def now_ms(self) -> int:
        """Return Unix time in milliseconds; steps of the machine's clock after the start do not show."""
        if self._offset_ms is not None:
            return self._offset_ms + monotonic_ns() // 1_000_000
        return self._from_ms + int((monotonic_ns() - self._from_ns) * self._ms_per_ns)

    def call_at(self, at_ms: int, wake: Wake, *, is_limit: bool = False) -> Callable[[], None]:
        """Call somebody from the running event loop when a time has come; at once where it has, even if time stands."""
        cancel = self._timers.add(at_ms, wake, is_limit)
        loop = asyncio.get_running_loop()
        if loop is not self._loop or at_ms < self._alarm_at_ms:
            self._loop = loop
            self._rearm()
        return cancel

    def advance_to(self, at_ms: int) -> None:
        """Move time forward to a point, or stay if it has passed, and call everybody who is due, each at their time."""
        try:
            while (due_ms := self._timers.next_at_ms) is not None and due_ms <= max(at_ms, self.now_ms()):
                self._move(due_ms)
                self._timers.pop()()
            self._move(at_ms)
        finally:
            self._rearm()

    def _move(self, at_ms: int) -> None:
        if at_ms > self.now_ms():
            self._set(at_ms, self._rate)
            self.when_set()

    def _rearm(self) -> None:
        """Set the alarm to the next call."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at_ms = None, math.inf
        next_ms, loop = self._timers.next_at_ms, self._loop
        if next_ms is None or loop is None:
            return
        self._alarm_at_ms = next_ms
        wait_ms = max(0, next_ms - self.now_ms())
        if self._rate or not wait_ms:
            self._alarm = loop.call_later(wait_ms / 1000 / (self._rate or 1), self._ring)

    def _ring(self) -> None:
        """Make the calls that are due; whatever one of them raises, the others are made in their time."""
        try:
            now_ms = self.now_ms()
            while (due_ms := self._timers.next_at_ms) is not None and due_ms <= now_ms:
                self._timers.pop()()
        finally:
            self._rearm()


class ReadClock:
    """Real time for a mock inside another program, where no event loop can be counted on.

    Nobody is woken in between: whoever uses the mock calls `catch_up` first.
    """

    def __init__(self) -> None:
        self._real = SteeredClock()
        self._timers = ManualClock(self._real.now_ms())

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return self._real.now_ms()

    def call_at(self, at_ms: int, wake: Wake, *, is_limit: bool = False) -> Callable[[], None]:
        """Call somebody at the first `catch_up` after a time."""
        return self._timers.call_at(at_ms, wake, is_limit=is_limit)

    def catch_up(self) -> None:
        """Call everybody who is due by now."""
        self._timers.advance_to(self._real.now_ms())
