"""A client that is a program: it reads a task a line from its standard input, and answers each with a line.

A line in is a task as JSON, with the endpoint under "endpoint"; a line out is {"results": […]} or
{"error": {"code": …, "message": …}}. Address and key stand in the environment too.
"""

import asyncio
import contextlib
import json
import os
import shlex
import signal
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from contracts.clients.base import Endpoint
from contracts.clients.python import BadClient
from contracts.recording import Outcome

#: How many processes work side by side.
PROCESSES = 8
#: Longest line that a program may answer, in bytes.
LONGEST_LINE = 16 * 1024 * 1024
#: How long a program may take to end when it is asked to, in seconds.
GRACE_S = 2.0


class CommandClient:
    """Has tasks done by processes, one task at a time each.

    Args:
        command: the words that start the program.
        processes: how many work side by side.

    Raises:
        BadClient: there is no program to start.
    """

    is_inside = False

    def __init__(self, command: Sequence[str] | str, processes: int = PROCESSES) -> None:
        try:
            self._words = shlex.split(command) if isinstance(command, str) else [*command]
        except ValueError as problem:
            raise BadClient(f"--command: {command!r} cannot be read ({problem})") from problem
        if not self._words:
            raise BadClient("--command: there is no program to start")
        self._idle: list[asyncio.subprocess.Process] = []
        self._all: set[asyncio.subprocess.Process] = set()
        self._turns = asyncio.Semaphore(processes)
        self._answers, self._ends = 0, ""

    def turn(self) -> AbstractAsyncContextManager[object]:
        """Return the turn of one of the processes."""
        return self._turns

    async def perform(self, task: Mapping[str, Any], endpoint: Endpoint) -> Outcome:
        """Have one task done."""
        process = self._idle.pop() if self._idle else await self._start(endpoint)
        try:
            outcome = await self._ask(process, task, endpoint)
        except BaseException:
            await self._end(process)
            raise
        if process.returncode is None:
            self._idle.append(process)
        return outcome

    async def _start(self, endpoint: Endpoint) -> asyncio.subprocess.Process:
        environment = {
            **os.environ,
            "RUNWARE_HTTP_URL": endpoint.http_url,
            "RUNWARE_WS_URL": endpoint.ws_url,
            "RUNWARE_API_KEY": endpoint.api_key,
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment,
                limit=LONGEST_LINE,
                start_new_session=True,
            )
        except OSError as problem:
            raise BadClient(f"{self._words[0]}: it cannot be started ({problem.strerror})") from problem
        self._all.add(process)
        return process

    async def _ask(self, process: asyncio.subprocess.Process, task: Mapping[str, Any], endpoint: Endpoint) -> Outcome:
        asked = {**task, "endpoint": {name: getattr(endpoint, name) for name in ("http_url", "ws_url", "api_key")}}
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the program has no standard input or output")
        with contextlib.suppress(ConnectionError):
            stdin.write(json.dumps(asked).encode() + b"\n")
            await stdin.drain()
        line = await stdout.readline()
        if not line:
            self._ends = f"the program ended with status {await process.wait()} instead of answering"
            return Outcome(message=self._ends)
        self._answers += 1
        return _outcome(line)

    @property
    def why_unusable(self) -> str:
        """Why it cannot be a client: it was asked, and never answered with a line; else ""."""
        return "" if self._answers else self._ends

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """End a process of ours, and its children: close its input, then ask, then make it."""
        self._all.discard(process)
        if process.stdin is not None:
            process.stdin.close()
        for insist in (None, signal.SIGTERM, signal.SIGKILL):
            if process.returncode is not None:
                return
            if insist is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, insist)  # what it started itself ends with it
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), GRACE_S)

    async def close(self) -> None:
        """End every process."""
        await asyncio.gather(*(self._end(process) for process in [*self._all]))


def _outcome(line: bytes) -> Outcome:
    """Read an answer of a program."""
    try:
        answer = json.loads(line)
    except ValueError:
        return Outcome(results=[], value=line.decode(errors="replace").rstrip())
    match answer:
        case {"error": {"code": code, **others}}:
            return Outcome(code=code if isinstance(code, str) else None, message=str(others.get("message", "")))
        case {"error": problem}:
            message = problem.get("message", problem) if isinstance(problem, dict) else problem
            return Outcome(message=str(message))
        case {"results": [*results]} if all(isinstance(item, dict) for item in results):
            return Outcome(results=results)
        case _:
            return Outcome(results=[], value=answer)
