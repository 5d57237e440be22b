"""Programs that run beside the tests and are listened to."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from tests.support.processes import end

READY_WITHIN_S = 30
GONE_WITHIN_S = 10


@dataclass(frozen=True)
class Program:
    """A running program.

    Attributes:
        process: its process.
        lines: what it has printed, as it comes.
    """

    process: subprocess.Popen[str]
    lines: "Queue[str]"

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def wait_for_line(self, pattern: str, within_s: float = READY_WITHIN_S) -> str:
        """Return the next printed line that matches a pattern; fails when nothing is printed for so long."""
        seen: list[str] = []
        while True:
            try:
                line = self.lines.get(timeout=within_s)
            except Empty:
                raise AssertionError(f"no line like {pattern!r} among {seen}") from None
            seen.append(line)
            if re.search(pattern, line):
                return line


@contextmanager
def running(
    words: Sequence[str], cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """Run a program and stop it, and only it, in the end.

    Args:
        words: what starts it.
        cwd: folder to start it in.
        environment: its variables; those of the tests unless given.
    """
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env=environment,
    )
    lines: Queue[str] = Queue()
    reader = Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield Program(process, lines)
    finally:
        end(process, GONE_WITHIN_S)
        reader.join(GONE_WITHIN_S)
        for pipe in (process.stdin, process.stdout):
            assert pipe
            pipe.close()


def _read(process: subprocess.Popen[str], lines: "Queue[str]") -> None:
    assert process.stdout
    for line in process.stdout:
        lines.put(line.rstrip("\n"))
