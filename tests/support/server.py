"""A mock served by a process of its own, as users start it."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import GONE_WITHIN_S, READY_WITHIN_S, Program, running


@dataclass(frozen=True)
class Served(Program):
    """A running mock.

    Attributes:
        host, port: where it listens.
    """

    host: str
    port: int

    @property
    def http_url(self) -> str:
        """Address for tasks over HTTP."""
        return f"http://{self.host}:{self.port}/v1"

    @property
    def ws_url(self) -> str:
        """Address for tasks over WebSocket."""
        return f"ws://{self.host}:{self.port}/v1"


@contextmanager
def served(*options: str, cwd: Path | None = None, temporary: Path | None = None) -> Iterator[Served]:
    """Serve a mock on a free port of 127.0.0.1 and stop it, and only it, in the end.

    Args:
        options: further words for `runware-mock serve`.
        cwd: folder to start it in.
        temporary: folder in which it makes temporary ones, or None for the usual one.
    """
    words = [sys.executable, "-m", "mockserver", "serve", "--port", "0", *options]
    environment = {**os.environ, **({"TMPDIR": str(temporary)} if temporary else {})}
    with running(words, cwd, environment) as program:
        found = re.search(r"http://([\d.]+):(\d+)/v1", program.wait_for_line(r"http://"))
        assert found
        yield Served(program.process, program.lines, found[1], int(found[2]))


__all__ = ("GONE_WITHIN_S", "READY_WITHIN_S", "Served", "served")
