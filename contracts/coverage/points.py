"""Points that can be seen, each with a number: to note one costs no more than to add a number to a set."""

from collections.abc import Collection

from contracts.coverage.base import Area, Row

#: The areas of a model, and those of all models, in their order.
PARAMETERS, VALUES, BOUNDARIES, RULES, REFUSALS = "parameters", "values", "boundaries", "rules", "refusals"
ERRORS, LIFE_CYCLE = "error codes", "life cycle"
#: Every area that counts. What a task is refused for does not: a client that sends no bad task lacks nothing.
COUNTED = (PARAMETERS, VALUES, BOUNDARIES, RULES, ERRORS, LIFE_CYCLE)


class Points:
    """The points of a subject, and which of them were seen.

    Args:
        subject: the model, or `ALL_MODELS`.

    Attributes:
        seen: numbers of the points that were seen.
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._numbers: dict[tuple[str, str, str], int] = {}
        self.seen: set[int] = set()

    def add(self, area: str, row: str, point: str) -> int:
        """Return the number of a point, which is there afterwards if it was not before."""
        return self._numbers.setdefault((area, row, point), len(self._numbers))

    def areas(self, names: Collection[str]) -> list[Area]:
        """Return what was seen in these areas, those without points left out."""
        rows: dict[str, dict[str, dict[str, bool]]] = {name: {} for name in names}
        for (area, row, point), number in self._numbers.items():
            rows[area].setdefault(row, {})[point] = number in self.seen
        return [
            Area(name, self._subject, tuple([Row(row, points) for row, points in found.items()]), name in COUNTED)
            for name, found in rows.items()
            if found
        ]
