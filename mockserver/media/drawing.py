"""What is to be seen in each frame of a clip, told as what changes from one frame to the next.

Without pictures the sun crosses a landscape. With them the first and the last frame show them alone, free of any
label; the seconds between hold each for a while and blend one into the other in the middle. Where only one end has a
picture the landscape takes the other.
"""

import io
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from PIL import Image, ImageOps

from mockserver.media.label import INK, Label
from mockserver.media.orders import FIRST, LAST, Order
from mockserver.media.planes import Box, Mask, Planes, even, plain
from mockserver.media.scenery import Scenery

#: How long the blending lasts at most, in seconds, and as a share of a short clip.
FADE_S, FADE_SHARE = 2.0, 0.5
#: A decoded picture is made no larger than this many times the frame before it is fitted; smaller costs less.
_DRAFT = 2


class Patch(NamedTuple):
    """A part of the frame that changes.

    Attributes:
        left, top: where it lies, in even pixels.
        planes: what is seen there now.
    """

    left: int
    top: int
    planes: Planes


def draw(order: Order, pictures: Mapping[str, bytes], matrix: str) -> Iterator[list[Patch]]:
    """Yield for each frame what changes in it; the first changes everything.

    Args:
        order: what is drawn.
        pictures: files of the pictures that it names, by digest.
        matrix: one of `MATRICES`.
    """
    artist = _Artist(order, matrix)
    if not order.pictures:
        return artist.landscape()
    return artist.transition(*(_fitted(order, pictures, frame) for frame in (FIRST, LAST)))


def fit_picture(content: bytes, width_px: int, height_px: int, fit: str) -> Image.Image:
    """Return a picture file as it fills a frame, upright and without transparency.

    Args:
        content: the file.
        width_px: width of the frame.
        height_px: its height.
        fit: "cover" cuts off what sticks out, "contain" leaves bars; both keep the middle in the middle.
    """
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft("RGB", (width_px * _DRAFT, height_px * _DRAFT))
        upright = _in_colour(ImageOps.exif_transpose(picture))
    size, method = (width_px, height_px), Image.Resampling.LANCZOS
    if fit == "contain":
        return ImageOps.pad(upright, size, method)
    return ImageOps.fit(upright, size, method)


def _in_colour(picture: Image.Image) -> Image.Image:
    """Return a picture in RGB: what is see-through lies on black, and of 16 bits the upper 8 count."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "black"), layer).convert("RGB")
    return picture.convert("RGB")


def _fitted(order: Order, pictures: Mapping[str, bytes], frame: int) -> Image.Image | None:
    digest = order.picture_at(frame)
    return fit_picture(pictures[digest], order.width_px, order.height_px, order.fit) if digest else None


class _Artist:
    def __init__(self, order: Order, matrix: str) -> None:
        self._order, self._matrix = order, matrix
        self._size = (order.width_px, order.height_px)
        self._label = Label(order)
        self._panel, self._cover = Planes.of(self._label.panel, matrix), Mask.of(self._label.cover)
        left, top, right, bottom = self._label.clock_box
        self._ink = plain(right - left, bottom - top, INK, matrix)
        left, top, right, bottom = self._label.bar_box
        self._accent = plain(right - left, bottom - top, self._label.accent, matrix)

    def landscape(self) -> Iterator[list[Patch]]:
        scenery = Scenery(self._order.seed, *self._size)
        sun = Planes.of(scenery.sun, self._matrix)
        empty = Planes.of(scenery.picture, self._matrix)
        labelled = self._labelled(empty)
        before: Box | None = None
        for frame in range(self._order.frames):
            box = scenery.sun_box(self._progress(frame))
            changed = [_whole(labelled)] if before is None else [_patch(labelled, before)]
            part = labelled.crop(box)
            part.lay(sun, (0, 0), Mask.of(scenery.sun_mask(box)))
            yield [*changed, Patch(box[0], box[1], part), *self._played(labelled, frame)]
            before = box

    def transition(self, first: Image.Image | None, last: Image.Image | None) -> Iterator[list[Patch]]:
        ends = [self._end(picture, place) for picture, place in ((first, 0.0), (last, 1.0))]
        begin, end = (self._labelled(planes) for planes in ends)
        count = self._order.frames
        held: float | None = None
        for frame in range(count):
            is_bare = (frame == 0 and first is not None) or (frame == count - 1 and last is not None)
            if is_bare:
                held = None
                yield [_whole(ends[0 if frame == 0 and first is not None else 1])]
                continue
            weight = self._weight(frame)
            if weight != held:
                now = begin if weight <= 0 else end if weight >= 1 else begin.blend(end, weight)
            yield [*([_whole(now)] if weight != held else []), *self._played(now, frame)]
            held = weight

    def _end(self, picture: Image.Image | None, progress: float) -> Planes:
        if picture is not None:
            return Planes.of(picture, self._matrix)
        scenery = Scenery(self._order.seed, *self._size)
        box = scenery.sun_box(progress)
        scenery.picture.paste(scenery.sun, box, scenery.sun_mask(box))
        return Planes.of(scenery.picture, self._matrix)

    def _labelled(self, planes: Planes) -> Planes:
        copy = planes.crop((0, 0, *self._size))
        copy.lay(self._panel, self._label.box[:2], self._cover)
        return copy

    def _played(self, backdrop: Planes, frame: int) -> list[Patch]:
        """Return the clock and the bar as they are in a frame."""
        box = self._label.clock_box
        clock = backdrop.crop(box)
        clock.lay(self._ink, (0, 0), Mask.of(self._label.clock(frame)))
        left, top, right, bottom = self._label.bar_box
        end = left + max(2, even((right - left) * self._progress(frame)))
        return [Patch(box[0], box[1], clock), Patch(left, top, self._accent.crop((0, 0, end - left, bottom - top)))]

    def _progress(self, frame: int) -> float:
        return frame / max(1, self._order.frames - 1)

    def _weight(self, frame: int) -> float:
        """Return how far the blending is, 0 before it and 1 after it, slow at both ends."""
        duration_s = self._order.frames / self._order.fps
        fade_s = min(FADE_S, duration_s * FADE_SHARE)
        part = min(1.0, max(0.0, (frame / self._order.fps - (duration_s - fade_s) / 2) / fade_s))
        return part * part * (3 - 2 * part)


def _whole(planes: Planes) -> Patch:
    return Patch(0, 0, planes)


def _patch(planes: Planes, box: Box) -> Patch:
    return Patch(box[0], box[1], planes.crop(box))
