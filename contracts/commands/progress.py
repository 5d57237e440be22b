"""How far a run is, on a terminal: kinds of behaviour, examples and findings so far. Elsewhere nothing is shown."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from contracts.recording import Recording
from contracts.report import Broken
from mockserver.spec.wording import count

#: A bar is drawn anew after so many seconds at the earliest. It is drawn between examples alone, never by a thread: the
#: clock jumps while an example is played.
EVERY_S = 0.1


class Bar:
    """Counts what a run tells, and draws it.

    Args:
        out: where it is drawn, if that is a terminal.
        kinds: how many kinds of behaviour will be tried.
    """

    def __init__(self, out: TextIO, kinds: int) -> None:
        columns = (TextColumn("trying"), BarColumn(24), MofNCompleteColumn(), TextColumn("{task.description}"))
        console = Console(file=out)
        self._progress = Progress(
            *columns,
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=kinds)
        self._kind, self._begun, self._examples, self._found = "", 0, 0, 0
        self._drawn_s = 0.0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it, and take it away afterwards."""
        with self._progress:
            yield

    def begin(self, kind: str) -> None:
        """Take note that a kind of behaviour is tried now."""
        self._kind, self._begun = kind, self._begun + 1
        self._draw()

    def play(self, _recording: Recording) -> None:
        """Take note of an example."""
        self._examples += 1
        if time.perf_counter() - self._drawn_s >= EVERY_S:
            self._draw()

    def find(self, _broken: Broken) -> None:
        """Take note of a finding."""
        self._found += 1
        self._draw()

    def _draw(self) -> None:
        found = count(self._found, "finding")
        told = f"{self._kind}: {count(self._examples, 'example')}, {found}"
        self._progress.update(self._task, completed=max(0, self._begun - 1), description=told, refresh=True)
        self._drawn_s = time.perf_counter()
