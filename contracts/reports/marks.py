"""The offending bytes: where in what was sent, or in what came of it, a duty is broken."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.recording import Exchange
from contracts.report import Broken
from mockserver.scan import Span, Way, scan
from mockserver.spec.documents import unescape

#: How deep lists and objects may lie inside each other in what is looked at.
MAX_DEPTH = 100
#: How much is shown of a text before the offending part, and of that part, in characters.
BEFORE, MOST_MARKED = 30, 60
#: A place that is an address, in place of the name of a header.
ADDRESS = ":path"


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a text.

    Attributes:
        part: what the text is: "body", "header", "address" or "outcome".
        text: the whole text.
        start: where the offending part begins, in characters from 0.
        end: where it ends.
        is_missing: whether it is missing: it should stand before the character that is marked.
    """

    part: str
    text: str
    start: int
    end: int
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of a text, on one line: before the offending part, that part, and after it."""

    before: str
    marked: str
    after: str


def mark_of(broken: Broken) -> Mark | None:
    """Return where a duty is broken, or None where no single value is to blame."""
    finding, recording = broken.finding, broken.recording
    if finding.place is None:
        return None
    if not finding.exchange:
        return _in_json(
            "outcome", json.dumps(recording.outcome.document, ensure_ascii=False, default=str), finding.place
        )
    exchange = next(each for each in recording.exchanges if each.number == finding.exchange)
    if finding.place and not finding.place.startswith("/"):
        return _beside_the_body(exchange, finding.place)
    return _in_json("body", exchange.body.decode(errors="replace"), finding.place)


def _beside_the_body(exchange: Exchange, place: str) -> Mark | None:
    if place == ADDRESS:
        start = exchange.target.find("?") + 1
        return Mark("address", exchange.target, start, len(exchange.target))
    values = [value for name, value in exchange.headers if name == place]
    head = f"{place}: "
    return Mark("header", head + values[0], len(head), len(head) + len(values[0])) if values else None


def _in_json(part: str, text: str, pointer: str) -> Mark | None:
    if not pointer:
        return Mark(part, text, 0, len(text))
    spans = scan(text, MAX_DEPTH).spans
    here: Way = ()
    for steps in _ways(pointer):
        found = next((way for way in ((*here, step) for step in steps) if way in spans), None)
        if found is None:
            return _missing(part, text, spans.get(here))
        here = found
    span = spans[here]
    return Mark(part, text, min(span.name_start, span.start), span.end)


def _missing(part: str, text: str, around: Span | None) -> Mark | None:
    """Return the mark of what should stand at the end of a list or an object."""
    return None if around is None else Mark(part, text, around.end - 1, around.end, is_missing=True)


def _ways(pointer: str) -> Iterator[tuple[str | int, ...]]:
    """Yield what each step of a pointer may be: a name, or a position in a list."""
    for segment in pointer.split("/")[1:]:
        name = unescape(segment)
        yield (name, int(name)) if name.isdecimal() else (name,)


def excerpt(mark: Mark, width: int) -> Excerpt:
    """Return what is shown of a text in so many characters: that part is cut in its middle, the rest around it."""
    before, marked, after = mark.text[: mark.start], mark.text[mark.start : mark.end], mark.text[mark.end :]
    most = max(MOST_MARKED, width // 2)
    if len(marked) > most:
        marked = f"{marked[: most - 17]}…{marked[-16:]}"
    if len(before) > BEFORE:
        before = f"…{before[1 - BEFORE :]}"
    room = max(0, width - len(before) - len(marked))
    if len(after) > room:
        after = f"{after[: max(0, room - 1)]}…"
    return Excerpt(*map(printable, (before, marked, after)))


def printable(text: str) -> str:
    """Return a text on one line, without what a terminal or a browser would act on."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char in "\t\n\r" else _spelt(char) for char in text)


def _spelt(char: str) -> str:
    return json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"
