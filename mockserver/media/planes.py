"""Pictures as encoders want them: one plane of luma and two of chroma at half size. All drawing per frame is done here.

Whatever is laid over a picture may be laid over its planes instead: both are the same weighted sums. That saves
converting anything while frames are drawn.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from PIL import Image

#: Left, top, right and bottom in pixels; all even, so that chroma has whole pixels.
Box = tuple[int, int, int, int]

_BLACK, _LUMA, _CHROMA, _GREY = 16, 219 / 255, 224 / 255, 128


def _matrix(red: float, blue: float) -> tuple[float, ...]:
    green = 1 - red - blue
    u, v = 0.5 / (1 - blue), 0.5 / (1 - red)
    luma = (red * _LUMA, green * _LUMA, blue * _LUMA, _BLACK)
    cb = (-u * red * _CHROMA, -u * green * _CHROMA, 0.5 * _CHROMA, _GREY)
    cr = (0.5 * _CHROMA, -v * green * _CHROMA, -v * blue * _CHROMA, _GREY)
    return (*luma, *cb, *cr)


#: From RGB to luma and chroma of limited range. Source: ITU-R BT.601 and BT.709 (stated).
MATRICES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"bt601": _matrix(0.299, 0.114), "bt709": _matrix(0.2126, 0.0722)}
)


class Planes(NamedTuple):
    """Luma of a picture, and its two chroma planes at half the width and height."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @classmethod
    def of(cls, picture: Image.Image, matrix: str) -> "Planes":
        """Return the planes of an RGB picture; `matrix` names one of `MATRICES`."""
        y, u, v = picture.convert("RGB", MATRICES[matrix]).split()
        return cls(y, u.reduce(2), v.reduce(2))

    def crop(self, box: Box) -> "Planes":
        """Return a copy of a part."""
        half = _half(box)
        return Planes(self.y.crop(box), self.u.crop(half), self.v.crop(half))

    def lay(self, planes: "Planes", at: tuple[int, int], mask: "Mask") -> None:
        """Lay another picture over this one where a mask is white, its corner at even coordinates."""
        half = (at[0] // 2, at[1] // 2)
        self.y.paste(planes.y, at, mask.full)
        self.u.paste(planes.u, half, mask.half)
        self.v.paste(planes.v, half, mask.half)

    def blend(self, other: "Planes", weight: float) -> "Planes":
        """Return a mixture: 0 is this picture, 1 the other one."""
        y, u, v = (Image.blend(mine, theirs, weight) for mine, theirs in zip(self, other, strict=True))
        return Planes(y, u, v)


class Mask(NamedTuple):
    """How much each pixel counts, 0 to 255, at full and at half size."""

    full: Image.Image
    half: Image.Image

    @classmethod
    def of(cls, full: Image.Image) -> "Mask":
        """Return the mask of a grey picture."""
        return cls(full, full.reduce(2))


def plain(width_px: int, height_px: int, colour: tuple[int, int, int], matrix: str) -> Planes:
    """Return the planes of one colour; both sides are even."""
    return Planes.of(Image.new("RGB", (width_px, height_px), colour), matrix)


def even(length_px: float) -> int:
    """Return the even number next to a length."""
    return 2 * round(length_px / 2)


def _half(box: Box) -> Box:
    left, top, right, bottom = box
    return left // 2, top // 2, right // 2, bottom // 2
