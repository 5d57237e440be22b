"""The forms that a text may take, where its pattern lists alternatives: a picture is a UUID, an address or base64."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Longer texts are told by their beginning: what follows decides nothing, and takes long to look at.
LONGEST_WHOLE = 1000
#: How much of a pattern is shown where a form has no words.
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Form:
    """One alternative of a pattern.

    Attributes:
        name: what the schema calls it, or the beginning of its pattern.
        pattern: what a text of this form looks like.
    """

    name: str
    pattern: re.Pattern[str]

    def fits(self, text: str, is_cut: bool) -> bool:
        """Say whether a good text, or the beginning of one, has this form."""
        if is_cut or len(text) > LONGEST_WHOLE:
            return self.pattern.match(text[:64]) is not None
        return self.pattern.fullmatch(text) is not None


def forms_of(schema: Mapping[str, Any]) -> list[Form]:
    """Return the forms of a string schema with a pattern; none where the pattern has no alternatives.

    Their names are those that `x-expects` lists, if it lists as many.
    """
    alternatives = _alternatives(schema["pattern"])
    if len(alternatives) < 2:
        return []
    words = _listed(schema.get("x-expects", ""))
    names = words if len(words) == len(alternatives) else [_shown(each) for each in alternatives]
    try:
        return [Form(name, re.compile(each, re.ASCII)) for name, each in zip(names, alternatives, strict=True)]
    except re.error:  # a pattern of ECMA-262 that is none in Python
        return []


def _shown(pattern: str) -> str:
    return pattern if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]}…"


def _alternatives(pattern: str) -> Sequence[str]:
    """Return the outermost alternatives of an anchored pattern, as in `^(?:a|b)$`."""
    inner = pattern.removeprefix("^").removesuffix("$")
    group = re.match(r"\((\?:)?", inner)
    if group and _closing(inner) == len(inner) - 1:
        return _split(inner[group.end() : -1])
    return _split(pattern)


def _closing(text: str) -> int:
    """Return where the group ends that a pattern begins with."""
    return next((index for index, depth in _depths(text) if depth == 0 and text[index] == ")"), -1)


def _split(pattern: str) -> list[str]:
    bars = [index for index, depth in _depths(pattern) if depth == 0 and pattern[index] == "|"]
    starts, ends = [0, *(index + 1 for index in bars)], [*bars, len(pattern)]
    return [pattern[start:end] for start, end in zip(starts, ends, strict=True)]


def _depths(pattern: str) -> list[tuple[int, int]]:
    """Return the place of each character neither escaped nor in a class, and in how many groups one is behind it."""
    found, depth, index = [], 0, 0
    while index < len(pattern):
        character = pattern[index]
        if character == "\\":
            index += 2
            continue
        if character == "[":
            end = re.compile(r"\[\^?(?:\\.|[^\]\\])*\]", re.DOTALL).match(pattern, index)
            index = end.end() if end else len(pattern)
            continue
        depth += {"(": 1, ")": -1}.get(character, 0)
        found.append((index, depth))
        index += 1
    return found


def _listed(words: str) -> list[str]:
    """Return the members of a list in words: "a UUID, an address (http, https) or base64" has three."""
    outside = re.sub(r"\([^)]*\)", lambda group: "\0" * len(group[0]), words)
    places = [match.span() for match in re.finditer(r", or |, | or ", outside)]
    starts, ends = [0, *(end for _, end in places)], [*(start for start, _ in places), len(words)]
    return [words[start:end] for start, end in zip(starts, ends, strict=True)]
