"""Processes as the system knows them. Linux only."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any


def children(process_id: int | None = None) -> set[int]:
    """Return the processes that a process started; this one unless another is given."""
    found: set[int] = set()
    for thread in Path(f"/proc/{process_id or os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError):  # the thread has ended meanwhile
            found |= {int(each) for each in (thread / "children").read_text().split()}
    return found


def end(process: subprocess.Popen[Any], within_s: float) -> None:
    """Ask a process that was started here to end, and make it if it does not in time."""
    process.terminate()
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def command(process_id: int) -> str:
    """Return the command line of a process, or "" where it has ended."""
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
