"""Which error codes were seen, of those of the catalogue."""

import re
from collections.abc import Mapping

from contracts.coverage.points import ERRORS, Points
from mockserver.spec.catalogue import ApiError, Catalogue

#: What stands in a code of a family for the parameter's name.
_PARAMETER = "{Parameter}"


class Codes:
    """The points of the error codes.

    Args:
        catalogue: the codes.
        points: where points are added.
    """

    def __init__(self, catalogue: Catalogue, points: Points) -> None:
        self._points = points
        families = [error for code, error in _by_code(catalogue.families).items() if _PARAMETER in code]
        self._named = {
            error.code: points.add(ERRORS, error.category, error.code)
            for error in (*families, *catalogue.named.values())
        }
        self._categories = {error.code: error.category for error in catalogue.named.values()}
        self._families = [(_pattern(error.code), error) for error in families]

    def note(self, code: str) -> None:
        """Note a code that was seen; one that the catalogue does not have is passed over."""
        number = self._named.get(code)
        if number is None:
            found = (error for pattern, error in self._families if pattern.fullmatch(code))
            number = self._named.get(next((error.code for error in found), ""))
        if number is not None:
            self._points.seen.add(number)

    def category(self, code: str) -> str:
        """Return what a code is filed under, or "" where the catalogue does not have it."""
        if code in self._categories:
            return self._categories[code]
        return next((error.category for pattern, error in self._families if pattern.fullmatch(code)), "")


def _by_code(errors: Mapping[str, ApiError]) -> dict[str, ApiError]:
    return {error.code: error for error in errors.values()}


def _pattern(code: str) -> re.Pattern[str]:
    before, _, after = code.partition(_PARAMETER)
    return re.compile(rf"{before}[A-Z]\w*{after}")
