"""Pictures: which are taken, which refused and why, what becomes of them, and what looking at them costs."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from contracts import pictures as little
from mockserver.media.pictures import BadPicture, Picture, check, develop, draw_placeholder, store
from mockserver.spec.load import load_spec
from mockserver.spec.pictures import FORMATS
from tests.support.hostile import FRAMES, GOOD, PHOTOS, UPLOADS, saved, scene, transparent, turned

RULES = load_spec().all_models[0].pictures
UPLOAD_RULES = load_spec().tasks["imageUpload"].pictures
MOST_BYTES = 200 * 1024 * 1024
PATIENCE_S = 600


def opened(content: bytes) -> Image.Image:
    """Return a file as a renderer sees it."""
    image = Image.open(BytesIO(content), formats=("PNG", "JPEG", "WEBP"))
    image.load()
    return image.convert("RGB")


def corners(image: Image.Image) -> list[str]:
    """Name the colours of the four corners, row by row."""
    width, height = image.size
    names = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
    found = []
    for place in ((3, 3), (width - 4, 3), (3, height - 4), (width - 4, height - 4)):
        pixel = image.getpixel(place)
        assert isinstance(pixel, tuple)
        found.append(min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True))))
    return found


AS_DRAWN = ["red", "green", "blue", "white"]


def test_every_odd_or_hostile_picture_becomes_what_is_written_of_it_and_none_costs_much() -> None:
    """Each is looked at in a process of its own: the outcome is the table's, and the memory stays within bounds."""
    command = [sys.executable, "-W", "error", "-m", "tests.support.weighing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {name: outcome for way, name, outcome, *_ in rows if way == "frame"} == {
        name: outcome for name, (outcome, _) in FRAMES.items()
    }
    assert {name: outcome for way, name, outcome, *_ in rows if way == "upload"} == {
        **{name: UPLOADS.get(name, GOOD) for name in FRAMES},
        **{name: outcome for name, (outcome, _) in PHOTOS.items()},
    }
    assert {name: size_bytes for _, name, _, size_bytes, _ in rows if size_bytes > MOST_BYTES} == {}
    assert len(FRAMES) + len(PHOTOS) > 75


@pytest.mark.parametrize("name", little.GOOD)
def test_the_little_pictures_of_the_kit_are_good(name: str) -> None:
    """What the kit sends is taken, also where sides and ratio are at their limits."""
    media_type, content = little.GOOD[name]
    assert opened(develop(content, media_type, RULES).content).size == opened(content).size


@pytest.mark.parametrize("name", little.BAD)
def test_the_bad_little_pictures_of_the_kit_are_refused(name: str) -> None:
    """Each is refused for its reason, one pixel beyond a limit."""
    code, content = little.BAD[name]
    with pytest.raises(BadPicture) as caught:
        develop(content, "", RULES)
    assert caught.value.code == code
    assert caught.value.why.endswith(".")


def test_a_refusal_says_what_was_expected_and_what_came() -> None:
    """The sentence and the facts of the error name the limits."""
    with pytest.raises(BadPicture) as caught:
        develop(little.png(1366, 200), "", RULES)
    assert caught.value.why == "Expected 300 to 2048 pixels, got 200."
    assert caught.value.facts == {"min": 300, "max": 2048}
    with pytest.raises(BadPicture) as caught:
        develop(little.png(1366, 500), "", RULES)
    assert caught.value.why == "Expected 0.4 to 2.5 times as wide as high, got 2.732 times."


