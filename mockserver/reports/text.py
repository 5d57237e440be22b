"""The report for people."""

import unicodedata
from collections.abc import Iterator, Sequence

from mockserver.reports.base import CheckedFile, Found
from mockserver.spec.wording import count

#: How much of a long source line is shown around the place, in characters.
LONGEST_LINE = 100


def report_text(files: Sequence[CheckedFile]) -> Iterator[str]:
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
