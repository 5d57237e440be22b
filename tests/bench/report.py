"""Figures for people, as a table, and for programs, as JSON."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median
from typing import Any

PACKAGES = ("uvicorn", "uvloop", "httptools", "orjson", "jsonschema-rs", "websockets")
HEADINGS = ("measure", "figure", "ratio", "lowest-highest", "floor", "target", "")
#: Columns of numbers stand to the right, the others to the left.
_RIGHT = frozenset({"figure", "ratio", "floor", "target"})


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    median: float
    lowest: float
    highest: float


def spread(values: Sequence[float]) -> Spread:
    """Return median, lowest and highest of one or more values."""
    return Spread(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted: a ratio where the row has one, else its figure.

    Attributes:
        limit: the number that must be kept.
        is_least: whether more is better.
    """

    limit: float
    is_least: bool = False

    def is_met(self, value: float) -> bool:
        """Say whether a value keeps the limit."""
        return value >= self.limit if self.is_least else value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One measure.

    Attributes:
        name: what was measured.
        unit: unit of the figure: "/CPU s", "s", "MiB", "µs" or "µs CPU".
        figure: the measured values.
        ratio: each of them divided by what it is compared with in the same round, or None.
        floor: what `ratio` would be for the least that a mock must do, or None.
        target: what is wanted, or None.
    """

    name: str
    unit: str
    figure: Spread
    ratio: Spread | None = None
    floor: Spread | None = None
    target: Target | None = None

    @property
    def verdict(self) -> str:
        """Return "ok", "missed", or "" where nothing is wanted."""
        if self.target is None:
            return ""
        return "ok" if self.target.is_met((self.ratio or self.figure).median) else "missed"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text, without a line feed at the end."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    placed = (
        cell.rjust(width) if heading in _RIGHT else cell.ljust(width)
        for cell, width, heading in zip(cells, widths, HEADINGS, strict=True)
    )
    return "  ".join(placed).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    shown = row.ratio or row.figure
    form = _ratio if row.ratio else lambda value: _number(value, row.unit)
    return (
        row.name,
        f"{_number(row.figure.median, row.unit)} {row.unit}",
        _ratio(row.ratio.median) if row.ratio else "",
        f"{form(shown.lowest)}-{form(shown.highest)}" if shown.lowest < shown.highest else "",
        _ratio(row.floor.median) if row.floor else "",
        _target(row),
        row.verdict,
    )


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    sign = ">=" if row.target.is_least else "<="
    return f"{sign} {_ratio(row.target.limit)}" if row.ratio else f"{sign} {_number(row.target.limit, row.unit)}"


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _number(value: float, unit: str) -> str:
    return f"{value:.3f}" if unit == "s" else f"{value:,.0f}" if value >= 1000 else f"{value:.1f}"


def machine(remark: str) -> Mapping[str, Any]:
    """Return what the figures depend on: the machine and the versions."""
    return {
        "cores": os.cpu_count(),
        "placement": remark,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        **{package: version(package) for package in PACKAGES},
    }


def machine_line(facts: Mapping[str, Any]) -> str:
    """Return those facts in one line."""
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def as_json(rows: Sequence[Row], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything as plain data."""
    return {"machine": dict(facts), "measures": [{**asdict(row), "verdict": row.verdict} for row in rows]}