@pytest.mark.parametrize(
    ("declared", "content", "outcome"),
    [
        ("image/png", little.png(300, 300), GOOD),
        ("IMAGE/PNG", little.png(300, 300), GOOD),
        ("image/jpg", little.JPEG, GOOD),
        ("image/jpeg", little.JPEG, GOOD),
        ("image/webp", little.WEBP, GOOD),
        ("", little.WEBP, GOOD),
        ("image/png", little.JPEG, "The picture is declared as image/png, but is image/jpeg."),
        ("image/webp", little.png(300, 300), "The picture is declared as image/webp, but is image/png."),
        ("image/gif", saved(scene(), "GIF"), "The picture is GIF. Send PNG, JPEG or WEBP."),
        ("", b"<svg/>", "The bytes are no picture. Send PNG, JPEG or WEBP."),
    ],
)
def test_the_declared_type_is_the_real_one(declared: str, content: bytes, outcome: str) -> None:
    """A picture that is not what it is called is refused, whatever it is."""
    if outcome == GOOD:
        assert develop(content, declared, RULES).content
        return
    with pytest.raises(BadPicture) as caught:
        develop(content, declared, RULES)
    assert (caught.value.code, caught.value.why) == ("invalidImage", outcome)


#: Where the corners of a picture come to lie when it is turned as EXIF says, and whether it lies on its side.
TURNS = {
    1: (["red", "green", "blue", "white"], False),
    2: (["green", "red", "white", "blue"], False),
    3: (["white", "blue", "green", "red"], False),
    4: (["blue", "white", "red", "green"], False),
    5: (["red", "blue", "green", "white"], True),
    6: (["blue", "red", "white", "green"], True),
    7: (["white", "green", "blue", "red"], True),
    8: (["green", "white", "red", "blue"], True),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("turn", TURNS)
def test_a_picture_is_turned_upright(turn: int, kind: str) -> None:
    """Phones store pictures as the sensor lies and say how to turn them; what is drawn is upright."""
    expected, is_on_its_side = TURNS[turn]
    picture = develop(turned(turn, kind), "", RULES)
    image = opened(picture.content)
    assert corners(image) == expected
    assert image.size == (picture.width, picture.height) == ((320, 480) if is_on_its_side else (480, 320))


@pytest.mark.parametrize(
    "name",
    [
        *("a PNG", "a JPEG", "a WEBP", "a WEBP without loss", "a PNG with a palette", "a JPEG for print"),
        *("a progressive JPEG", "a JPEG with a second picture", "an animated PNG", "an animated WEBP"),
        *("a PNG with something behind it", "a JPEG with broken EXIF data", "a PNG without an end"),
    ],
)
def test_a_picture_keeps_its_colours(name: str) -> None:
    """Palettes and inks become plain colours; of an animation the first picture counts."""
    assert corners(opened(develop(FRAMES[name][1](), "", RULES).content)) == AS_DRAWN


@pytest.mark.parametrize("name", ["a grey PNG of 16 bits", "a coloured PNG of 16 bits", "a transparent PNG of 16 bits"])
def test_sixteen_bits_become_eight(name: str) -> None:
    """The brightness stays; it is not cut off at white."""
    image = opened(develop(FRAMES[name][1](), "", RULES).content)
    expected = 0x81 if "transparent" not in name else 0x81 * 0x81 / 255 + 255 - 0x81
    assert image.getpixel((100, 100)) == pytest.approx((expected,) * 3, abs=3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_white_shines_through_a_transparent_picture(kind: str) -> None:
    """What is not there is white, not what a program left behind it."""
    image = opened(develop(transparent(kind), "", RULES).content)
    assert image.getpixel((240, 1)) == pytest.approx((255, 255, 255), abs=4)
    assert image.getpixel((3, 316)) == pytest.approx((0, 0, 255), abs=12)


def test_a_plain_picture_is_kept_as_it_came_and_any_other_small() -> None:
    """What can be drawn as it is loses nothing; the rest is put into plain form, and is no larger than need be."""
    plain = saved(scene(), "PNG")
    assert develop(plain, "", RULES) == Picture(plain, "PNG", 480, 320)
    padded = plain + bytes(5_000_000)
    kept = develop(padded, "", RULES)
    assert (kept.format, kept.width, kept.height) == ("PNG", 480, 320)
    assert len(kept.content) < 100_000
    wide = develop(saved(scene(4000, 2000), "JPEG"), "", UPLOAD_RULES)
    assert (wide.width, wide.height, opened(wide.content).size) == (4000, 2000, (2048, 1024))


def test_an_upload_is_stored_as_it_came_unless_it_is_too_large() -> None:
    """Up to 2048 pixels a side nothing is changed, not even the format; a larger picture is made smaller."""
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF"):
        content = saved(scene(), kind)
        assert store(content, "", UPLOAD_RULES) == (content, f"image/{kind.lower()}")
    stored = store(turned(6, size=(3000, 1500)), "", UPLOAD_RULES)
    assert stored.media_type == "image/jpeg"
    assert opened(stored.content).size == (1024, 2048)
    assert corners(opened(stored.content)) == TURNS[6][0]


def test_a_picture_that_was_seen_before_is_held_against_the_rules_of_now() -> None:
    """One picture may be good for one model and not for another; it is not decoded again to know."""
    picture = develop(saved(scene(), "PNG"), "", RULES)
    check(picture, 1000, "image/png", RULES)
    for rules, declared, size_bytes, code in (
        (replace(RULES, least_side=400), "", 1000, "invalidFrameImageHeight"),
        (replace(RULES, most_ratio=1.2), "", 1000, "invalidFrameImageRatio"),
        (replace(RULES, formats=("JPEG",)), "", 1000, "invalidImage"),
        (RULES, "image/jpeg", 1000, "invalidImage"),
        (RULES, "", 30_000_000, "valueTooLarge"),
    ):
        with pytest.raises(BadPicture) as caught:
            check(picture, size_bytes, declared, rules)
        assert caught.value.code == code


def test_a_placeholder_shows_the_address_and_hides_its_secrets() -> None:
    """Two addresses look different, two queries of one address alike."""
    note = "not allowed: --allow-outbound example.com would open it"
    drawn = [
        draw_placeholder(address, note)
        for address in (
            "https://example.com/a.png?token=1",
            "https://example.com/a.png?token=2",
            "https://example.com/b.png",
        )
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] is not None
    assert opened(drawn[0].content).size == (drawn[0].width, drawn[0].height) == (1366, 768)


SMALL = [make() for _, make in FRAMES.values() if len(make()) < 20_000]


@settings(max_examples=300)
@given(st.sampled_from(SMALL), st.lists(st.tuples(st.integers(0, 19_999), st.integers(0, 255)), max_size=12), st.data())
def test_no_bytes_whatever_do_more_than_be_refused(
    content: bytes, changes: list[tuple[int, int]], data: st.DataObject
) -> None:
    """However a file is damaged, it is taken or refused with a reason."""
    damaged = bytearray(content)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    end = data.draw(st.integers(1, len(damaged)))
    for rules in (RULES, replace(RULES, formats=FORMATS, least_side=1)):
        with suppress(BadPicture):
            develop(bytes(damaged[:end]), "", rules)


WITHOUT_PILLOW = """
import sys
sys.modules["PIL"] = None
from contracts.pictures import GOOD, BAD
from mockserver.media.pictures import BadPicture, can_decode, check, develop, draw_placeholder, store
from mockserver.spec.load import load_spec
rules = load_spec().all_models[0].pictures
assert not can_decode()
for media_type, content in GOOD.values():
    picture = develop(content, media_type, rules)
    assert (picture.content, picture.width) == (content, 0)
    assert store(content, media_type, rules) == (content, media_type)
    check(picture, len(content), media_type, rules)
refused = []
for name, (code, content) in BAD.items():
    try:
        develop(content, "", rules)
    except BadPicture as problem:
        refused.append(name)
assert refused == ["a text"], refused
assert draw_placeholder("http://a/b", "c") is None
"""


def test_without_pillow_the_first_bytes_and_the_length_are_looked_at() -> None:
    """The mock works without the extra `media`; it then knows less of pictures."""
    subprocess.run([sys.executable, "-c", WITHOUT_PILLOW], check=True)
