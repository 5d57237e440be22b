"""Words in a prompt that make things go wrong on purpose, as test card numbers do."""

import re
from typing import NamedTuple

#: Whatever stands in double square brackets, with the word that it begins with.
_BRACKETS = re.compile(r"\[\[\s*+([A-Za-z][A-Za-z0-9_-]*+)[^\[\]]*+\]\]")
_MAGIC = re.compile(r"\[\[([A-Za-z][A-Za-z0-9-]*)((?: +[a-z_]+=[^\s\[\]=]+)*)\]\]")


class Magic(NamedTuple):
    """One magic value.

    Attributes:
        word: its name, as in "drop-webhook" or "providerError".
        settings: what stands after the name, as in `times=2`.
    """

    word: str
    settings: dict[str, str]

    def __str__(self) -> str:
        return f"[[{' '.join([self.word, *(f'{name}={value}' for name, value in self.settings.items())])}]]"


def find_magic(prompt: object) -> list[Magic]:
    """Return what stands in double square brackets and has the form of a magic value, in order.

    Args:
        prompt: the prompt; anything but a string holds no magic.
    """
    if not isinstance(prompt, str) or "[[" not in prompt:
        return []
    return [Magic(word, dict(_pairs(settings))) for word, settings in _MAGIC.findall(prompt)]


def find_bracketed(prompt: object) -> list[tuple[str, str]]:
    """Return everything in double square brackets, magic or not: as it stands there, and the word it begins with."""
    if not isinstance(prompt, str) or "[[" not in prompt:
        return []
    return [(match[0], match[1]) for match in _BRACKETS.finditer(prompt)]


def _pairs(settings: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (each.partition("=") for each in settings.split())]
