"""`runware-mock validate`: read tasks from files and find where they break the schemas. Showing it is for `reports`."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.output import Output
from mockserver.reports import REPORTS, STANDARD_INPUT, CheckedFile, Found
from mockserver.scan import ANOTHER_TEXT, Scan, Span, Way, line_and_column, scan
from mockserver.spec.documents import unescape
from mockserver.spec.load import Model, Spec
from mockserver.spec.violations import Violation, check_task

#: How deep lists and objects may lie inside each other in a file.
MAX_DEPTH = 40
BYTE_ORDER_MARK = "\ufeff"
#: What is wrong with a file, whatever the details.
NO_JSON, TOO_LARGE = "Not valid JSON.", "More than the API takes."
NO_TASKS = "A file holds one or more tasks, each an object."


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that cannot be read.

    Attributes:
        name: the file.
        problem: what the system says.
    """

    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all files.

    Attributes:
        has_found: whether something is wrong with a task.
        unread: the files that could not be read.
    """

    has_found: bool
    unread: tuple[Unread, ...]


def read_file(name: str) -> str | Unread:
    """Return the text of a file, or of standard input for "-", or why it cannot be read."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode()
    except OSError as problem:
        return Unread(name, problem.strerror or str(problem))
    except UnicodeDecodeError as problem:
        return Unread(name, f"the bytes are not UTF-8 (at byte {problem.start})")


def check_text(spec: Spec, name: str, text: str) -> CheckedFile:
    """Check one task, an array of tasks, or JSON lines.

    A text that is no JSON as a whole is read as JSON lines if its first line is JSON by itself.
    """
    return _Checking(spec, text.removeprefix(BYTE_ORDER_MARK)).run(name, text.startswith(BYTE_ORDER_MARK))


@dataclass(frozen=True, slots=True)
class _Part:
    """One JSON text of a file: where it begins in the file, and what it is."""

    offset: int
    text: str
    scanned: Scan


