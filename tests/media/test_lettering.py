"""Texts in any script: legible, measured and wrapped; and the label that they make up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mockserver.media.label import Label
from mockserver.media.lettering import FOLDER, FONTS, Letters, legible
from tests.support.clips import order

LETTERS = Letters(16)


@pytest.mark.parametrize(
    "text",
    [
        "a lighthouse",
        "über den Straßen, “zitiert” – 3 × 4…",
        "маяк φάρος",
        "منارة מגדלור",
        "灯台と夕暮れ 黄昏的灯塔",
        "등대 ประภาคาร प्रकाश",
    ],
)
def test_prompts_in_any_script_are_drawn_as_they_are(text: str) -> None:
    """No character becomes an empty box: the shipped fonts have them all."""
    assert legible(text) == text
    picture = Image.new("L", (600, 40))
    LETTERS.write(ImageDraw.Draw(picture), (4, 28), text, 255)
    box = picture.getbbox()
    assert box
    assert box[2] - box[0] == pytest.approx(LETTERS.width(text), abs=6)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  one\ttwo\r\n\n three  ", "one two three"),
        ("a\x00b\x07c\x9fd", "a b c d"),
        ("the sea 🌊", "the sea [U+1F30A]"),
        ("", ""),
    ],
)
def test_what_cannot_be_drawn_is_told_in_signs_that_can(text: str, shown: str) -> None:
    """White space and control characters are spaces; what no font has is its code point."""
    assert legible(text) == shown


@given(text=st.text(max_size=300), width_px=st.integers(20, 400))
def test_lines_are_never_too_wide_and_nothing_is_lost(text: str, width_px: int) -> None:
    """Whatever a prompt holds, its lines fit and hold all of it but the spaces at which they break."""
    shown = legible(text)
    lines = LETTERS.wrap(shown, width_px)
    assert all(LETTERS.width(line) <= width_px + 2 or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_lines_break_at_spaces_and_between_chinese_characters() -> None:
    """Words stay whole where they fit; a script without spaces breaks anywhere; what is too long is cut."""
    assert LETTERS.wrap("one two three", LETTERS.width("one two t")) == ["one two", "three"]
    assert LETTERS.wrap("灯台夕暮", LETTERS.width("灯台夕")) == ["灯台夕", "暮"]
    long = LETTERS.wrap("a " + "x" * 50, LETTERS.width("x" * 20))
    assert [len(line) for line in long] == [1, 20, 20, 10]


def test_a_text_that_does_not_fit_ends_in_an_ellipsis() -> None:
    """As much as possible is left of it."""
    cut = LETTERS.cut("one two three", LETTERS.width("one two th"))
    assert cut == "one two…"
    assert LETTERS.cut("one", 0) == "…"


def test_every_font_comes_with_its_licence() -> None:
    """What ships is allowed to."""
    for name in FONTS:
        assert (FOLDER / name).is_file()
        assert (FOLDER / f"LICENSE-{name.partition('.')[0]}.txt").is_file()


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (512, 512), (768, 1366), (64, 48)])
@pytest.mark.parametrize("prompt", ["", "a lighthouse", "a lighthouse at dusk, " * 90, "灯" * 2000])
def test_the_label_stays_in_the_picture_and_below_the_sun(size: tuple[int, int], prompt: str) -> None:
    """Panel, clock and bar lie inside each other, at even places, in every size and for every prompt."""
    width, height = size
    label = Label(order(width_px=width, height_px=height, prompt=prompt[:2000], is_optimized=True))
    left, top, right, bottom = label.box
    for box in (label.box, label.clock_box, label.bar_box):
        assert all(side % 2 == 0 for side in box)
        if min(size) >= 512:
            assert left <= box[0] < box[2] <= right
            assert top <= box[1] < box[3] <= bottom
    if min(size) >= 512:
        assert 0 < left < right < width
        assert height / 2 <= top < bottom < height


def test_everything_that_tells_requests_apart_is_written() -> None:
    """A person sees which request made a clip, which result it is, and what kind of file."""
    wanted = order(prompt="a lighthouse at dusk, " * 10, number=2, results=3, is_optimized=True, seed=77)
    assert Label(wanted).written == [
        "minimax:3@1",
        wanted.task_uuid,
        "result 2 of 3   seed 77",
        *Label(wanted).written[3:-3],
        "1366 × 768, 6 s",
        "MP4, quality 95",
        "prompt optimizer on",
    ]
    assert " ".join(Label(wanted).written[3:-3]) == wanted.prompt.strip()
    assert "(no prompt)" in Label(order(prompt="")).written
    assert "prompt optimizer on" not in Label(order()).written


def test_a_prompt_that_is_too_long_is_cut_with_an_ellipsis() -> None:
    """As much of it as the panel has room for is written in the smallest letters."""
    written = Label(order(prompt="灯台" * 1000, width_px=512, height_px=512)).written
    assert sum(line.count("灯") for line in written) > 200
    assert any(line.endswith("…") for line in written)


def test_the_clock_tells_time_and_frame() -> None:
    """Each frame has a clock of its own, and a frame's time is when it begins."""
    label = Label(order())
    clocks = {label.clock(frame).tobytes() for frame in range(0, 150, 10)}
    assert len(clocks) == 15
