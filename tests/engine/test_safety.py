"""Which frames are looked at, and what is found in them."""

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.safety import checked_frames, is_flagged, mode_of, unsafe_frames

frame_counts = st.integers(1, 300)


@pytest.mark.parametrize(
    ("params", "mode"),
    [
        ({}, "none"),
        ({"safety": {}}, "none"),
        ({"safety": {"checkContent": False}}, "none"),
        ({"safety": {"checkContent": True}}, "fast"),
        ({"safety": {"mode": "none"}}, "none"),
        ({"safety": {"mode": "fast"}}, "fast"),
        ({"safety": {"mode": "full"}}, "full"),
        ({"safety": {"checkContent": True, "mode": "none"}}, "none"),
        ({"safety": {"checkContent": True, "mode": "full"}}, "full"),
        ({"safety": {"checkContent": False, "mode": "fast"}}, "fast"),
        ({"safety": {"checkContent": False, "mode": "full"}}, "full"),
    ],
    ids=str,
)
def test_the_mode_decides_before_check_content(params: dict[str, Any], mode: str) -> None:
    """The switch checkContent counts only where there is no mode, and means the fast one."""
    assert mode_of(params) == mode


@pytest.mark.parametrize(
    ("mode", "frames", "checked"),
    [
        ("none", 150, []),
        ("fast", 150, [0, 75, 149]),
        ("fast", 250, [0, 125, 249]),
        ("fast", 5, [0, 2, 4]),
        ("fast", 3, [0, 1, 2]),
        ("fast", 2, [0, 1]),
        ("fast", 1, [0]),
        ("full", 1, [0]),
        ("full", 4, [0, 1, 2, 3]),
        ("full", 150, range(150)),
    ],
)
def test_a_mode_says_which_frames_are_looked_at(mode: str, frames: int, checked: Collection[int]) -> None:
    """None; the first, the middle and the last; or all."""
    assert list(checked_frames(mode, frames)) == list(checked)


@pytest.mark.parametrize(
    ("prompt", "unsafe"),
    [
        ("a lighthouse", []),
        ("nsfw", []),
        ("[[NSFW]] [[nsfw-]] [[nsfw frame=]] [[nsfw frame=-1]] [[nsfw frames=3]] [[nsfwframe=3]]", []),
        ("[[nsfw]]", range(6)),
        ("[[nsfw frame=1 frames=2]] [[nsfw frame=x]] [[nsfw frame=1234567]] [[nsfw ]]", []),
        ("[[nsfw frame=4]]", [4]),
        ("[[nsfw frame=4]] [[nsfw  frame=0]]", [0, 4]),
        ("[[nsfw frame=4]] [[nsfw]]", range(6)),
        ("[[nsfw frame=99]]", [99]),
    ],
)
def test_a_prompt_says_which_frames_are_unsafe(prompt: str, unsafe: Collection[int]) -> None:
    """All of them or single ones; other words in brackets are plain text."""
    assert sorted(unsafe_frames(prompt, 6)) == list(unsafe)


@given(st.sampled_from(["fast", "full"]), frame_counts)
def test_no_check_overlooks_a_video_that_is_unsafe_throughout(mode: str, frames: int) -> None:
    """Whatever its length."""
    assert is_flagged(mode, "[[nsfw]]", frames)


@given(frame_counts, st.integers(0, 400))
def test_the_full_check_finds_every_single_frame_and_the_fast_one_only_its_own(frames: int, frame: int) -> None:
    """A frame beyond the end is in no video."""
    prompt = f"[[nsfw frame={frame}]]"
    assert is_flagged("full", prompt, frames) == (frame < frames)
    assert is_flagged("fast", prompt, frames) == (frame in (0, frames // 2, frames - 1))
    assert not is_flagged("none", prompt, frames)
