"""Every conversation in tests/cases, through every transport."""

import asyncio

import pytest

from tests.stories import LINES, Story, play, read_stories

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
