"""What was exercised, as a value: areas of rows of points, each of which was seen or not. Can be merged and sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

#: Subject of what all models have in common.
ALL_MODELS = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Points that belong together, such as the values of a parameter.

    Attributes:
        name: what they are points of.
        points: whether each was seen.
    """

    name: str
    points: Mapping[str, bool]

    @property
    def seen(self) -> int:
        """How many points were seen."""
        return sum(self.points.values())

    @property
    def missing(self) -> Sequence[str]:
        """The points that were not seen."""
        return [point for point, is_seen in self.points.items() if not is_seen]


@dataclass(frozen=True, slots=True)
class Area:
    """Rows of one kind.

    Attributes:
        name: the kind, such as "values".
        subject: the model that it is about, or `ALL_MODELS`.
        rows: the rows, in the order of the data files.
        is_counted: whether it counts in sums. What only a faulty request can bring about does not.
    """

    name: str
    subject: str
    rows: tuple[Row, ...]
    is_counted: bool = True

    @property
    def seen(self) -> int:
        """How many points were seen."""
        return sum(row.seen for row in self.rows)

    @property
    def total(self) -> int:
        """How many points there are."""
        return sum(len(row.points) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was exercised.

    Attributes:
        areas: those of each model, then those of all.
        exchanges: in how many exchanges.
        gaps: sentences that say what is not in it, so that it is a lower bound.
    """

    areas: tuple[Area, ...]
    exchanges: int = 0
    gaps: tuple[str, ...] = ()

    @property
    def counted(self) -> Sequence[Area]:
        """The areas that count."""
        return [area for area in self.areas if area.is_counted]

    @property
    def seen(self) -> int:
        """How many points were seen, of those that count."""
        return sum(area.seen for area in self.counted)

    @property
    def total(self) -> int:
        """How many points there are, of those that count."""
        return sum(area.total for area in self.counted)

    @property
    def subjects(self) -> Sequence[str]:
        """The models that it is about."""
        return [*dict.fromkeys(area.subject for area in self.areas if area.subject != ALL_MODELS)]

    def share(self, name: str | None = None) -> float:
        """Return how much was seen of all, or of the areas of one name, in percent."""
        areas = [area for area in self.counted if name in (None, area.name)]
        return percent(sum(area.seen for area in areas), sum(area.total for area in areas))

    def about(self, airs: Iterable[str]) -> "Coverage":
        """Return what it says of these models, and of what all have in common."""
        kept = (ALL_MODELS, *airs)
        return replace(self, areas=tuple([area for area in self.areas if area.subject in kept]))

    def focused(self) -> "Coverage":
        """Return what it says of the models that were asked for; of the first where none was."""
        asked = [air for air in self.subjects if any(area.seen for area in self.areas if area.subject == air)]
        return self.about(asked or self.subjects[:1])

    def merged(self, other: "Coverage") -> "Coverage":
        """Return what was seen in either."""
        rest = {(area.subject, area.name): area for area in other.areas}
        areas = [_joined(area, rest.pop((area.subject, area.name), None)) for area in self.areas]
        ordered = sorted([*areas, *rest.values()], key=lambda area: area.subject == ALL_MODELS)
        return Coverage(tuple(ordered), self.exchanges + other.exchanges, (*self.gaps, *other.gaps))


def percent(seen: int, total: int) -> float:
    """Return a share in percent; of nothing everything was seen."""
    return 100 * seen / total if total else 100.0


def _joined(one: Area, other: Area | None) -> Area:
    if other is None:
        return one
    points = {row.name: dict(row.points) for row in one.rows}
    for row in other.rows:
        known = points.setdefault(row.name, {})
        for point, is_seen in row.points.items():
            known[point] = known.get(point, False) or is_seen
    return replace(one, rows=tuple([Row(name, found) for name, found in points.items()]))


def as_data(coverage: Coverage) -> dict[str, Any]:
    """Return a coverage as plain data, for another process or a program."""
    return {
        "exchanges": coverage.exchanges,
        "gaps": list(coverage.gaps),
        "seen": coverage.seen,
        "total": coverage.total,
        "percent": round(coverage.share(), 2),
        "areas": [
            {
                "name": area.name,
                "model": area.subject or None,
                "isCounted": area.is_counted,
                "seen": area.seen,
                "total": area.total,
                "rows": [{"name": row.name, "points": dict(row.points)} for row in area.rows],
            }
            for area in coverage.areas
        ],
    }


def from_data(data: Mapping[str, Any]) -> Coverage:
    """Return the coverage that `as_data` made plain."""
    areas = [
        Area(
            each["name"],
            each["model"] or ALL_MODELS,
            tuple([Row(row["name"], row["points"]) for row in each["rows"]]),
            each["isCounted"],
        )
        for each in data["areas"]
    ]
    return Coverage(tuple(areas), data["exchanges"], tuple(data["gaps"]))
