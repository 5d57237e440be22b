"""Running coroutines in tests: letting a loop come to rest, and a loop in which waiting takes no time."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Rounds of an event loop after which whatever can go on by itself has gone on.
ROUNDS = 50


async def rest() -> None:
    """Let everything go on that waits neither for time nor for a network."""
    for _ in range(ROUNDS):
        await asyncio.sleep(0)


async def until(holds: Callable[[], object], within_s: float = 120) -> None:
    """Wait, in real time, until something holds that only other processes bring about."""
    async with asyncio.timeout(within_s):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


class _Jumping(selectors.DefaultSelector):
    """A selector that does not wait: it says for how long it was asked to, and time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; else let the time pass at once. Fails where nothing can happen any more."""
        ready = super().select(0)
        assert ready or timeout is not None, "everybody waits, and nobody for time"
        if not ready and timeout:
            self.passed_s += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer when nothing else is to be done. Without networks only."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the loop's own time in seconds."""
        return self._jumping.passed_s


def run_jumping(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop in which waiting takes no time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)
