"""Where everything stands in a JSON text, and where it stops being JSON.

The slow, exact reading: it is asked when the fast parser refuses a text, when a text might hold what the fast parser
lets through (a name twice, a number too large), and when somebody wants to see the line of a value.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

LONGEST_NUMBER = 128
LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**64 - 1

#: The flaw of a text that goes on after its value.
ANOTHER_TEXT = "expected the end of the text"

Way = tuple[str | int, ...]


class Span(NamedTuple):
    """Where a value stands: offsets in code points, the end exclusive; the name's start for a member of an object."""

    start: int
    end: int
    name_start: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a text is not acceptable JSON.

    Attributes:
        offset: where, in code points from 0.
        way: names and positions from the whole text to the innermost value around the flaw.
        problem: what is wrong there, without any of the text.
        is_limit: whether it is JSON all the same, and only more than is taken.
    """

    offset: int
    way: Way
    problem: str
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found.

    Attributes:
        spans: where each value stands, by its way; complete only without a flaw.
        flaw: the first flaw, or None.
    """

    spans: dict[Way, Span]
    flaw: Flaw | None


_BLANK = re.compile(r"[ \t\n\r]*+")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+")
_WORD = re.compile(r"true|false|null")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*+')
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\.")
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Stop(Exception):
    def __init__(self, offset: int, problem: str, is_limit: bool = False) -> None:
        super().__init__(problem)
        self.offset = offset
        self.problem = problem
        self.is_limit = is_limit


class _Open:
    """A list or object that is still being read."""

    __slots__ = ("is_list", "name_start", "names", "start", "step")

    def __init__(self, start: int, is_list: bool, name_start: int) -> None:
        self.start = start
        self.is_list = is_list
        self.name_start = name_start
        self.names: set[str] = set()
        #: Where in the container the reading is; None in an object before its first name.
        self.step: str | int | None = 0 if is_list else None


def scan(text: str, max_depth: int) -> Scan:
    """Read a text as strict JSON (RFC 8259), without duplicate names, lone surrogates or oversized numbers.

    Args:
        text: the text.
        max_depth: how many lists and objects may lie inside each other.

    Returns:
        Every value's place and the first flaw. Takes about a microsecond a token; never raises.
    """
    scanner = _Scanner(text, max_depth)
    try:
        scanner.run()
    except _Stop as stop:
        return Scan(scanner.spans, Flaw(stop.offset, scanner.way(), stop.problem, stop.is_limit))
    return Scan(scanner.spans, None)


