"""Server processes: started, placed on a core, measured from outside, and ended. Linux only."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from tests.bench.load import NoAnswer, drive
from tests.bench.traffic import OK, Ask, echoed, submits
from tests.support.processes import children, end

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 30
GONE_WITHIN_S = 10
#: How long to wait before trying to connect again, in seconds.
RETRY_S = 0.001


@dataclass(frozen=True, slots=True)
class Cores:
    """Who runs where.

    Attributes:
        own: core of the load generator, or None where cores cannot be chosen.
        servers: core of every server, or None as above.
        remark: how it turned out, for people.
    """

    own: int | None
    servers: int | None
    remark: str


def share_cores() -> Cores:
    """Place this process on a core of its own, where there are two and the system lets us."""
    try:
        free = sorted(os.sched_getaffinity(0))
        if len(free) < 2:
            return Cores(None, None, "one core for server and client: figures are rough")
        os.sched_setaffinity(0, {free[1]})
    except OSError as problem:
        return Cores(None, None, f"cores cannot be chosen ({problem.strerror}): figures are rough")
    return Cores(free[1], free[0], f"servers on core {free[0]}, client on core {free[1]}")


@dataclass(frozen=True, slots=True, eq=False)
class Server:
    """A running server.

    Attributes:
        process: its process.
        port: where it listens on 127.0.0.1.
        ready_s: from the start of the process to its first answer.
    """

    process: subprocess.Popen[bytes]
    port: int
    ready_s: float

    def cpu_s(self) -> float:
        """Return the CPU time that it took so far, user and system, in seconds; counted in hundredths."""
        return _cpu_s(Path(f"/proc/{self.process.pid}"))

    def renderers_cpu_s(self) -> float:
        """Return the CPU time of the processes that it started, counted alike."""
        return sum(_cpu_s(Path(f"/proc/{child}")) for child in children(self.process.pid))

    def tree_cpu_s(self) -> float:
        """Return the CPU time of it and all that it started, counted alike."""
        return sum(_cpu_s(Path(f"/proc/{each}")) for each in _tree(self.process.pid))

    def tree_mib(self) -> float:
        """Return how much memory it and all that it started hold, in MiB."""
        return sum(_status_mib(each, "VmRSS") for each in _tree(self.process.pid))

    def memory_mib(self) -> float:
        """Return how much memory it holds, in MiB."""
        return _status_mib(self.process.pid, "VmRSS")

    def peak_mib(self) -> float:
        """Return the most memory that it ever held, in MiB."""
        return _status_mib(self.process.pid, "VmHWM")


def _tree(process_id: int) -> list[int]:
    return [process_id, *(each for child in children(process_id) for each in _tree(child))]


def _status_mib(process_id: int, name: str) -> float:
    status = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise NoAnswer(f"process {process_id} has ended")
    return int(found[1]) / 1024


def _cpu_s(place: Path) -> float:
    fields = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(words: list[str], cores: Cores, first: Ask | None = None, errors: int | None = None) -> Iterator[Server]:
    """Start a server, wait for its first answer, and end it, and only it, afterwards.

    Args:
        words: its command; a port of 127.0.0.1 is added, and what it prints is thrown away.
        cores: where it runs.
        first: what it is asked again and again until it answers; a good task unless given.
        errors: where what it says of errors goes, as `subprocess` has it; to our own unless given.

    Raises:
        NoAnswer: it ended, or did not answer in time.
    """
    port = _free_port()
    begun_at = time.perf_counter()
    process = subprocess.Popen(
        [*words, str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
        env=_as_users_have_it(),
    )
    try:
        if cores.servers is not None:
            os.sched_setaffinity(process.pid, {cores.servers})
        _wait(process, port, first or next(echoed(submits(), OK)), begun_at + READY_WITHIN_S)
        yield Server(process, port, time.perf_counter() - begun_at)
    finally:
        end(process, GONE_WITHIN_S)


def mock_words(*options: str) -> list[str]:
    """Return the command that serves a mock, as users type it, but for the port."""
    return [str(Path(sys.executable).with_name("runware-mock")), "serve", *options, "--port"]


def reference_words(name: str) -> list[str]:
    """Return the command that serves a reference, but for the port."""
    return [sys.executable, "-m", "tests.bench.references", name]


def _as_users_have_it() -> dict[str, str]:
    """Return the environment without a variable that has Python compile everything anew at every start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def _wait(process: subprocess.Popen[bytes], port: int, first: Ask, until: float) -> None:
    """Try until a request was answered."""
    while True:
        try:
            tally = drive(port, repeat(first), most=1, connections=1)
        except ConnectionError:
            if _ends_soon(process):
                raise NoAnswer(f"{process.args!r} ended with status {process.returncode}") from None
            if time.perf_counter() > until:
                raise NoAnswer(f"{process.args!r} does not listen after {READY_WITHIN_S} seconds") from None
            continue
        if tally.wrong:
            raise NoAnswer(f"{process.args!r} does not take a good task: {tally.example!r}")
        return


def _ends_soon(process: subprocess.Popen[bytes]) -> bool:
    """Wait a moment before the next try, and say whether the process ended meanwhile."""
    try:
        process.wait(RETRY_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def end_orderly() -> None:
    """Let signals that end the benchmark end it as an exception does: quietly, and no server outlives it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda which, _: sys.exit(128 + which))
