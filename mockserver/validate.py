"""`runware-mock validate`: hold tasks in a file against the schemas and show where they break them."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.scan import Flaw, Scan, Span, Way, line_and_column, scan
from mockserver.spec.documents import unescape
from mockserver.spec.load import Spec
from mockserver.spec.violations import Violation, check_task
from mockserver.spec.wording import count

GOOD, BAD, UNREADABLE = 0, 1, 2
#: How much of a long source line is shown around the place.
LONGEST_LINE = 100
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


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong in a file.

    Attributes:
        line, column: where, both from 1, columns in code points.
        end_column: where it ends, if on the same line; exclusive.
        code: the API error that it would become.
        message: what is wrong and how to mend it.
        pointer: JSON Pointer from the whole file on.
        parameter: dotted name of the parameter, or "".
    """

    line: int
    column: int
    end_column: int
    code: str
    message: str
    pointer: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was checked.

    Attributes:
        name: how the file was named.
        text: its text.
        tasks: how many tasks it holds.
        found: everything that is wrong, in the order of the file.
    """

    name: str
    text: str
    tasks: int
    found: tuple[Found, ...]


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


def check_text(spec: Spec, name: str, text: str) -> Checked:
    """Check one task, an array of tasks, or JSON lines.

    A text that is no JSON as a whole is read as JSON lines if its first line is JSON by itself.
    """
    whole = scan(text, MAX_DEPTH)
    first_line = text.split("\n", 1)[0]
    if whole.flaw is not None and first_line.strip() and scan(first_line, MAX_DEPTH).flaw is None:
        return _check_lines(spec, name, text)
    found = tuple(_check_json(spec, text, text, 0, whole))
    document = None if whole.flaw else json.loads(text)
    return Checked(name, text, len(document) if isinstance(document, list) else 1, found)


def _check_lines(spec: Spec, name: str, text: str) -> Checked:
    found: list[Found] = []
    offset = tasks = 0
    for line in text.split("\n"):
        if line.strip():
            tasks += 1
            found.extend(_check_json(spec, text, line, offset, scan(line, MAX_DEPTH)))
        offset += len(line) + 1
    return Checked(name, text, tasks, tuple(found))


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


def _text(files: Sequence[Checked]) -> Iterator[str]:
    """Yield a report for people: place, code, message, the source line and a caret under the place."""
    for file in files:
        lines = file.text.split("\n")
        for found in file.found:
            yield f"{file.name}:{found.line}:{found.column}: {found.code}"
            yield f"  {found.message}"
            yield from _source(lines[found.line - 1], found)
            yield ""
    tasks, found_all = sum(file.tasks for file in files), sum(len(file.found) for file in files)
    outcome = count(found_all, "violation") if found_all else "all good"
    yield f"{count(tasks, 'task')} checked, {outcome}."


def _source(line: str, found: Found) -> Iterator[str]:
    """Yield the source line, shortened around the place, and the carets."""
    line = line.replace("\t", " ").rstrip("\r")
    start = max(0, min(found.column - 1 - LONGEST_LINE // 3, len(line) - LONGEST_LINE))
    shown = line[start : start + LONGEST_LINE]
    number = f"{found.line:>5} | "
    lead = "…" if start else ""
    trail = "…" if start + LONGEST_LINE < len(line) else ""
    width = max(1, min(found.end_column - found.column, len(shown) - (found.column - 1 - start)))
    yield f"{number}{lead}{shown}{trail}"
    before = shown[: found.column - 1 - start]
    marked = shown[len(before) : len(before) + width]
    yield f"{'':>5} | {' ' * (_columns(before) + len(lead))}{'^' * max(1, _columns(marked))}"


def _columns(text: str) -> int:
    """Return how many columns a text takes on a terminal, where some characters are two wide and some have no width."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _json(files: Sequence[Checked]) -> Iterator[str]:
    """Yield one JSON document: a list of files with what was found in each."""
    report = [
        {
            "file": file.name,
            "tasks": file.tasks,
            "violations": [
                {
                    "line": found.line,
                    "column": found.column,
                    "code": found.code,
                    "parameter": found.parameter,
                    "pointer": found.pointer,
                    "message": found.message,
                }
                for found in file.found
            ],
        }
        for file in files
    ]
    yield json.dumps(report, indent=2, ensure_ascii=False)


def _github(files: Sequence[Checked]) -> Iterator[str]:
    """Yield workflow commands, which GitHub shows beside the source line."""
    for file in files:
        for found in file.found:
            place = f"file={_escaped(file.name)},line={found.line},col={found.column},endColumn={found.end_column}"
            yield f"::error {place},title={found.code}::{_message(found.message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _sarif(files: Sequence[Checked]) -> Iterator[str]:
    """Yield a SARIF 2.1.0 log."""
    codes = sorted({found.code for file in files for found in file.found})
    results = [
        {
            "ruleId": found.code,
            "level": "error",
            "message": {"text": found.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": file.name},
                        "region": {
                            "startLine": found.line,
                            "startColumn": found.column,
                            "endColumn": found.end_column,
                        },
                    },
                    "logicalLocations": [{"fullyQualifiedName": found.pointer}],
                }
            ],
        }
        for file in files
        for found in file.found
    ]
    driver = {"name": "runware-mock", "rules": [{"id": code} for code in codes]}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    yield json.dumps(log, indent=2, ensure_ascii=False)


#: Reports by the name that `--format` gives them.
FORMATS: Mapping[str, Callable[[Sequence[Checked]], Iterator[str]]] = MappingProxyType(
    {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
)


def validate(spec: Spec, names: Sequence[str], report: str) -> int:
    """Check files and print a report.

    Args:
        spec: what the schemas say.
        names: files; "-" is standard input.
        report: a key of `FORMATS`.

    Returns:
        0 when every task is good, 1 when something was found.

    Raises:
        NoFile: a file cannot be read.
    """
    files = [check_text(spec, "standard input" if name == "-" else name, read_file(name)) for name in names]
    for line in FORMATS[report](files):
        print(line)
    return BAD if any(file.found for file in files) else GOOD
