"""An event loop whose time jumps: where nothing is to be done but wait, the wait is over at once.

Sockets may be used, to programs in the same loop: what is written to loopback is there before anybody looks. Work in
threads is waited for in real time. While a coroutine runs in such a loop, `time.time`, `time.monotonic` and
`time.perf_counter` follow its time, so that deadlines reckoned with them come as they would; `time.sleep` lets it pass.
"""

import asyncio
import os
import selectors
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, SupportsIndex, TypeVar

T = TypeVar("T")

#: How often is looked, and others are let run, before time jumps: what is on its way between two sockets arrives.
LOOKS = 3
#: Real seconds that threads are waited for before they are looked at again.
THREAD_S = 0.05


class _Jumping(selectors.DefaultSelector):
    """A selector that says at once that a time has passed, unless something comes or a thread works."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0
        self.working: set[_Work] = set()
        self.is_awaited: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; else let the time pass."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.working or timeout is None:
            ready = super().select(THREAD_S)
            # A thread that waits for an answer needs time to pass; one that works needs none.
            if not ready and timeout is not None and self.is_awaited():
                self.passed_s += timeout
            return ready
        for _ in range(LOOKS):
            os.sched_yield()
            ready = super().select(0)
            if ready:
                return ready
        self.passed_s += timeout
        return ready


class _Work:
    """Something that is done in a thread.

    Attributes:
        is_abandoned: whether nobody waits for it any more; then its next sleep ends it.
    """

    def __init__(self) -> None:
        self.is_abandoned = False


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a time of its own, which begins at 0 and passes only while everybody waits."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        self._began_s = time.time()
        self._thread = 0
        self._here = threading.local()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the loop's time in seconds."""
        return self._jumping.passed_s

    def unix_time(self) -> float:
        """Return Unix time in seconds as it is for programs in this loop."""
        return self._began_s + self._jumping.passed_s

    def while_awaited(self, is_awaited: Callable[[], bool]) -> None:
        """Let time pass while a thread works, but only when somebody waits for an answer."""
        self._jumping.is_awaited = is_awaited

    # The signature is asyncio's; there is no pool here, so `executor` is unused and the type is narrower.
    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]  # noqa: ARG002
        """Let a thread of its own do something; time stands still until it has. One that never ends stops nobody."""
        work, future = _Work(), self.create_future()
        self._jumping.working.add(work)

        def settle(result: Any, problem: BaseException | None) -> None:
            self._jumping.working.discard(work)
            if future.done():
                return
            if problem is None:
                future.set_result(result)
            else:
                future.set_exception(problem)

        def do() -> None:
            self._here.work = work
            result, problem = None, None
            try:
                result = func(*args)
            except _Abandoned:
                return
            except BaseException as raised:
                problem = RuntimeError(str(raised)) if isinstance(raised, StopIteration) else raised
            with suppress(RuntimeError):  # the loop is closed
                self.call_soon_threadsafe(settle, result, problem)

        def abandon(ended: "asyncio.Future[Any]") -> None:
            work.is_abandoned = ended.cancelled()
            self._jumping.working.discard(work)

        future.add_done_callback(abandon)
        threading.Thread(target=do, daemon=True).start()
        return future

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, in the loop's time."""
        with self._instead_of_real_time():
            return self.run_until_complete(work)

    @contextmanager
    def _instead_of_real_time(self) -> Iterator[None]:
        real = time.time, time.monotonic, time.perf_counter, time.sleep
        self._thread = threading.get_ident()
        time.time, time.monotonic, time.perf_counter, time.sleep = self.unix_time, self.time, self.time, self._sleep
        try:
            yield
        finally:
            time.time, time.monotonic, time.perf_counter, time.sleep = real

    def _sleep(self, for_s: float | SupportsIndex) -> None:
        """Let the loop's time pass, as `time.sleep` does with real time; in a thread others go on meanwhile."""
        if threading.get_ident() == self._thread:
            self._jumping.passed_s += max(0.0, float(for_s))
            return
        work: _Work | None = getattr(self._here, "work", None)
        is_over = threading.Event()

        def begin() -> None:
            if work is not None:
                self._jumping.working.discard(work)
            self.call_later(max(0.0, float(for_s)), end)

        def end() -> None:
            if work is not None and not work.is_abandoned:
                self._jumping.working.add(work)
            is_over.set()

        if work is not None and work.is_abandoned:
            raise _Abandoned
        self.call_soon_threadsafe(begin)
        is_over.wait()
        if work is not None and work.is_abandoned:
            raise _Abandoned


class _Abandoned(BaseException):
    """Nobody waits for the work of this thread any more."""


class LoopClock:
    """The clock of a mock that lives in an event loop: the loop's own time.

    Args:
        loop: the loop.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return int(self._loop.unix_time() * 1000)

    # Nobody asks this clock what is due next, so it need not tell limits apart.
    def call_at(self, at_ms: int, wake: Callable[[], None], *, is_limit: bool = False) -> Callable[[], None]:  # noqa: ARG002
        """Call somebody when a time has come."""
        return self._loop.call_later(max(0, at_ms / 1000 - self._loop.unix_time()), wake).cancel
