"""A served mock that is killed and begun again, as a process with the same address and the same state."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.support.processes import children

#: How long a mock may take to be ready, in seconds.
READY_WITHIN_S = 60.0


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
        """Kill a process at once, and see that another one takes its place.

        Args:
            choose: which of the workers, where there are several.
        """
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
        assert self._process
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), READY_WITHIN_S)