class _Checking:
    """The check of one file, under way."""

    def __init__(self, spec: Spec, text: str) -> None:
        self._spec = spec
        self._text = text
        self._tasks = 0
        self._found: list[Found] = []
        #: Lines of the good submissions, by the UUID that they take.
        self._taken: dict[str, int] = {}

    def run(self, name: str, has_mark: bool) -> CheckedFile:
        """Find everything that is wrong, in the order of the file."""
        if has_mark:
            problem = "The file begins with a byte order mark, which the API does not read. Save it without."
            self._find(0, _POINT, "invalidJSON", NO_JSON, problem, "")
        if self._text.strip():
            for part in self._parts():
                self._check_part(part)
        else:
            self._find(0, _POINT, "invalidBody", NO_TASKS, "There is no task in it.", "")
        found = sorted(self._found, key=lambda each: (each.line, each.column))
        return CheckedFile(name, self._text, self._tasks, tuple(found))

    def _parts(self) -> Iterator[_Part]:
        """Yield the JSON texts of the file, up to one that begins on a line and ends on another."""
        whole = scan(self._text, MAX_DEPTH)
        first_line = self._text.split("\n", 1)[0]
        if whole.flaw is None or not first_line.strip() or scan(first_line, MAX_DEPTH).flaw is not None:
            yield _Part(0, self._text, whole)
            return
        offset = 0
        for line in self._text.split("\n"):
            if line.strip():
                scanned = scan(line, MAX_DEPTH)
                if scanned.flaw is not None and self._goes_on(offset, line):
                    self._another_text(offset)
                    return
                yield _Part(offset, line, scanned)
            offset += len(line) + 1

    def _goes_on(self, offset: int, line: str) -> bool:
        """Say whether a JSON text that begins with a line is whole only with the lines after it."""
        flaw = scan(self._text[offset:], MAX_DEPTH).flaw
        return flaw is None or (flaw.problem == ANOTHER_TEXT and flaw.offset > len(line))

    def _check_part(self, part: _Part) -> None:
        flaw = part.scanned.flaw
        if flaw is None:
            self._check_tasks(part, json.loads(part.text))
        elif flaw.problem == ANOTHER_TEXT and part.text[flaw.offset] in "[{":
            self._another_text(part.offset + flaw.offset)
        else:
            span = Span(flaw.offset, flaw.offset + 1, flaw.offset)
            code, rule = ("valueTooLarge", TOO_LARGE) if flaw.is_limit else ("invalidJSON", NO_JSON)
            self._find(part.offset, span, code, rule, f"{rule[:-1]}: {flaw.problem}.", _pointer(flaw.way))

    def _another_text(self, offset: int) -> None:
        problem = "Another JSON text begins here. Put all tasks into one list [ ], or each on a line of its own."
        self._find(offset, _POINT, "invalidJSON", NO_JSON, problem, "")

    def _check_tasks(self, part: _Part, document: Any) -> None:
        tasks: list[tuple[Way, Any]] = (
            [((i,), task) for i, task in enumerate(document)] if isinstance(document, list) else [((), document)]
        )
        self._tasks += len(tasks)
        spans = part.scanned.spans
        if not tasks:
            self._find(part.offset, spans[()], "invalidBody", NO_TASKS, "The list holds no task.", "")
        for way, task in tasks:
            if isinstance(task, dict):
                self._check_task(part, way, task)
            else:
                self._find(part.offset, spans[way], "invalidBody", NO_TASKS, "A task is an object.", _pointer(way))

    def _check_task(self, part: _Part, way: Way, task: dict[str, Any]) -> None:
        checked = check_task(self._spec, task)
        for violation in checked.violations:
            self._violation(part, way, violation)
        if not checked.violations and isinstance(checked.branch, Model):
            self._check_uuid(part, way, checked.task["taskUUID"])

    def _check_uuid(self, part: _Part, way: Way, uuid: str) -> None:
        """Note a submission that would be refused because one before it in the file took its UUID."""
        span = part.scanned.spans[*way, "taskUUID"]
        earlier = self._taken.get(uuid.lower())
        if earlier is None:
            self._taken[uuid.lower()], _ = line_and_column(self._text, part.offset + span.start)
            return
        error = self._spec.catalogue.error("conflictTaskUUID")
        problem = f"{error.say()} It stands on line {earlier} as well."
        self._find(part.offset, span, error.code, error.say(), problem, f"{_pointer(way)}/taskUUID", "taskUUID")

    def _violation(self, part: _Part, way: Way, violation: Violation) -> None:
        spans = part.scanned.spans
        place: Way = (*way, *_steps(violation.pointer, part.scanned, way))
        while place not in spans:
            place = place[:-1]
        span, pointer = spans[place], _pointer(way) + violation.pointer
        if violation.keyword == "additionalProperties":
            span = Span(span.name_start, span.end, span.name_start)
        elif _pointer(place) != pointer:
            span = Span(span.start, span.start + 1, span.name_start)
        parameter = violation.parameter if isinstance(violation.parameter, str) else ", ".join(violation.parameter)
        rule = violation.error.say(parameter=parameter, name=_segments(violation.pointer)[-1])
        self._find(part.offset, span, violation.error.code, rule, violation.message, pointer, parameter)

    def _find(
        self, offset: int, span: Span, code: str, rule: str, problem: str, pointer: str, parameter: str = ""
    ) -> None:
        """Note something that is wrong at a span, which counts from an offset."""
        start, end = offset + span.start, offset + span.end
        line, column = line_and_column(self._text, start)
        line_end = self._text.find("\n", start)
        last = min(end, line_end if line_end >= 0 else len(self._text))
        end_column = column + max(1, last - start)
        self._found.append(Found(line, column, end_column, code, rule, problem, pointer, parameter))


_POINT = Span(0, 1, 0)


def _steps(pointer: str, scanned: Scan, way: Way) -> Iterator[str | int]:
    """Yield the steps of a pointer; a step into a list is a number."""
    here: Way = way
    for segment in _segments(pointer):
        step: str | int = segment
        if segment.isdecimal() and (*here, int(segment)) in scanned.spans:
            step = int(segment)
        here = (*here, step)
        yield step


def _segments(pointer: str) -> list[str]:
    return [unescape(segment) for segment in pointer.split("/")[1:]]


def _pointer(way: Way) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in way)


def validate(spec: Spec, names: Sequence[str], report: str, out: Output) -> Outcome:
    """Check files and print a report about those that can be read.

    Args:
        spec: what the schemas say.
        names: files; "-" is standard input.
        report: a key of `REPORTS`.
        out: where the report goes.
    """
    read = [(STANDARD_INPUT if name == "-" else name, read_file(name)) for name in names]
    files = [check_text(spec, name, text) for name, text in read if isinstance(text, str)]
    unread = tuple([text for _, text in read if isinstance(text, Unread)])
    if files:
        for line in REPORTS[report](files):
            print(line, file=out)
    return Outcome(any(file.found for file in files), unread)
