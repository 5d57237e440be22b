"""Every conversation in tests/cases, through every transport."""

import asyncio
from dataclasses import fields

import pytest

from mockserver.spec.dialect import Dialect
from mockserver.spec.load import load_spec
from tests.stories import LINES, Names, Story, play, read_stories

STORIES = list(read_stories())


@pytest.mark.parametrize(
    ("story", "transport"),
    [
        pytest.param(story, transport, id=f"{story.file}: {story.title} ({transport})")
        for story in STORIES
        for transport in story.transports or LINES
    ],
)
def test_the_conversation_goes_as_written(story: Story, transport: str) -> None:
    """Every answer of every transport is, word for word, the one that the conversation has."""
    asyncio.run(play(story, transport))


def test_every_choice_that_shows_on_the_wire_is_told() -> None:
    """Each value of each choice that acts on answers, and not on schemas alone, stands in some conversation."""
    choices = load_spec().documents["dialect.json"]["choices"]
    names = {field.name.replace("_", "-") for field in fields(Dialect)} | {"timeout-code", "credit-status"}
    names.remove("picture-fit")  # shows in the video alone: tests/media/test_drawing.py
    wanted = {(name, value) for name in names for value in choices[name]["values"] if value != choices[name]["default"]}
    told = {setting for story in STORIES for setting in story.settings.items() if isinstance(setting[1], str)}
    assert wanted <= told


def test_a_placeholder_stands_for_one_value_and_a_value_for_one_placeholder() -> None:
    """A video that changes between polls, or is the same twice, is seen."""
    names = Names()
    one, other = "36e2d791-07f5-4e9e-a3f7-1f2a5a9f9a0c", "f1ea033a-07f5-4e9e-a3f7-1f2a5a9f9a0c"
    names.learn(["<video-1>", "<video-2>", "<seed-1>"], [one, one, 5])
    assert names.fill(["<video-1>.mp4", "<video-2>", "<seed-1>"]) == [f"{one}.mp4", "<video-2>", 5]
    names.learn(["<video-1>", "<video-2>", "<video-3>"], [other, other, "no uuid"])
    assert names.fill(["<video-1>", "<video-2>", "<video-3>"]) == [one, other, "<video-3>"]
