"""What is seen of the mock at work: a line a request, written late and together so that it costs next to nothing."""

import asyncio
import atexit
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TextIO

from mockserver.wire import Answer

#: How long lines are gathered before they are written.
GATHER_S = 0.1
#: How many requests of one gathering get a line of their own in the pretty log; the others are counted.
MOST_PRETTY = 40

Scheduler = Callable[[float, Callable[[], None]], object]


class Seen(NamedTuple):
    """One request as the log shows it.

    Attributes:
        at_s: when it was answered, as Unix time in seconds.
        transport: how it came, as in "POST /v1" or "socket".
        status: HTTP status of the answer; 0 over WebSocket.
        answers: what each of its tasks was answered with; none for a request that hands in no tasks.
        elapsed_ms: time from the last byte in to the first byte out.
    """

    at_s: float
    transport: str
    status: int
    answers: Sequence[Answer]
    elapsed_ms: float


class Log(Protocol):
    """Shows requests and remarks to people."""

    def see(self, transport: str, status: int, answers: Sequence[Answer], elapsed_ms: float) -> None:
        """Take note of a request; see `Seen`."""

    def say(self, remark: str) -> None:
        """Show a remark at once."""

    def flush(self) -> None:
        """Write what was gathered."""


class QuietLog:
    """Shows remarks only."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def see(self, transport: str, status: int, answers: Sequence[Answer], elapsed_ms: float) -> None:
        """Do nothing."""

    def say(self, remark: str) -> None:
        """Show a remark."""
        print(_remark(remark), file=self._out, flush=True)

    def flush(self) -> None:
        """Nothing is gathered."""


class Render(Protocol):
    """Turns gathered requests, and remarks, into lines."""

    def __call__(self, gathered: Sequence[Seen], good: int, refused: int, /) -> Iterable[str]:
        """Yield the lines.

        Args:
            gathered: the requests that were kept.
            good: tasks that went well, of requests that were only counted.
            refused: tasks that were refused, of requests that were only counted.
        """

    def remark(self, text: str) -> str:
        """Return a remark as the log shows it."""


class GatheredLog:
    """Gathers requests and writes them together.

    Args:
        out: where lines go.
        render: turns gathered requests into text.
        most: how many requests of one gathering are kept; the others are counted.
        later: schedules a call after some seconds; by default the running event loop does.
    """

    def __init__(self, out: TextIO, render: Render, most: float, later: Scheduler | None = None) -> None:
        self._out = out
        self._render = render
        self._most = most
        self._later = later or _on_the_loop
        self._gathered: list[Seen] = []
        self._good = self._refused = 0

    def see(self, transport: str, status: int, answers: Sequence[Answer], elapsed_ms: float) -> None:
        """Take note of a request."""
        if len(self._gathered) < self._most:
            self._gathered.append(Seen(time.time(), transport, status, answers, elapsed_ms))
            if len(self._gathered) == 1:
                atexit.register(self._end)
                self._later(GATHER_S, self.flush)
            return
        for answer in answers:
            if _is_refusal(answer):
                self._refused += 1
            else:
                self._good += 1
        if not answers:
            self._refused += status >= 400
            self._good += status < 400

    def say(self, remark: str) -> None:
        """Show a remark at once, after what was gathered."""
        self.flush()
        print(self._render.remark(remark), file=self._out, flush=True)

    def flush(self) -> None:
        """Write what was gathered."""
        gathered, good, refused = self._gathered, self._good, self._refused
        self._gathered, self._good, self._refused = [], 0, 0
        atexit.unregister(self._end)
        if gathered:
            print("\n".join(self._render(gathered, good, refused)), file=self._out, flush=True)

    def _end(self) -> None:
        """Write what is left when the program ends."""
        if not self._out.closed:
            self.flush()


def at_once(_after_s: float, call: Callable[[], None]) -> None:
    """Write without waiting, for a mock inside a program, which may have no event loop."""
    call()


def _on_the_loop(after_s: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(after_s, call)


class Pretty:
    """Turns requests into aligned lines.

    Args:
        has_colours: whether to colour outcomes for a terminal.
    """

    def __init__(self, has_colours: bool) -> None:
        self._has_colours = has_colours

    def __call__(self, gathered: Sequence[Seen], good: int, refused: int) -> Iterable[str]:
        """Yield a line for each task, and one that counts the rest of a storm."""
        for seen in gathered:
            yield from self._lines(seen)
        if good or refused:
            more = f"{good + refused:,} more"
            yield f"{_clock(gathered[-1].at_s)}  … and {more}: {good:,} went well, {refused:,} refused"

    def remark(self, text: str) -> str:
        """Return a remark with its time."""
        return _remark(text)

    def _lines(self, seen: Seen) -> Iterable[str]:
        if not seen.answers:
            target = _printable(seen.transport, LONGEST_TARGET)
            status = self._coloured(f"{seen.status or '   '}", RED if seen.status >= 400 else GREEN)
            yield f"{_clock(seen.at_s)}  {target:<9} {status}  {seen.elapsed_ms:.1f} ms"
        for answer in seen.answers:
            task_type, uuid = (_printable(text) for text in answer.about)
            outcome = f"{answer.outcome:<28}"
            status = str(seen.status) if seen.status else "   "
            yield (
                f"{_clock(seen.at_s)}  {seen.transport:<9} {status}  {task_type or '-':<17} "
                f"{self._coloured(outcome, _colour(answer))} {uuid[:8]:<8} {seen.elapsed_ms:7.1f} ms"
            ).rstrip()
            if answer.errors:
                yield f"{'':<8}  {_printable(_reason(answer), LONGEST_REASON)}"
            for note in answer.notes:
                yield f"{'':<8}  note: {note}"

    def _coloured(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._has_colours else text


RED, GREEN, YELLOW = 31, 32, 33
#: Longest word of a client's, address and reason that a line shows, in characters.
LONGEST_SHOWN, LONGEST_TARGET, LONGEST_REASON = 40, 100, 160


def _colour(answer: Answer) -> int:
    if _is_refusal(answer):
        return RED
    return YELLOW if answer.outcome.startswith("processing") else GREEN


def _printable(text: str, longest: int = LONGEST_SHOWN) -> str:
    """Return the beginning of a client's text, with what a terminal would act on spelt out."""
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return short if short.isprintable() else short.encode("unicode_escape").decode()


