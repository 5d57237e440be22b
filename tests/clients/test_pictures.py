"""The official SDKs make videos from pictures, each in the ways that it offers."""

import base64
from pathlib import Path

import pytest

from contracts.pictures import png
from tests.clients.sdks import RUNWARE, Sdk, picture, video
from tests.clients.watched import Watched
from tests.support.server import served

ADDRESS = "https://example.com/first.png"
#: The smallest picture that the model takes.
PNG = png(300, 300)
#: Five megabytes that begin with a picture; what follows is not looked at.
LARGE_PNG = PNG + bytes(5_000_000)
DATA_URI = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A picture on disk."""
    path = tmp_path / "first.png"
    path.write_bytes(PNG)
    return path


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A picture of several megabytes on disk."""
    path = tmp_path / "large.png"
    path.write_bytes(LARGE_PNG)
    return path


def test_a_picture_arrives_whichever_way_it_is_given(sdk: Sdk, mock: Watched, file: Path, large_file: Path) -> None:
    """An address, a data URI, and whatever the SDK makes of a local file: inlined, or stored and named by UUID."""
    frames = {"an address": picture("as it is", ADDRESS), "a data URI": picture("as it is", DATA_URI)}
    frames |= {way: picture(way, file) for way in sdk.file_ways}
    frames["a large file"] = picture(sdk.file_ways[-1], large_file)
    calls = {way: video(frame) for way, frame in frames.items()}
    for outcome in sdk.call(mock, *calls.values()):
        assert len(outcome.videos) == 1
    arrived = {way: mock.request(call)["inputs"]["frameImages"] for way, call in calls.items()}
    assert {way: [mock.content(image) for image in images] for way, images in arrived.items()} == {
        "an address": [ADDRESS],
        "a data URI": [PNG],
        **{way: [PNG] for way in sdk.file_ways},
        "a large file": [LARGE_PNG],
    }


def test_two_pictures_keep_their_frames(sdk: Sdk, mock: Watched) -> None:
    """A first and a last frame, by name and by number, go through every SDK as objects."""
    named = video(picture("as it is", ADDRESS, "first"), picture("as it is", DATA_URI, "last"))
    numbered = video(picture("as it is", ADDRESS, 0), picture("as it is", DATA_URI, -1))
    for outcome in sdk.call(mock, named, numbered):
        assert len(outcome.videos) == 1
    assert [mock.request(call)["inputs"]["frameImages"] for call in (named, numbered)] == [
        [{"image": ADDRESS, "frame": first}, {"image": DATA_URI, "frame": last}]
        for first, last in (("first", "last"), (0, -1))
    ]


def test_the_older_place_of_frame_images_is_refused_with_the_newer_one(mock: Watched, file: Path) -> None:
    """The examples of runware 0.5 put frameImages at the top level; whoever copies them learns where they belong."""
    [outcome] = RUNWARE.call(mock, video(picture("legacy", file)))
    assert (outcome.told.code, outcome.told.parameter) == ("unsupportedParameter", "frameImages")
    assert "inputs.frameImages" in outcome.told.message


def test_the_older_place_of_frame_images_is_good_under_compat(file: Path) -> None:
    """With the profile for older clients the examples of runware 0.5 run as they are."""
    with served("--profile", "compat", "--speed", "instant", "--log", "json") as compat:
        mock = Watched(compat)
        call = video(picture("legacy", file))
        assert len(RUNWARE.call(mock, call)[0].videos) == 1
        [frame] = mock.request(call)["inputs"]["frameImages"]
        assert mock.content(frame["image"]) == PNG
