"""Texts without keys: neither whole ones, nor the parts that are left of one where a text is cut."""

from collections.abc import Mapping

#: What stands where a key was.
KEY = "<key>"
#: So many characters of a key are taken for a part of it, and at most so many are shown of a value that is cut.
LEAST, MOST = 4, 80
#: What stands behind the end of a value that is shown in a sentence.
_CLOSING = "'\")"


class Keys:
    """Keys that must not be read.

    Args:
        words: what stands where each key was, by key; what is hidden first comes first.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self._begins = {key[:part]: word for key, word in words.items() for part in _parts(key)}
        self._ends = {key[-part:]: word for key, word in words.items() for part in _parts(key)}

    def hidden(self, text: str) -> str:
        """Return a text without them; it may be long."""
        for key, word in self._words.items():
            text = text.replace(key, word)
        if not self._words:
            return text
        first, *others = text.split("…")
        *cut, last = [first, *(self._without_end(each) for each in others)]
        closed = last.rstrip(_CLOSING)
        return "…".join([*map(self._without_begin, cut), self._without_begin(closed) + last[len(closed) :]])

    def _without_begin(self, text: str) -> str:
        """Return a text without the begin of a key at its end."""
        found = next((part for part in _parts(text) if text[-part:] in self._begins), 0)
        return text[:-found] + self._begins[text[-found:]] if found else text

    def _without_end(self, text: str) -> str:
        """Return a text without the end of a key at its begin."""
        found = next((part for part in _parts(text) if text[:part] in self._ends), 0)
        return self._ends[text[:found]] + text[found:] if found else text


def _parts(text: str) -> range:
    """Return how many characters of a text may be a part of a key, the most first."""
    return range(min(len(text), MOST), LEAST - 1, -1)
