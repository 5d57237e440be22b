"""A coverage as part of a page: a section with a table for each area, without scripts."""

from collections.abc import Iterator
from html import escape

from contracts.coverage.base import Area, Coverage, Row
from contracts.coverage.words import label, title, whole_percent


def as_html(coverage: Coverage) -> str:
    """Return a fragment of HTML: one section."""
    return "\n".join([*_lines(coverage)]) + "\n"


def as_page(coverage: Coverage) -> str:
    """Return a page of its own that holds the section alone."""
    name = escape(title(coverage))
    head = f'<meta charset="utf-8">\n<title>{name}</title>\n<style>\n{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{as_html(coverage)}</body>\n</html>\n'


#: How a page of its own looks, in light and in dark.
STYLE = """\
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1rem; }
th, td { border-bottom: 1px solid #8886; padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; }
tr.none > th { color: #c33; }
tr.some > th { color: #b60; }
"""


def _lines(coverage: Coverage) -> Iterator[str]:
    yield '<section class="coverage">'
    yield f"<h2>{escape(title(coverage))}</h2>"
    for gap in coverage.gaps:
        yield f'<p class="gap">A lower bound: {escape(gap)}.</p>'
    yield "<table>"
    yield "<thead><tr><th>area</th><th>exercised</th><th>of</th><th>share</th></tr></thead>"
    yield "<tbody>"
    for area in coverage.areas:
        name = label(area, coverage) + ("" if area.is_counted else " (refused tasks; not counted)")
        yield _cells(name, area.seen, area.total)
    yield _cells("all", coverage.seen, coverage.total)
    yield "</tbody>"
    yield "</table>"
    for area in coverage.areas:
        yield from _area(area, coverage)
    yield "</section>"


def _cells(name: str, seen: int, total: int) -> str:
    return f"<tr><th>{escape(name)}</th><td>{seen}</td><td>{total}</td><td>{whole_percent(seen, total)}</td></tr>"


def _area(area: Area, coverage: Coverage) -> Iterator[str]:
    yield "<details>"
    yield f"<summary>{escape(label(area, coverage))}: {area.seen} of {area.total}</summary>"
    yield "<table>"
    yield "<thead><tr><th></th><th>exercised</th><th>not exercised</th></tr></thead>"
    yield "<tbody>"
    for row in area.rows:
        seen = ", ".join(point for point, is_seen in row.points.items() if is_seen)
        yield f'<tr class="{_class(row)}"><th>{escape(row.name)}</th><td>{escape(seen)}</td>{_missing(row)}</tr>'
    yield "</tbody>"
    yield "</table>"
    yield "</details>"


def _missing(row: Row) -> str:
    return f"<td>{escape(', '.join(row.missing))}</td>"


def _class(row: Row) -> str:
    return "none" if not row.seen else "some" if row.missing else "all"
