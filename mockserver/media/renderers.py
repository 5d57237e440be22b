"""Who renders: this thread, or processes of their own that are started when first needed and end with this one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock, local
from typing import Protocol, TypeVar

from mockserver.media.orders import Order
from mockserver.media.worker import Wanted, write_order

T = TypeVar("T")

#: Makes the file of an order from the pictures that it names, at a place. Blocks until it is there.
Render = Callable[[Order, Mapping[str, bytes], Path], None]
#: As many processes render at once as there are cores, but no more than this.
MOST_PROCESSES = 4
#: How long a process may take to end when it is told to, in seconds.
ENDS_WITHIN_S = 5


class RenderingFailed(Exception):
    """A file was not made.

    Attributes:
        problem: what went wrong, in a sentence.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Renderers(Protocol):
    """Carries out jobs that render."""

    def carry_out(self, job: Callable[[Render], T]) -> Future[T]:
        """Call a job with what renders; its outcome is in the future, as an exception where it fails."""

    def close(self) -> None:
        """Stop what is under way and let go of everything."""


class Inline:
    """Renders in the calling thread, which waits. For a mock inside another program."""

    def carry_out(self, job: Callable[[Render], T]) -> Future[T]:
        """Do a job before returning."""
        from mockserver.media.encoding import render

        done: Future[T] = Future()
        try:
            done.set_result(job(render))
        except Exception as problem:
            done.set_exception(problem)
        return done

    def close(self) -> None:
        """Nothing is under way."""


class Processes:
    """Renders in processes, each served by a thread that waits for it.

    They are programs of their own, not forks or spawned copies of this one: the main module of whoever uses the mock
    is not loaded again in them, and their input ends when this process does, even when it is killed.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(min(MOST_PROCESSES, len(_cores())), thread_name_prefix="runware-mock-render")
        self._own = local()
        self._lock = Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._is_closed = False

    def carry_out(self, job: Callable[[Render], T]) -> Future[T]:
        """Do a job in a thread as soon as one is free."""
        return self._threads.submit(job, self._render)

    def close(self) -> None:
        """End every process. Jobs that wait are cancelled, jobs under way fail."""
        with self._lock:
            self._is_closed = True
            processes = tuple(self._processes)
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        self._threads.shutdown()
        for process in processes:
            self._end(process)

    def _render(self, order: Order, pictures: Mapping[str, bytes], path: Path) -> None:
        wanted = Wanted(order, pictures, path)
        problem = self._ask(wanted)
        if problem is None:
            # It ended by itself while it had nothing to do, or was killed: a new one gets one more chance.
            problem = self._ask(wanted)
        if problem is None:
            problem = "the process that renders ended before it was done"
        if problem:
            raise RenderingFailed(problem)

    def _ask(self, wanted: Wanted) -> str | None:
        """Have this thread's process render and return what went wrong, "" for nothing, None if the process ended."""
        process = self._process()
        if process.stdin is None or process.stdout is None:
            raise AssertionError("renderers are started with pipes")
        try:
            write_order(process.stdin, wanted)
            answer = process.stdout.readline()
        except OSError:
            answer = b""
        if answer:
            return str(json.loads(answer))
        self._end(process)
        self._own.process = None
        return None

    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            with self._lock:
                if self._is_closed:
                    raise CancelledError
                process = self._own.process = _start()
                self._processes.add(process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.communicate()
        with self._lock:
            self._processes.discard(process)


def _cores() -> tuple[int, ...]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(os.sched_getaffinity(0))
    return tuple(range(os.cpu_count() or 1))


def _start() -> subprocess.Popen[bytes]:
    """Start a renderer with this very Python and the modules that it finds; Ctrl-C in a terminal does not reach it.

    It stays in the session of this process: Linux may weigh niceness within a session alone.
    """
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "mockserver.media.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        process_group=0,
    )
