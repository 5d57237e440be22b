"""Writing: text in any script, measured and wrapped. Two fonts come with the package, so it looks alike everywhere.

DejaVu Sans has Latin, Greek, Cyrillic, Hebrew, Arabic and many signs; GNU Unifont has the rest of Unicode's first
plane, Chinese, Japanese, Korean and the scripts of India among it. Pillow's own font has little but ASCII.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageDraw, ImageFont

FOLDER = Path(__file__).parent / "fonts"
#: In order of preference.
FONTS = ("DejaVuSans.ttf", "Unifont.otf")
#: A code point that no font has: what is drawn for it is what is drawn for whatever is missing.
_NOWHERE = "\U0010fffe"
#: Where a line may break: at spaces, and beside each character of a script that is written without them.
_TOKENS = re.compile(r"\s+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")

Colour = tuple[int, int, int]


@lru_cache(maxsize=32)
def _font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FOLDER / name, size_px)


@lru_cache(maxsize=4096)
def _font_of(character: str) -> str | None:
    """Return the first font that has a character, or None."""
    if character.isascii():
        return FONTS[0]
    return next((name for name in FONTS if _drawn(name, character) != _drawn(name, _NOWHERE)), None)


@lru_cache(maxsize=4096)
def _drawn(name: str, character: str) -> bytes:
    return bytes(_font(name, 16).getmask(character))


def legible(text: str) -> str:
    """Return a text in one line, every character of which can be drawn.

    White space and control characters become one space, and what no font has becomes its code point, as in
    "[U+1F30A]".
    """
    line = _CONTROLS.sub(" ", text).strip()
    return "".join(each if _font_of(each) else f"[U+{ord(each):04X}]" for each in line)


class Letters:
    """Legible text of one size.

    Args:
        size_px: height of the font in pixels.
    """

    def __init__(self, size_px: int) -> None:
        self.size_px = max(8, size_px)
        self.line_px = round(self.size_px * 1.35)
        self._widths: dict[str, float] = {}

    def width(self, text: str) -> float:
        """Return how wide a text is, in pixels."""
        known = self._widths.get(text)
        if known is None:
            known = self._widths[text] = sum(font.getlength(run) for font, run in self._runs(text))
        return known

    def write(self, pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, fill: Colour | int) -> None:
        """Write one line.

        Args:
            pen: draws on the picture.
            at: where the text begins, and its base line.
            text: what is written.
            fill: its colour.
        """
        x, y = at
        for font, run in self._runs(text):
            pen.text((x, y), run, fill=fill, font=font, anchor="ls")
            x += font.getlength(run)

    def wrap(self, text: str, width_px: float) -> list[str]:
        """Break a text into lines that are no wider than that."""
        lines: list[str] = []
        line, used = "", 0.0
        for token in self._tokens(text, width_px):
            if line and used + self.width(token) > width_px:
                lines.append(line.rstrip())
                line, used = "", 0.0
            if line or not token.isspace():
                line, used = line + token, used + self.width(token)
        return [*lines, line.rstrip()] if line else lines

    def _tokens(self, text: str, width_px: float) -> Iterator[str]:
        """Yield what is not broken, and pieces of what is too wide to be left whole."""
        for token in _TOKENS.findall(text):
            rest = token
            while self.width(rest) > width_px and len(rest) > 1:
                fitting = self._fitting(rest, width_px)
                yield rest[:fitting]
                rest = rest[fitting:]
            yield rest

    def _fitting(self, token: str, width_px: float) -> int:
        """Return how many characters of a token fit, at least one."""
        low, high = 1, len(token) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(token[:middle]) <= width_px else (low, middle - 1)
        return low

    def cut(self, text: str, width_px: float) -> str:
        """Return the beginning of a text that fits with an ellipsis behind it."""
        room = width_px - self.width("…")
        while text and self.width(text) > room:
            text = text[:-1]
        return text.rstrip() + "…"

    def _runs(self, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        for name, run in groupby(text, lambda each: _font_of(each) or FONTS[0]):
            yield _font(name, self.size_px), "".join(run)
