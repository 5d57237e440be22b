"""A coverage for people: a table, and what is missing, in the width of a terminal."""

import textwrap
from collections.abc import Iterator, Sequence

from contracts.coverage.base import ALL_MODELS, Area, Coverage, percent
from contracts.coverage.points import PARAMETERS, RULES
from mockserver.spec.wording import count

WIDTH = 100
#: How many points of a row are named; the other forms of output name all.
_FEW = 6


def as_text(coverage: Coverage) -> str:
    """Return a coverage for people."""
    return "\n".join([*_lines(coverage)]) + "\n"


def title(coverage: Coverage) -> str:
    """Return what a coverage is about, in a line."""
    models = " and ".join(coverage.subjects)
    return f"What was exercised of {models}, in {count(coverage.exchanges, 'exchange')}"


def _lines(coverage: Coverage) -> Iterator[str]:
    yield from textwrap.wrap(title(coverage), WIDTH)
    yield ""
    labels = [label(area, coverage) for area in coverage.areas]
    wide = max(map(len, [*labels, "all"]))
    for area, name in zip(coverage.areas, labels, strict=True):
        note = "" if area.is_counted else "   (refused tasks; not counted)"
        yield f"  {name:<{wide}} {_sum(area.seen, area.total)}{note}"
    yield f"  {'all':<{wide}} {_sum(coverage.seen, coverage.total)}"
    missing = [area for area in coverage.counted if area.seen < area.total]
    if missing:
        yield ""
        yield "Not exercised"
    for area in missing:
        yield f"  {label(area, coverage)}"
        yield from (line for name, missed in _missing(area) for line in _row(name, missed))
    for gap in coverage.gaps:
        yield ""
        yield from textwrap.wrap(f"A lower bound: {gap}.", WIDTH, break_on_hyphens=False)


def label(area: Area, coverage: Coverage) -> str:
    """Return the name of an area, with its model where there are several."""
    is_one = len(coverage.subjects) == 1 or area.subject == ALL_MODELS
    return area.name if is_one else f"{area.name} of {area.subject}"


def _sum(seen: int, total: int) -> str:
    return f"{seen:>4} of {total:>3}  {whole_percent(seen, total):>5}"


def whole_percent(seen: int, total: int) -> str:
    """Return a share as text; 100 % is all of it and nothing less."""
    return f"{int(percent(seen, total))} %"


#: Areas whose rows have few points, and all the same: what is missing is told by the point.
_ALIKE = frozenset({PARAMETERS, RULES})


def _missing(area: Area) -> Iterator[tuple[str, str]]:
    """Yield what is missing, as a name and a list in words."""
    if area.name in _ALIKE:
        points = dict.fromkeys(point for row in area.rows for point in row.missing)
        for point in points:
            yield point, ", ".join(row.name for row in area.rows if point in row.missing)
        return
    for row in area.rows:
        if row.missing:
            others = len(row.missing) - _FEW
            yield row.name, ", ".join(row.missing[:_FEW]) + (f", and {others} more" if others > 0 else "")


def _row(name: str, missed: str) -> Sequence[str]:
    return textwrap.wrap(
        f"{name}: {missed}",
        WIDTH,
        initial_indent="    ",
        subsequent_indent="      ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def shortfalls(coverage: Coverage, wanted: Sequence[tuple[str | None, float]]) -> list[str]:
    """Return, in words, which shares are smaller than wanted.

    Args:
        coverage: what was exercised.
        wanted: names of areas, None for all of them, each with percent.
    """
    shares = [(name, coverage.share(name), least) for name, least in wanted]
    return [
        f"{name or 'all'}: {share:.1f} % exercised, {least:g} % wanted"
        for name, share, least in shares
        if share < least
    ]
