"""Served mocks that are killed and begun again: one that keeps its address and its state, or a fleet on one Redis."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from tests.support.ports import free_port
from tests.support.processes import children
from tests.support.proxy import Balancer, balanced

#: How long a mock may take to be ready, in seconds.
READY_WITHIN_S = 60.0


class Victim(Protocol):
    """Who is killed."""

    @property
    def url(self) -> str:
        """Return where tasks are handed in."""

    async def begin(self) -> None:
        """Begin, and wait until all are ready."""

    async def kill(self, choose: int) -> None:
        """Kill a process at once, and see that another one takes its place.

        Args:
            choose: which of them, where there are several.
        """

    async def end(self) -> int:
        """End in good order, and return the exit status."""


class KilledMock:
    """One mock.

    Args:
        state: where its state is.
        port: where it listens.
        workers: how many processes serve; where there are several, one of them is killed at a time.
        log: file that its errors go to.
        settings: further options.
    """

    def __init__(self, state: str, port: int, workers: int, log: Path, *settings: str) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._workers = workers
        self._log = log
        self._command = [sys.executable, "-m", "mockserver", "serve", "--port", str(port), "--state", state]
        self._command += ["--workers", str(workers), "--log", "quiet", "--media", "prerendered", *settings]
        self._process: asyncio.subprocess.Process | None = None

    async def begin(self) -> None:
        """Begin, and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdout=asyncio.subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
        assert self._process.stdout
        line = await asyncio.wait_for(self._process.stdout.readline(), READY_WITHIN_S)
        assert b"ready" in line, self._log.read_text()[-2000:]

    async def kill(self, choose: int) -> None:
        """Kill the process, or one of the workers, at once."""
        assert self._process
        if self._workers > 1:
            workers = sorted(children(self._process.pid))
            if workers:
                os.kill(workers[choose % len(workers)], signal.SIGKILL)
            return
        self._process.kill()
        await self._process.wait()
        await self.begin()

    async def end(self) -> int:
        """End in good order, and return the exit status."""
        if self._process is None:
            return 0
        with suppress(ProcessLookupError):
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), READY_WITHIN_S)


class KilledFleet:
    """Mocks behind a balancer, one of which is killed at a time while the others serve.

    Args:
        mocks: they.
        balancer: the way to them.
    """

    def __init__(self, mocks: Sequence[KilledMock], balancer: Balancer) -> None:
        self.url = balancer.http_url
        self._mocks = mocks

    async def begin(self) -> None:
        """Begin all, and wait until they are ready."""
        await asyncio.gather(*(mock.begin() for mock in self._mocks))

    async def kill(self, choose: int) -> None:
        """Kill one at once, and begin it again."""
        await self._mocks[choose % len(self._mocks)].kill(0)

    async def end(self) -> int:
        """End all in good order, and return an exit status that is not 0, if there is one."""
        statuses = await asyncio.gather(*(mock.end() for mock in self._mocks))
        return next((status for status in statuses if status), 0)


@contextmanager
def fleet(state: str, size: int, log: Path, *settings: str) -> Iterator[KilledFleet]:
    """Put mocks, not yet begun, behind a balancer.

    Args:
        state: the address of their Redis.
        size: how many.
        log: file that their errors go to.
        settings: further options.
    """
    ports = [free_port() for _ in range(size)]
    with balanced(*(("127.0.0.1", port) for port in ports)) as balancer:
        yield KilledFleet([KilledMock(state, port, 1, log, *settings) for port in ports], balancer)
