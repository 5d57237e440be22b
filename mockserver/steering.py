"""Moving the clock of a running mock: from one due thing to the next, and no further before each has happened.

What a timer sets off may need the network: an attempt at a webhook, the file of an upload. The clock waits for it, in
real time, so that a retry is timed from the end of the attempt before it, as it would be.
"""

import asyncio
from typing import TypeGuard

from mockserver.engine.results import overall, statuses_at
from mockserver.engine.values import Status, Task
from mockserver.faults.stall_rendering import NEVER_MS
from mockserver.ports import Clock, Key, Shelf, Steerable
from mockserver.runtime import Runtime

#: Rounds of the event loop in which whatever was woken goes on by itself: answers are worded, frames are sent.
ROUNDS = 20
#: Where time ends for whoever writes it down: with the year 9999. Source: RFC 3339, 1 (stated)
LAST_MS = 253_402_300_799_999


class CannotMove(Exception):
    """The clock cannot be moved as asked. Says why, and what would help."""


class Steering:
    """Moves the clock of one mock, for one caller at a time.

    Args:
        runtime: the mock.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._turn = asyncio.Lock()

    @property
    def clock(self) -> Steerable:
        """The mock's clock.

        Raises:
            CannotMove: it is of a kind that nobody moves.
        """
        clock = self._runtime.desk.clock
        if not _is_steerable(clock):
            raise CannotMove(f"a {type(clock).__name__} cannot be moved; give the mock a ManualClock")
        return clock

    async def advance(self, by_ms: int) -> None:
        """Let some time of the mock pass at once, with everything that is due in it.

        Args:
            by_ms: how much, in milliseconds.
        """
        async with self._turn:
            at_ms = self.clock.now_ms() + by_ms
            if at_ms > LAST_MS:
                raise CannotMove("time ends with the year 9999; start another mock")
            await self._go_to(at_ms)

    async def advance_until_idle(self) -> None:
        """Let time pass until nothing is due: no generation, delivery or answer. Limits to silence do not count."""
        async with self._turn:
            await self._settle()
            while (next_ms := self._last_end_ms() or self.clock.next_task_at_ms) is not None:
                await self._go_to(next_ms)

    async def advance_until_finished(self, key: Key) -> None:
        """Let time pass until a task is over: every result made, and where it has an upload, uploaded.

        Args:
            key: of the task in the store.

        Raises:
            CannotMove: there is no such task, or nothing is due any more that would end it.
        """
        async with self._turn:
            await self._settle()
            while (task := self._task(key)) is not None and self._is_under_way(task):
                next_ms = self.clock.next_task_at_ms if task.is_attended else _end_ms(task)
                if next_ms is None:
                    raise CannotMove(f"nothing is due that would end task {task.uuid}: a fault keeps it as it is")
                await self._go_to(next_ms)
            if task is None:
                raise CannotMove(f"there is no task {key[1]}, or it is no longer kept")

    def _task(self, key: Key) -> Task | None:
        task = self._runtime.desk.store.get(Shelf.TASKS, key)
        return task if isinstance(task, Task) else None

    def _is_under_way(self, task: Task) -> bool:
        return overall(statuses_at(task, self.clock.now_ms())) is Status.PROCESSING

    def _last_end_ms(self) -> int | None:
        """Return when the last of the tasks that have no timers is over, or None where all are."""
        now_ms = self.clock.now_ms()
        tasks = [task for _, task in self._runtime.desk.store.scan(Shelf.TASKS) if not task.is_attended]
        return max([end_ms for task in tasks if (end_ms := _end_ms(task)) and end_ms > now_ms], default=None)

    async def _go_to(self, at_ms: int) -> None:
        """Move to a point in time, by way of everything that is due before it."""
        await self._settle()
        while (next_ms := self.clock.next_at_ms) is not None and next_ms <= at_ms:
            self.clock.advance_to(next_ms)
            await self._settle()
        self.clock.advance_to(at_ms)
        await self._settle()

    async def _settle(self) -> None:
        """Let everything happen that does not wait for the clock."""
        while True:
            for _ in range(ROUNDS):
                await asyncio.sleep(0)
            if not self._runtime.dispatch.under_way:
                return
            are_through = asyncio.Event()
            self._runtime.dispatch.when_idle(are_through.set)
            await are_through.wait()


def _is_steerable(clock: Clock) -> TypeGuard[Steerable]:
    return hasattr(clock, "advance_to")


def _end_ms(task: Task) -> int | None:
    """Return when the last result of a task is due, or None where it never is."""
    end_ms = task.due_at_ms[-1]
    return None if end_ms - task.submitted_at_ms >= NEVER_MS else end_ms
