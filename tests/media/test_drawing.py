"""What is seen in each frame: the landscape of a seed, the pictures of a task, and the label."""

from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest
from PIL import Image, ImageChops, ImageOps

from mockserver.media.drawing import FADE_S, draw, fit_picture
from mockserver.media.orders import FIRST, LAST, Order
from mockserver.media.planes import MATRICES, Planes
from tests.support.clips import order, png

SIZE = {"width_px": 256, "height_px": 144}
RED, BLUE = (200, 40, 40), (40, 40, 200)


PICTURES = {"red": png(Image.new("RGB", (300, 300), RED)), "blue": png(Image.new("RGB", (300, 300), BLUE))}
PLACED = ((FIRST, "red"), (LAST, "blue"))


def films(wanted: Order, pictures: Mapping[str, bytes] | None = None) -> list[Planes]:
    """Return every frame, put together from what changes."""
    frames: list[Planes] = []
    for patches in draw(wanted, pictures or {}, "bt709"):
        if not frames:
            assert patches[0].planes.y.size == (wanted.width_px, wanted.height_px)
        now = Planes(*(plane.copy() for plane in (frames[-1] if frames else patches[0].planes)))
        for patch in patches:
            assert patch.left % 2 == patch.top % 2 == 0
            assert patch.left + patch.planes.y.width <= wanted.width_px
            assert patch.top + patch.planes.y.height <= wanted.height_px
            for plane, part, scale in zip(now, patch.planes, (1, 2, 2), strict=True):
                plane.paste(part, (patch.left // scale, patch.top // scale))
        frames.append(now)
    return frames


def differs(one: Planes, other: Planes, box: tuple[float, float, float, float] = (0, 0, 1, 1)) -> int:
    """Return the largest difference of luma in a part of the frame, given in shares of its sides."""
    width, height = one.y.size
    part = (int(box[0] * width), int(box[1] * height), int(box[2] * width), int(box[3] * height))
    return max(ImageChops.difference(one.y.crop(part), other.y.crop(part)).tobytes())


LABEL, SKY = (0, 0.5, 1, 1), (0, 0, 1, 0.4)


def test_the_picture_moves_in_every_frame() -> None:
    """No frame is like the one before: the sun goes its way, and the clock counts."""
    frames = films(order(**SIZE, duration_s=1.0))
    assert len(frames) == 25
    for before, after in pairwise(frames):
        assert differs(before, after, SKY) > 20
        assert differs(before, after, LABEL) > 20


def test_the_sun_leaves_nothing_behind() -> None:
    """Where it has been the sky is what it was."""
    frames = films(order(**SIZE, duration_s=2.0))
    left = (0, 0, 0.3, 0.5)
    assert differs(frames[0], frames[-1], left) > 20
    assert differs(frames[-2], frames[-1], left) == 0


@pytest.mark.parametrize("pictures", [(), PLACED, PLACED[:1]], ids=["landscape", "both", "first"])
def test_results_of_one_task_differ_by_their_seeds(pictures: tuple[tuple[int, str], ...]) -> None:
    """Two seeds can be told apart at a glance, whatever pictures they share."""
    one, other = (films(order(**SIZE, duration_s=0.4, seed=seed, pictures=pictures), PICTURES) for seed in (1, 2))
    assert differs(one[5], other[5]) > 60


@pytest.mark.parametrize(
    "differing",
    [
        {"prompt": "a storm"},
        {"model": "minimax:4@1"},
        {"task_uuid": "a4cd5dff-cb81-4db5-8506-b72a9425f9d1"},
        {"number": 2, "results": 2},
        {"is_optimized": True},
        {"quality": 20},
    ],
    ids=str,
)
def test_what_a_person_looks_for_stands_in_the_picture(differing: dict[str, object]) -> None:
    """Whatever tells one request from another is written on the clip."""
    one, other = (films(order(**SIZE, duration_s=0.04, **members)) for members in ({}, differing))
    assert differs(one[0], other[0]) > 60


def test_the_first_and_the_last_frame_are_the_pictures_alone() -> None:
    """No label, clock or sun is on them; the frames between have them all."""
    frames = films(order(**SIZE, pictures=PLACED), PICTURES)
    for frame, colour in ((frames[0], RED), (frames[-1], BLUE)):
        assert frame == Planes.of(Image.new("RGB", (256, 144), colour), "bt709")
    for frame in frames[1:-1]:
        assert differs(frame, frames[0], LABEL) > 60


def test_one_picture_becomes_the_other_in_the_middle() -> None:
    """Each is held for a while; between them the mixture only ever goes one way."""
    frames = films(order(**SIZE, pictures=PLACED), PICTURES)
    levels = [frame.u.tobytes()[0] for frame in frames]
    fade = int(FADE_S * 25)
    hold = (150 - fade) // 2
    assert len(set(levels[:hold])) == len(set(levels[-hold:])) == 1
    assert levels == sorted(levels, reverse=levels[0] > levels[-1])
    assert len(set(levels)) > 20


@pytest.mark.parametrize(("place", "bare"), [(FIRST, 0), (LAST, -1)])
def test_a_single_picture_shares_the_clip_with_the_landscape(place: int, bare: int) -> None:
    """The other end shows the landscape of the seed, and its label."""
    frames = films(order(**SIZE, pictures=((place, "red"),)), PICTURES)
    landscape = films(order(**SIZE))
    other = -1 - bare
    assert frames[bare] == Planes.of(Image.new("RGB", (256, 144), RED), "bt709")
    assert differs(frames[other], landscape[other]) <= 2


def test_a_clip_of_one_frame_is_drawn() -> None:
    """Even the shortest clip has a picture."""
    assert len(films(order(**SIZE, duration_s=0.01))) == 1
    [only] = films(order(**SIZE, duration_s=0.01, pictures=PLACED), PICTURES)
    assert differs(only, Planes.of(Image.new("RGB", (256, 144), RED), "bt709")) == 0


@pytest.mark.parametrize("matrix", MATRICES)
def test_colours_are_within_what_videos_may_hold(matrix: str) -> None:
    """Black, white and grey are where the standard has them, and every colour stays in range."""
    for colour, levels in (((0, 0, 0), (16, 128, 128)), ((255,) * 3, (235, 128, 128)), ((255, 0, 0), None)):
        planes = Planes.of(Image.new("RGB", (2, 2), colour), matrix)
        found = tuple(plane.tobytes()[0] for plane in planes)
        assert levels is None or found == levels
        assert all(16 <= level <= 240 for level in found)


def gradient(width_px: int, height_px: int) -> Image.Image:
    """Return a picture whose left edge is black and whose right edge is white."""
    return Image.linear_gradient("L").rotate(90).resize((width_px, height_px)).convert("RGB")


def test_cover_fills_the_frame_and_cuts_off_evenly() -> None:
    """Of a picture that is too wide both sides are cut; its middle stays in the middle."""
    fitted = fit_picture(png(gradient(400, 100)), 100, 100, "cover")
    wanted = gradient(400, 100).crop((150, 0, 250, 100))
    assert fitted.size == (100, 100)
    assert max(ImageChops.difference(fitted, wanted).tobytes()) <= 3


def test_contain_shows_all_of_a_picture_between_bars() -> None:
    """A picture that is too wide has bars above and below it."""
    fitted = fit_picture(png(Image.new("RGB", (400, 100), RED)), 100, 100, "contain")
    assert (fitted.size, fitted.getbbox()) == ((100, 100), (0, 38, 100, 63))


def upper_left(picture: Image.Image) -> Image.Image:
    """Return a picture that is white in its upper left quarter, and black elsewhere."""
    picture.paste("white", (0, 0, picture.width // 2, picture.height // 2))
    return picture


def _deep() -> Image.Image:
    return Image.new("I;16", (64, 64), 40_000)


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3
    return png(upper_left(Image.new("RGB", (64, 64))).rotate(180), "JPEG", quality=95, exif=exif)


@pytest.mark.parametrize(
    ("content", "place", "colour"),
    [
        (lambda: png(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG", quality=95), (30, 30), (255, 0, 0)),
        (lambda: png(_deep()), (30, 30), (155, 155, 155)),
        (lambda: png(Image.new("L", (64, 64), 99)), (30, 30), (99, 99, 99)),
        (lambda: png(Image.new("RGBA", (64, 64), (250, 0, 0, 0))), (30, 30), (0, 0, 0)),
        (lambda: png(ImageOps.posterize(Image.new("RGB", (64, 64), RED), 8).quantize(4)), (30, 30), RED),
        (lambda: png(Image.new("RGB", (64, 64), RED), "WEBP", lossless=True), (30, 30), RED),
        (_turned, (8, 8), (255, 255, 255)),
        (_turned, (56, 56), (0, 0, 0)),
    ],
    ids=["CMYK", "16 bits", "grey", "see-through", "palette", "WEBP", "turned", "turned, other corner"],
)
def test_pictures_of_all_kinds_are_shown_as_they_are_meant(
    content: Callable[[], bytes], place: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Print colours, deep colours, transparency, palettes and cameras held upside down end as plain RGB."""
    fitted = fit_picture(content(), 64, 64, "cover")
    found = fitted.getpixel(place)
    assert isinstance(found, tuple)
    assert fitted.mode == "RGB"
    assert all(abs(mine - wanted) <= 6 for mine, wanted in zip(found, colour, strict=True))
