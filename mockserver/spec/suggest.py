"""What somebody probably meant: the nearest known word or number."""

import difflib
from collections.abc import Iterable, Sequence
from functools import lru_cache

LONGEST_WORD = 64


#: How alike two words must be, from 0 to 1, for one to be taken for the other.
ALIKE = 0.7


def nearest(word: str, known: Iterable[str], least: float = ALIKE) -> str | None:
    """Return the known word that a misspelt one most resembles, or None where none comes close.

    Letter case does not count. A word of more than 64 characters is not looked at.

    Args:
        word: the misspelt word.
        known: the good ones.
        least: how alike they must be, from 0 to 1.
    """
    return next(iter(alike(word, known, least, most=1)), None)


def alike(word: str, known: Iterable[str], least: float = ALIKE, most: int = 3) -> tuple[str, ...]:
    """Return the known words that a misspelt one resembles, the best first; see `nearest`."""
    return _alike(word, tuple(known), least, most) if len(word) <= LONGEST_WORD else ()


@lru_cache(maxsize=1024)
def _alike(word: str, known: tuple[str, ...], least: float, most: int) -> tuple[str, ...]:
    by_folded = {name.casefold(): name for name in reversed(known)}
    return tuple([by_folded[each] for each in difflib.get_close_matches(word.casefold(), by_folded, most, least)])


def holding(word: str, known: Iterable[str]) -> str | None:
    """Return the first known word of which another is a part, or the other way round; letter case does not count."""
    folded = word.casefold()
    return next((name for name in known if folded in name.casefold() or name.casefold() in folded), None)


def nearest_number(value: float, allowed: Sequence[float]) -> float | None:
    """Return the allowed number closest to a value, or None where nothing is allowed."""
    return min(allowed, key=lambda number: abs(number - value), default=None)
