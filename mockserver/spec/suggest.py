"""What somebody probably meant: the nearest known word or number."""

import difflib
from collections.abc import Iterable, Sequence
from functools import lru_cache

LONGEST_WORD = 64


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelt one most resembles, or None where none comes close.

    Letter case does not count. A word of more than 64 characters is not looked at.
    """
    return _nearest(word, tuple(known)) if len(word) <= LONGEST_WORD else None


@lru_cache(maxsize=1024)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    by_folded = {name.casefold(): name for name in reversed(known)}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[close[0]] if close else None


def nearest_number(value: float, allowed: Sequence[float]) -> float | None:
    """Return the allowed number closest to a value, or None where nothing is allowed."""
    return min(allowed, key=lambda number: abs(number - value), default=None)
