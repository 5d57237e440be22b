"""Standard output that may be gone: nobody reads it any more, or there is no room for what is written."""

import io
from collections.abc import Callable
from typing import TextIO


class NoOutput(Exception):
    """Nothing can be written any more.

    Attributes:
        problem: what the system says.
    """

    def __init__(self, problem: OSError) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"cannot write to standard output ({self.problem.strerror or self.problem})"

    @property
    def is_closed(self) -> bool:
        """Say whether the reader went away, which is no mistake of anybody's."""
        return isinstance(self.problem, BrokenPipeError)


class Output(io.TextIOBase):
    """A stream that writes at once, and nothing more once that failed.

    Args:
        stream: where it writes.

    Attributes:
        lost: why nothing is written any more, or None.
        when_lost: is called once, when writing fails first.
    """

    def __init__(self, stream: TextIO) -> None:
        self.lost: NoOutput | None = None
        self.when_lost: Callable[[], None] = _do_nothing
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        return self._try(lambda: self._stream.write(text))

    def flush(self) -> None:
        """See to it that what was written is where it belongs."""
        self._try(self._stream.flush)

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
        return self._stream.isatty()

    def check(self) -> None:
        """Raise what went wrong.

        Raises:
            NoOutput: something could not be written.
        """
        self.flush()
        if self.lost is not None:
            raise self.lost

    def _try(self, do: Callable[[], int | None]) -> int:
        if self.lost is None:
            try:
                return do() or 0
            except OSError as problem:
                self.lost = NoOutput(problem)
                self.when_lost()
        return 0


def _do_nothing() -> None:
    """Nobody wants to know."""
