"""Where pictures are decoded: off the event loop, one at a time, with a limit to what may wait."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

#: Bytes of files that may wait to be decoded.
MOST_WAITING_BYTES = 256 * 1024 * 1024


class Busy(Exception):
    """Too much is waiting already."""


class Darkroom:
    """Does work on pictures for any number of event loops. Its thread starts with the first of it.

    Args:
        at_once: do each job where it is handed in: for a mock that has nobody else to answer meanwhile.
        most_waiting_bytes: how much may wait.
    """

    def __init__(self, *, at_once: bool = False, most_waiting_bytes: int = MOST_WAITING_BYTES) -> None:
        self._at_once = at_once
        self._most_waiting_bytes = most_waiting_bytes
        self._thread: ThreadPoolExecutor | None = None
        self._waiting_bytes = 0

    async def work(self, size_bytes: int, job: Callable[[], T]) -> T:
        """Do a job and return its outcome.

        Args:
            size_bytes: how much the job keeps in memory while it waits.
            job: what is done; it must be good for a thread.

        Raises:
            Busy: too much is waiting.
        """
        if self._at_once:
            return job()
        if self._waiting_bytes + size_bytes > self._most_waiting_bytes:
            raise Busy
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "pictures")
        self._waiting_bytes += size_bytes
        try:
            return await asyncio.wrap_future(self._thread.submit(job))
        finally:
            self._waiting_bytes -= size_bytes

    def close(self) -> None:
        """Begin nothing more of what waits."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None
