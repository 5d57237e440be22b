"""Several processes that serve one mock from one port: begun together, replaced where one dies, ended together.

What they share is the state in its file; this process only looks after the others.
"""

import mmap
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress

from mockserver.app import make_mock
from mockserver.config import BadSetting, MockConfig
from mockserver.counts import ROW_BYTES, Share
from mockserver.output import Output
from mockserver.scenario import BadScenario
from mockserver.serve import serve_on, take_port
from mockserver.spec.dialect import UnknownChoice
from mockserver.spec.problem import SchemaProblem
from mockserver.state import MEMORY

#: Exit statuses of a worker that failed, and of one that cannot begin: nor could another.
FAILED, USAGE_ERROR = 1, 2
#: Why it cannot: each says what is wrong and what helps.
UNUSABLE = (BadSetting, BadScenario, SchemaProblem, UnknownChoice, OSError)
#: A worker that fails sooner than so many seconds after it began cannot serve, nor could another.
SOON_S = 1.0


def serve_with_workers(config: MockConfig, out: Output) -> int:
    """Serve a mock with several processes until Ctrl-C or SIGTERM.

    Args:
        config: its settings.
        out: where the first of them says that it is ready.

    Returns:
        The exit status: 0 for an orderly end, otherwise that of a worker which could not serve at all.

    Raises:
        BadSetting: several processes cannot serve with these settings.
        PortTaken: the port cannot be listened on.
    """
    if config.state == MEMORY:
        raise BadSetting("workers", "several workers need a state that they share; keep it in a file with --state FILE")
    if config.clock != 1:
        raise BadSetting("workers", "several workers cannot share a clock that is steered; leave --clock out")
    if not hasattr(os, "fork"):
        raise BadSetting("workers", "this system cannot have several workers; leave --workers out")
    with take_port(config.host, config.port) as listener:
        return _Team(config, out, listener).work()


class _Team:
    """The workers, by their process numbers."""

    def __init__(self, config: MockConfig, out: Output, listener: socket.socket) -> None:
        self._config = config
        self._out = out
        self._listener = listener
        #: Ends when this process does, however it ends; the workers listen to the other end.
        self._line, self._life = os.pipe()
        #: What each of them counted, for all to read; outlives those that die.
        self._numbers = mmap.mmap(-1, config.workers * ROW_BYTES)
        #: Has one byte, for the one worker that says why none can begin.
        self._word, word = os.pipe()
        os.write(word, b"!")
        os.close(word)
        #: Place of each worker, 0 being the first, and when it began.
        self._workers: dict[int, tuple[int, float]] = {}
        self._is_over = False

    def work(self) -> int:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._end)
        for place in range(self._config.workers):
            self._begin(place)
        status = 0
        while self._workers:
            status = self._wait() or status
        return status

    def _end(self, *_: object) -> None:
        """End all workers in good order."""
        self._is_over = True
        for pid in self._workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _begin(self, place: int) -> None:
        # A signal that comes in between would miss the worker that is not known yet.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        if not self._is_over:
            pid = os.fork()
            if pid == 0:
                _live(lambda: self._serve(place, held))
            self._workers[pid] = (place, time.monotonic())
        signal.pthread_sigmask(signal.SIG_SETMASK, held)

    def _serve(self, place: int, held: Collection[int]) -> int:
        os.close(self._life)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        try:
            mock = make_mock(self._config, share=Share(self._numbers, place))
        except UNUSABLE as problem:
            # Another one that ends sooner has this one ended too, not in the middle of the word.
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
            if os.read(self._word, 1):
                print(f"runware-mock: {problem}", file=sys.stderr)
            return USAGE_ERROR
        return serve_on(self._listener, mock, self._out, self._line, is_silent=place > 0)

    def _wait(self) -> int:
        """Wait for a worker to end; let another take its place, unless it had to end or never could begin."""
        pid, how = os.wait()
        place, began = self._workers.pop(pid)
        status = os.waitstatus_to_exitcode(how)
        if self._is_over:
            return 0
        if status == 0:
            self._end()  # its output is lost, and that of the others with it
            return 0
        if status == USAGE_ERROR or (status > 0 and time.monotonic() - began < SOON_S):
            self._end()
            return status
        said = f"signal {-status}" if status < 0 else f"status {status}"
        print(f"runware-mock: worker {place + 1} ended with {said}; another takes its place", file=sys.stderr)
        self._begin(place)
        return 0


def _live(work: Callable[[], int]) -> None:
    """Do the work of a forked process, and end it with what that returns."""
    status = FAILED
    try:
        status = work()
    except BaseException:  # noqa: BLE001, nothing may reach the frames of the process that this one was forked from
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(status)
