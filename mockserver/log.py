"""What people see of the mock at work: a line a request, written late and together so that it costs next to nothing."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TextIO

from mockserver.transports.http import Seen
from mockserver.wire import Answer

#: How long lines are gathered before they are written.
GATHER_S = 0.1
#: How many requests of one gathering get a line of their own in the pretty log; the others are counted.
MOST_PRETTY = 40

Scheduler = Callable[[float, Callable[[], None]], object]


class Log(Protocol):
    """Shows requests and remarks to people."""

    def see(self, seen: Seen) -> None:
        """Take note of a request."""

    def say(self, remark: str) -> None:
        """Show a remark at once."""

    def flush(self) -> None:
        """Write what was gathered."""


class QuietLog:
    """Shows remarks only."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def see(self, seen: Seen) -> None:
        """Do nothing."""

    def say(self, remark: str) -> None:
        """Show a remark."""
        print(remark, file=self._out, flush=True)

    def flush(self) -> None:
        """Nothing is gathered."""


class GatheredLog:
    """Gathers requests and writes them together.

    Args:
        out: where lines go.
        render: turns gathered requests into text.
        later: schedules a call after some seconds; by default the running event loop does.
    """

    def __init__(
        self,
        out: TextIO,
        render: Callable[[Sequence[tuple[float, Seen]]], Iterable[str]],
        later: Scheduler | None = None,
    ) -> None:
        self._out = out
        self._render = render
        self._later = later or _on_the_loop
        self._gathered: list[tuple[float, Seen]] = []

    def see(self, seen: Seen) -> None:
        """Take note of a request."""
        if not self._gathered:
            self._later(GATHER_S, self.flush)
        self._gathered.append((time.time(), seen))

    def say(self, remark: str) -> None:
        """Show a remark at once, after what was gathered."""
        self.flush()
        print(remark, file=self._out, flush=True)

    def flush(self) -> None:
        """Write what was gathered."""
        gathered, self._gathered = self._gathered, []
        if gathered:
            print("\n".join(self._render(gathered)), file=self._out, flush=True)


def _on_the_loop(after_s: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(after_s, call)


class Pretty:
    """Turns requests into aligned lines, and a storm of them into a count.

    Args:
        has_colours: whether to colour outcomes for a terminal.
    """

    def __init__(self, has_colours: bool) -> None:
        self._has_colours = has_colours

    def __call__(self, gathered: Sequence[tuple[float, Seen]]) -> Iterable[str]:
        """Yield the lines for gathered requests."""
        for at_s, seen in gathered[:MOST_PRETTY]:
            yield from self._lines(at_s, seen)
        rest = gathered[MOST_PRETTY:]
        if rest:
            counts = Counter("refused" if _is_refusal(a) else "went well" for _, seen in rest for a in seen.answers)
            told = ", ".join(f"{number:,} {word}" for word, number in counts.most_common())
            yield f"{_clock(rest[-1][0])}  … and {len(rest):,} more requests, their tasks: {told}"

    def _lines(self, at_s: float, seen: Seen) -> Iterable[str]:
        for answer in seen.answers:
            task_type, uuid = answer.about
            outcome = f"{answer.outcome:<28}"
            status = str(seen.status) if seen.status else "   "
            yield (
                f"{_clock(at_s)}  {seen.transport:<9} {status}  {task_type or '-':<17} "
                f"{self._coloured(outcome, answer)} {uuid[:8]:<8} {seen.elapsed_ms:7.1f} ms"
            ).rstrip()
            for note in answer.notes:
                yield f"{'':<8}  deprecated: {note}"

    def _coloured(self, text: str, answer: Answer) -> str:
        if not self._has_colours:
            return text
        colour = RED if _is_refusal(answer) else YELLOW if answer.outcome.startswith("processing") else GREEN
        return f"\x1b[{colour}m{text}\x1b[0m"


RED, GREEN, YELLOW = 31, 32, 33


def _is_refusal(answer: Answer) -> bool:
    return bool(answer.errors) and not answer.data


def _clock(at_s: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at_s))


def as_json(gathered: Sequence[tuple[float, Seen]]) -> Iterable[str]:
    """Yield one JSON object a request."""
    import orjson

    for at_s, seen in gathered:
        tasks = [
            {
                "taskType": answer.about[0],
                "taskUUID": answer.about[1],
                "outcome": answer.outcome,
                **({"notes": list(answer.notes)} if answer.notes else {}),
            }
            for answer in seen.answers
        ]
        line = {
            "at": round(at_s, 3),
            "transport": seen.transport,
            "status": seen.status,
            "ms": round(seen.elapsed_ms, 3),
            "tasks": tasks,
        }
        yield orjson.dumps(line).decode()


def _pretty(out: TextIO, later: Scheduler | None) -> Log:
    return GatheredLog(out, Pretty(has_colours(out)), later)


def _json(out: TextIO, later: Scheduler | None) -> Log:
    return GatheredLog(out, as_json, later)


def _quiet(out: TextIO, _later: Scheduler | None) -> Log:
    return QuietLog(out)


def has_colours(out: TextIO) -> bool:
    """Say whether colours are wanted: on a terminal, unless NO_COLOR is set."""
    return out.isatty() and not os.environ.get("NO_COLOR")


#: Logs by the name that the setting `log` gives them.
LOGS: Mapping[str, Callable[[TextIO, Scheduler | None], Log]] = MappingProxyType(
    {"pretty": _pretty, "json": _json, "quiet": _quiet}
)


def make_log(name: str, out: TextIO | None = None, later: Scheduler | None = None) -> Log:
    """Return the log of that name.

    Args:
        name: a key of `LOGS`.
        out: where it writes; standard output unless given.
        later: how it schedules its writing.
    """
    return LOGS[name](out or sys.stdout, later)