def _reason(answer: Answer) -> str:
    """Return the sentence of the first error."""
    return str(answer.errors[0].get("message", ""))


def _is_refusal(answer: Answer) -> bool:
    return bool(answer.errors) and not answer.data


def _remark(text: str) -> str:
    return f"{_clock(time.time())}  {text}"


def _clock(at_s: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at_s))


class Json:
    """Turns requests into JSON objects, one a line. Here every request is kept."""

    def __call__(self, gathered: Sequence[Seen], _good: int, _refused: int) -> Iterable[str]:
        """Yield an object for each request."""
        for seen in gathered:
            yield as_object(
                "request",
                seen.at_s,
                transport=seen.transport,
                status=seen.status,
                ms=round(seen.elapsed_ms, 3),
                tasks=[_told(answer) for answer in seen.answers],
            )

    def remark(self, text: str) -> str:
        """Return an object for a remark."""
        return as_object("remark", time.time(), text=text)


def _told(answer: Answer) -> Mapping[str, Any]:
    task_type, uuid = answer.about
    told: dict[str, Any] = {"taskType": task_type, "taskUUID": uuid, "outcome": answer.outcome}
    if answer.errors:
        told["codes"] = [error["code"] for error in answer.errors]
        told["reason"] = _reason(answer)
    if answer.notes:
        told["notes"] = list(answer.notes)
    return told


def as_object(event: str, at_s: float, **members: Any) -> str:
    """Return a line of the JSON log, with what a terminal would act on spelt out.

    Args:
        event: what the line tells of: "ready", "request" or "remark".
        at_s: when it was, as Unix time in seconds.
        members: what else there is to tell.
    """
    import orjson

    line = {"event": event, "at": round(at_s, 3), **members}
    text = orjson.dumps(line).decode()
    return text if text.isprintable() else json.dumps(line, separators=(",", ":"))


def _pretty(out: TextIO, later: Scheduler | None) -> Log:
    return GatheredLog(out, Pretty(has_colours(out)), MOST_PRETTY, later)


def _json(out: TextIO, later: Scheduler | None) -> Log:
    return GatheredLog(out, Json(), math.inf, later)


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
