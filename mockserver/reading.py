"""From bytes to tasks, or to the one reason why not. Every transport and the kit read with this.

Pure: no clock, no network, no schema. A body that passes is strict JSON in UTF-8 and a list of objects within the
limits; what the objects mean is decided elsewhere. A refusal says where and what, and repeats nothing of the body.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import orjson

from mockserver.scan import Flaw, Way, line_and_column, scan


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may hold. Each is checked before anything is allocated that depends on it.

    Attributes:
        max_bytes: size of the body.
        max_tasks: tasks in the list.
        max_depth: lists and objects inside each other.
        max_values: values in the whole body.
    """

    max_bytes: int = 16 * 1024 * 1024
    max_tasks: int = 1000
    max_depth: int = 40
    max_values: int = 100_000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a body cannot be read.

    Attributes:
        code: name of the error in the catalogue.
        reason: what is wrong and where, for its sentence.
        line: line of the flaw, from 1; 0 where the body as a whole is at fault.
        column: column of the flaw in code points, from 1; 0 as above.
        pointer: JSON Pointer of the innermost value around the flaw, as far as its names are known to be harmless.
    """

    code: str
    reason: str
    line: int = 0
    column: int = 0
    pointer: str = ""


Tasks = Sequence[Mapping[str, Any]]

_DIGITS = bytes.maketrans(b"0123456789", b"0" * 10)
_LONG_DIGITS = b"0" * 19
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def read_tasks(body: bytes, limits: Limits, names: Container[str] = ()) -> Tasks | Unreadable:
    """Read the body of a request.

    Args:
        body: the bytes as they came.
        limits: how much the body may hold.
        names: member names that a refusal may show.

    Returns:
        The tasks, one or more JSON objects in their order; or why the body cannot be read.
    """
    # The quick way in, for the body that nothing is wrong with; it never refuses anything by itself.
    if (
        len(body) <= limits.max_bytes
        and body.count(b"[") + body.count(b"{") <= limits.max_depth
        and body.count(b",") <= limits.max_values
    ):
        try:
            tasks = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _read_closely(body, limits, names)
        if (
            type(tasks) is list
            and 0 < len(tasks) <= limits.max_tasks
            and ((written := orjson.dumps(tasks)) == body or _is_kept(body, written))
            and (type(tasks[0]) is dict if len(tasks) == 1 else _ONLY_OBJECTS.issuperset(map(type, tasks)))
        ):
            return tasks
    return _read_closely(body, limits, names)


def _is_kept(body: bytes, written: bytes) -> bool:
    """Say whether the parser surely kept all of a body, given what it kept written out again.

    Of two members of one name it keeps the last: the body then holds more colons than what was kept, unless one is
    escaped. Integers beyond 64 bits it turns into floats: those are long runs of digits. Nobody needs to ask about a
    body that comes out as it went in, as one without blanks mostly does.
    """
    return (
        written.count(b":") == body.count(b":")
        and b"\\u003" not in body
        and _LONG_DIGITS not in body.translate(_DIGITS)
    )


_ONLY_OBJECTS = frozenset({dict})


def _read_closely(body: bytes, limits: Limits, names: Container[str]) -> Tasks | Unreadable:
    """Read a body by every rule, one after the other; it may turn out to be good."""
    if len(body) > limits.max_bytes:
        return too_large(limits.max_bytes)
    bare = _STRINGS.sub(b"", body)
    if bare.count(b",") > limits.max_values:
        return Unreadable("valueTooLarge", f"a body may hold {limits.max_values:,} values; {_more('max-values')}.")
    flaw = _explain(body, limits, names)
    return flaw or _check_tasks(orjson.loads(body), body, limits)


def too_large(max_bytes: int) -> Unreadable:
    """Return the refusal of a body that is larger than allowed; it can be made before the body was read."""
    return Unreadable("valueTooLarge", f"a body may have {max_bytes:,} bytes; {_more('max-body-bytes')}.")


def _more(setting: str) -> str:
    return f"the setting {setting} allows more"


def _check_tasks(tasks: Any, body: bytes, limits: Limits) -> Tasks | Unreadable:
    if not isinstance(tasks, list):
        wrap = "wrap the task in [ ]." if isinstance(tasks, dict) else "no list was found."
        return Unreadable("invalidBody", wrap)
    if not tasks:
        return Unreadable("invalidBody", "the list is empty.")
    if len(tasks) > limits.max_tasks:
        most = f"a request may hold {limits.max_tasks:,} tasks, this one has {len(tasks):,}"
        return Unreadable("arrayTooLarge", f"{most}; {_more('max-tasks')}.")
    for index, task in enumerate(tasks):
        if type(task) is not dict:
            return _at(body, (index,), f"item {index} of the list is no object", limits)
    return tasks


def _at(body: bytes, way: Way, problem: str, limits: Limits) -> Unreadable:
    text = body.decode()
    span = scan(text, limits.max_depth).spans[way]
    return _refusal("invalidBody", text, Flaw(span.start, way, problem), ())


def _explain(body: bytes, limits: Limits, names: Container[str]) -> Unreadable | None:
    """Find the first flaw by exact reading; None where there is none after all."""
    problem = ""
    try:
        text = body.decode()
    except UnicodeDecodeError as wrong:
        text, problem = body[: wrong.start].decode(), "the bytes are not UTF-8"
    flaw = scan(text, limits.max_depth).flaw
    if problem and (flaw is None or flaw.offset >= len(text) or flaw.problem.endswith(("too early", "not closed"))):
        flaw = Flaw(len(text), flaw.way if flaw else (), problem)
    if flaw is None:
        return None
    if flaw.is_limit:
        return _refusal("valueTooLarge", text, flaw, names, f"; {_more('max-depth')}")
    return _refusal("invalidJSON", text, flaw, names)


def _refusal(code: str, text: str, flaw: Flaw, names: Container[str], mend: str = "") -> Unreadable:
    line, column = line_and_column(text, flaw.offset)
    harmless = takewhile(lambda step: isinstance(step, int) or step in names, flaw.way)
    pointer = "".join(f"/{step}" for step in harmless)
    inside = f", in {pointer}" if pointer else ""
    return Unreadable(code, f"{flaw.problem} (line {line}, column {column}{inside}){mend}.", line, column, pointer)
