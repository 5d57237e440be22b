"""What a clip without pictures shows: a landscape that follows from the seed, and a sun that crosses its sky."""

import math
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageOps

from mockserver.media.planes import Box, even

Colour = tuple[int, int, int]

#: The sun stays above this share of the height.
HORIZON = 0.5
#: Hills from the farthest to the nearest: height of their feet, how high they rise, how much sky lies before them.
_HILLS = ((0.56, 0.10, 0.42), (0.66, 0.09, 0.18), (0.78, 0.08, 0.0))
_SMOOTHING = 2
#: Radius of the sun itself, as a share of half its square; what lies around it glows.
_DISC = 0.62


class Palette(NamedTuple):
    """Colours of a landscape: the sky at its top, in the middle and at the horizon, and the nearest hills."""

    top: Colour
    middle: Colour
    horizon: Colour
    hills: Colour


def _palette(*colours: str) -> Palette:
    return Palette(*map(_colour, colours))


def _colour(text: str) -> Colour:
    red, green, blue, *_ = ImageColor.getrgb(text)
    return red, green, blue


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(mine + (theirs - mine) * share) for mine, theirs in zip(one, other, strict=True))
    return red, green, blue


PALETTES = (
    _palette("#2b2d6e", "#c0567a", "#ffb86b", "#33204a"),
    _palette("#123a6b", "#3f87b8", "#cdeaf0", "#153c4c"),
    _palette("#0b1030", "#27406f", "#8fb4d6", "#0f1a33"),
    _palette("#4a1530", "#b8443f", "#ffc46b", "#2e1424"),
    _palette("#102a43", "#2f7f83", "#bfe9b4", "#0f2d30"),
    _palette("#3a2a5a", "#7f6fb5", "#f6cbdc", "#2e264d"),
    _palette("#54341a", "#c98a4b", "#ffe3b0", "#3a281a"),
    _palette("#0e3d3a", "#4f9a86", "#f2efb2", "#14312c"),
)


def draws(seed: int, purpose: str) -> Iterator[float]:
    """Yield numbers from 0 to 1 that follow from a seed, endlessly."""
    number = 0
    while True:
        digest = blake2b(f"{seed} {purpose} {number}".encode(), digest_size=8).digest()
        yield int.from_bytes(digest, "big") / 2**64
        number += 1


def palette_of(seed: int) -> Palette:
    """Return the colours of a seed: one of the palettes, a little towards another."""
    one, other, share = (next(draws(seed, purpose)) for purpose in ("colours", "other colours", "share"))
    first, second = PALETTES[int(one * len(PALETTES))], PALETTES[int(other * len(PALETTES))]
    return Palette(*(_mixed(mine, theirs, 0.3 * share) for mine, theirs in zip(first, second, strict=True)))


class Scenery:
    """The landscape of a seed.

    Args:
        seed: decides shapes and colours.
        width_px, height_px: size of the picture.

    Attributes:
        picture: sky and hills.
        sun: the sun and its glow, to be laid over the picture.
        glow: how much of each pixel of the sun counts.
    """

    def __init__(self, seed: int, width_px: int, height_px: int) -> None:
        self._seed, self._size = seed, (width_px, height_px)
        colours = palette_of(seed)
        self.picture = _sky(self._size, colours)
        self._clear = Image.new("L", self._size, 255)
        for number, (foot, rise, haze) in enumerate(_HILLS):
            hill = self._hill(number, foot, rise)
            self.picture.paste(_mixed(colours.hills, colours.middle, haze), mask=hill)
            self._clear.paste(0, mask=hill)
        side = even(min(width_px, height_px) / 4.5)
        self.sun = Image.new("RGB", (side, side), _mixed(colours.horizon, (255, 255, 255), 0.6))
        self.glow = _glow(side)

    def _hill(self, number: int, foot: float, rise: float) -> Image.Image:
        """Return where a range of hills is."""
        width, height = (side * _SMOOTHING for side in self._size)
        chance = draws(self._seed, f"hill {number}")
        waves = [(turns * (0.7 + 0.6 * next(chance)), next(chance), 1 / turns) for turns in (1, 2.3, 5.1)]
        whole = sum(share for _, _, share in waves)
        edge = []
        for x in range(0, width + 16, 16):
            swing = sum(share * math.sin(2 * math.pi * (turns * x / width + phase)) for turns, phase, share in waves)
            edge.append((x, height * (foot - rise * swing / whole)))
        mask = Image.new("L", (width, height), 0)
        ImageDraw.Draw(mask).polygon([*edge, (width + 16, height), (0, height)], fill=255)
        return mask.reduce(_SMOOTHING)

    def sun_box(self, progress: float) -> Box:
        """Return where the sun is; progress goes from 0 to 1 in the course of the clip."""
        width, height = self._size
        side = self.sun.width
        left = even(width * 0.06 + (width * 0.88 - side) * progress)
        arc = 4 * progress * (1 - progress)
        top = even(height * (HORIZON - 0.06) - side - (height * (HORIZON - 0.1) - side) * arc)
        return left, max(0, top), left + side, max(0, top) + side

    def sun_mask(self, box: Box) -> Image.Image:
        """Return the sun's mask where it is: it goes behind the hills."""
        return ImageChops.multiply(self.glow, self._clear.crop(box))


def _sky(size: tuple[int, int], colours: Palette) -> Image.Image:
    gradient = Image.linear_gradient("L").resize(size)
    return ImageOps.colorize(
        gradient, black=colours.top, mid=colours.middle, white=colours.horizon, midpoint=85, whitepoint=160
    )


def _glow(side: int) -> Image.Image:
    """Return a disc in a glow that fades out towards the sides."""
    corner = math.sqrt(2)
    distance = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC)
    return distance.point([_shine(level / 255 * corner) for level in range(256)])


def _shine(distance: float) -> int:
    """Return how much counts at a distance from the middle of the sun, 1 being the sides of its square."""
    edge = 1 - (distance - _DISC) / 0.02
    glow = 0.4 * max(0.0, (1 - distance) / (1 - _DISC)) ** 2
    return round(255 * min(1.0, max(edge, glow)))