class _Scanner:
    def __init__(self, text: str, max_depth: int) -> None:
        self.text = text
        self.max_depth = max_depth
        self.spans: dict[Way, Span] = {}
        self.open: list[_Open] = []
        self.at = 0

    def way(self) -> Way:
        return tuple(each.step for each in self.open if each.step is not None)

    def run(self) -> None:
        """Read the whole text. Each step returns where the name or value due next begins, or None."""
        self.skip()
        due: int | None = self.at
        while due is not None or self.open:
            due = self.after_value() if due is None else self.value(due)
        self.skip()
        if self.at < len(self.text):
            raise _Stop(self.at, ANOTHER_TEXT)

    def skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def value(self, name_start: int) -> int | None:
        """Read a whole scalar, or the beginning of a container."""
        char, start = self.peek(), self.at
        if char in ("[", "{"):
            return self.descend(start, char == "[", name_start)
        if char == '"':
            self.string()
        else:
            self.scalar()
        self.spans[self.way()] = Span(start, self.at, name_start)
        return None

    def descend(self, start: int, is_list: bool, name_start: int) -> int | None:
        if len(self.open) >= self.max_depth:
            raise _Stop(start, f"more than {self.max_depth} lists and objects lie inside each other", is_limit=True)
        self.at += 1
        self.skip()
        if self.peek() == ("]" if is_list else "}"):
            self.at += 1
            self.spans[self.way()] = Span(start, self.at, name_start)
            return None
        self.open.append(_Open(start, is_list, name_start))
        return self.at if is_list else self.name()

    def name(self) -> int:
        """Read a name and its colon."""
        container, start = self.open[-1], self.at
        if self.peek() != '"':
            raise _Stop(start, "expected a name in double quotes" if self.peek() else "the text ends too early")
        name = self.string()
        container.step = name
        if name in container.names:
            raise _Stop(start, "the same name stands twice in one object")
        container.names.add(name)
        self.skip()
        if self.peek() != ":":
            raise _Stop(self.at, "expected a colon")
        self.at += 1
        self.skip()
        return start

    def after_value(self) -> int | None:
        """Read what follows a value inside the innermost container: a comma, or the container's end."""
        self.skip()
        container, char = self.open[-1], self.peek()
        if char == ",":
            self.at += 1
            self.skip()
            if isinstance(container.step, int):
                container.step += 1
                return self.at
            return self.name()
        if char != ("]" if container.is_list else "}"):
            end = "list" if container.is_list else "object"
            raise _Stop(self.at, f"expected a comma or the end of the {end}" if char else "the text ends too early")
        self.at += 1
        self.open.pop()
        self.spans[self.way()] = Span(container.start, self.at, container.name_start)
        return None

    def scalar(self) -> None:
        match = _NUMBER.match(self.text, self.at) or _WORD.match(self.text, self.at)
        if not match:
            raise _Stop(self.at, "expected a value" if self.peek() else "the text ends too early")
        _check_number(match.group(), self.at)
        self.at = match.end()

    def string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if not match:
            raise self.bad_string()
        self.at = match.end()
        return _unescape(match.group()[1:-1], match.start() + 1)

    def bad_string(self) -> _Stop:
        """Say what is wrong with the string that starts here."""
        at = self.at + 1
        while True:
            match = _PLAIN.match(self.text, at)
            at = match.end() if match else at
            good = _GOOD_ESCAPE.match(self.text, at)
            if not good:
                break
            at = good.end()
        char = self.text[at : at + 1]
        if not char:
            return _Stop(self.at, "a string is not closed")
        if char == "\\":
            return _Stop(at, "an escape in a string is not one of JSON's")
        return _Stop(at, "a control character in a string is not escaped")


_GOOD_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')


def _check_number(literal: str, offset: int) -> None:
    if literal[0] not in "-0123456789":
        return
    if len(literal) > LONGEST_NUMBER:
        raise _Stop(offset, f"a number has more than {LONGEST_NUMBER} characters")
    if literal.lstrip("-").isdecimal():
        if not LEAST_INTEGER <= int(literal) <= MOST_INTEGER:
            raise _Stop(offset, "an integer does not fit into 64 bits")
    elif float(literal) in (float("inf"), float("-inf")):
        raise _Stop(offset, "a number is too large for double precision")


def _unescape(raw: str, offset: int) -> str:
    """Return what a string stands for.

    Raises:
        _Stop: half of a surrogate pair stands alone.
    """
    if "\\" not in raw:
        return raw
    parts: list[str] = []
    at = high = high_at = 0
    for match in _ESCAPED.finditer(raw):
        code = int(match.group(1), 16) if match.group(1) else -1
        adjacent = match.start() == at
        parts.append(raw[at : match.start()])
        at = match.end()
        if high and not (adjacent and 0xDC00 <= code <= 0xDFFF):
            raise _Stop(offset + high_at, "half of a surrogate pair stands alone")
        if high:
            parts.append(chr(0x10000 + (high - 0xD800) * 0x400 + code - 0xDC00))
            high = 0
        elif 0xD800 <= code <= 0xDBFF:
            high, high_at = code, match.start()
        elif 0xDC00 <= code <= 0xDFFF:
            raise _Stop(offset + match.start(), "half of a surrogate pair stands alone")
        else:
            parts.append(chr(code) if code >= 0 else _SIMPLE[match.group()[1]])
    if high:
        raise _Stop(offset + high_at, "half of a surrogate pair stands alone")
    parts.append(raw[at:])
    return "".join(parts)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of an offset, both counted from 1, columns in code points."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - (text.rfind("\n", 0, offset) + 1) + 1
