"""`runware-mock validate`: read tasks from files and find where they break the schemas. Showing it is for `reports`."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mockserver.reports import REPORTS, CheckedFile, Found
from mockserver.scan import Flaw, Scan, Span, Way, line_and_column, scan
from mockserver.spec.documents import unescape
from mockserver.spec.load import Spec
from mockserver.spec.violations import Violation, check_task

#: Exit statuses: every task is good, or something was found.
GOOD, BAD = 0, 1
#: How deep lists and objects may lie inside each other in a file.
MAX_DEPTH = 40


class NoFile(Exception):
    """The file cannot be read.

    Attributes:
        name: the file.
        problem: what the system says.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


def read_file(name: str) -> str:
    """Return the text of a file, or of standard input for "-".

    Raises:
        NoFile: it cannot be read or is not UTF-8.
    """
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as problem:
        raise NoFile(name, problem.strerror or str(problem)) from problem
    except UnicodeDecodeError as problem:
        raise NoFile(name, f"the bytes are not UTF-8 (at byte {problem.start})") from problem


def check_text(spec: Spec, name: str, text: str) -> CheckedFile:
    """Check one task, an array of tasks, or JSON lines.

    A text that is no JSON as a whole is read as JSON lines if its first line is JSON by itself.
    """
    whole = scan(text, MAX_DEPTH)
    first_line = text.split("\n", 1)[0]
    if whole.flaw is not None and first_line.strip() and scan(first_line, MAX_DEPTH).flaw is None:
        return _check_lines(spec, name, text)
    found = tuple(_check_json(spec, text, text, 0, whole))
    document = None if whole.flaw else json.loads(text)
    return CheckedFile(name, text, len(document) if isinstance(document, list) else 1, found)


def _check_lines(spec: Spec, name: str, text: str) -> CheckedFile:
    found: list[Found] = []
    offset = tasks = 0
    for line in text.split("\n"):
        if line.strip():
            tasks += 1
            found.extend(_check_json(spec, text, line, offset, scan(line, MAX_DEPTH)))
        offset += len(line) + 1
    return CheckedFile(name, text, tasks, tuple(found))


def _check_json(spec: Spec, text: str, part: str, offset: int, scanned: Scan) -> Iterator[Found]:
    """Yield what is wrong in one JSON text, which begins at an offset of the whole text."""
    if scanned.flaw is not None:
        yield _flaw(text, offset, scanned.flaw)
        return
    document = json.loads(part)
    tasks: list[tuple[Way, Any]] = (
        [((i,), task) for i, task in enumerate(document)] if isinstance(document, list) else [((), document)]
    )
    if not tasks:
        yield _at(text, offset, scanned.spans[()], "invalidBody", "The list holds no task.", "", "")
    for way, task in tasks:
        if not isinstance(task, dict):
            yield _at(text, offset, scanned.spans[way], "invalidBody", "A task is an object.", _pointer(way), "")
            continue
        for violation in check_task(spec, task).violations:
            yield _violation(text, offset, scanned, way, violation)


def _flaw(text: str, offset: int, flaw: Flaw) -> Found:
    span = Span(flaw.offset, flaw.offset + 1, flaw.offset)
    return _at(text, offset, span, "invalidJSON", f"Not valid JSON: {flaw.problem}.", _pointer(flaw.way), "")


def _violation(text: str, offset: int, scanned: Scan, way: Way, violation: Violation) -> Found:
    place: Way = (*way, *_steps(violation.pointer, scanned, way))
    while place not in scanned.spans:
        place = place[:-1]
    span = scanned.spans[place]
    if violation.keyword == "additionalProperties":
        span = Span(span.name_start, span.end, span.name_start)
    elif _pointer(place) != _pointer(way) + violation.pointer:
        span = Span(span.start, span.start + 1, span.name_start)
    parameter = violation.parameter if isinstance(violation.parameter, str) else ", ".join(violation.parameter)
    pointer = _pointer(way) + violation.pointer
    return _at(text, offset, span, violation.error.code, violation.message, pointer, parameter)


def _steps(pointer: str, scanned: Scan, way: Way) -> Iterator[str | int]:
    """Yield the steps of a pointer; a step into a list is a number."""
    here: Way = way
    for segment in pointer.split("/")[1:]:
        step: str | int = unescape(segment)
        if segment.isdecimal() and (*here, int(segment)) in scanned.spans:
            step = int(segment)
        here = (*here, step)
        yield step


def _at(text: str, offset: int, span: Span, code: str, message: str, pointer: str, parameter: str) -> Found:
    start, end = offset + span.start, offset + span.end
    line, column = line_and_column(text, start)
    line_end = text.find("\n", start)
    last = min(end, line_end if line_end >= 0 else len(text))
    return Found(line, column, column + max(1, last - start), code, message, pointer, parameter)


def _pointer(way: Way) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in way)


def validate(spec: Spec, names: Sequence[str], report: str) -> int:
    """Check files and print a report.

    Args:
        spec: what the schemas say.
        names: files; "-" is standard input.
        report: a key of `REPORTS`.

    Returns:
        0 when every task is good, 1 when something was found.

    Raises:
        NoFile: a file cannot be read.
    """
    files = [check_text(spec, "standard input" if name == "-" else name, read_file(name)) for name in names]
    for line in REPORTS[report](files):
        print(line)
    return BAD if any(file.found for file in files) else GOOD
