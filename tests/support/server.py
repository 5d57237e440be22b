"""A mock served by a process of its own, as users start it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

READY_WITHIN_S = 30
GONE_WITHIN_S = 10


@dataclass(frozen=True)
class Served:
    """A running mock.

    Attributes:
        process: its process.
        host, port: where it listens.
        lines: what it has printed, as it comes.
    """

    process: subprocess.Popen[str]
    host: str
    port: int
    lines: "Queue[str]"

    @property
    def http_url(self) -> str:
        """Address for tasks over HTTP."""
        return f"http://{self.host}:{self.port}/v1"

    @property
    def ws_url(self) -> str:
        """Address for tasks over WebSocket."""
        return f"ws://{self.host}:{self.port}/v1"

    def wait_for_line(self, pattern: str) -> str:
        """Return the next printed line that matches a pattern; fails after a while."""
        seen: list[str] = []
        while True:
            try:
                line = self.lines.get(timeout=READY_WITHIN_S)
            except Empty:
                raise AssertionError(f"no line like {pattern!r} among {seen}") from None
            seen.append(line)
            if re.search(pattern, line):
                return line


@contextmanager
def served(*options: str, cwd: Path | None = None, temporary: Path | None = None) -> Iterator[Served]:
    """Serve a mock on a free port of 127.0.0.1 and stop it, and only it, in the end.

    Args:
        options: further words for `runware-mock serve`.
        cwd: folder to start it in.
        temporary: folder in which it makes temporary ones, or None for the usual one.
    """
    environment = {**os.environ, **({"TMPDIR": str(temporary)} if temporary else {})}
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "serve", "--port", "0", *options],
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
        server = Served(process, "127.0.0.1", 0, lines)
        found = re.search(r"http://([\d.]+):(\d+)/v1", server.wait_for_line(r"http://"))
        assert found
        yield Served(process, found[1], int(found[2]), lines)
    finally:
        process.terminate()
        try:
            process.wait(GONE_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(GONE_WITHIN_S)
        assert process.stdout
        process.stdout.close()


def _read(process: subprocess.Popen[str], lines: "Queue[str]") -> None:
    assert process.stdout
    for line in process.stdout:
        lines.put(line.rstrip("\n"))
