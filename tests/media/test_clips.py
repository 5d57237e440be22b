"""The shipped clips: real videos of the size, length and format that they stand for."""

from pathlib import Path

import pytest

from mockserver.media.clips import FOLDER, clip_name, find_clip
from mockserver.media.orders import DEFAULT_FPS
from mockserver.media.prerender import main, prerender, wanted_clips
from tests.support.clips import probe

#: Container and codec by format, as ffprobe names them.
PROBED = {"MP4": ("mov,mp4", "h264"), "MOV": ("mov,mp4", "h264"), "WEBM": ("matroska,webm", "vp8")}


@pytest.mark.parametrize("clip", wanted_clips(), ids=[clip_name(*clip) for clip in wanted_clips()])
def test_ffprobe_agrees_on_every_clip(clip: tuple[int, int, int, str]) -> None:
    """Container, codec, size, rate, frames and length are what a task asks for."""
    width_px, height_px, duration_s, output_format = clip
    params = {"width": width_px, "height": height_px, "duration": duration_s, "outputFormat": output_format}
    found = find_clip(params)
    assert found is not None
    report = probe(found.path)
    [stream] = report["streams"]
    container, codec = PROBED[output_format]
    assert report["format"]["format_name"].startswith(container)
    assert (stream["codec_name"], stream["pix_fmt"]) == (codec, "yuv420p")
    assert (stream["width"], stream["height"], stream["r_frame_rate"]) == (width_px, height_px, "25/1")
    assert int(stream["nb_read_frames"]) == duration_s * DEFAULT_FPS
    assert float(report["format"]["duration"]) == pytest.approx(duration_s, abs=0.05)


@pytest.mark.parametrize("name", ["1366x768-6s.mp4", "1920x1080-6s.mov"])
def test_a_player_can_start_before_the_whole_file_is_there(name: str) -> None:
    """The index comes before the pictures, and the brand is that of the format."""
    content = (FOLDER / name).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert (content[8:12] == b"qt  ") == name.endswith(".mov")


def test_there_is_no_clip_too_many_and_together_they_are_small() -> None:
    """Nothing ships that no task can ask for."""
    assert {path.name for path in FOLDER.iterdir()} == {clip_name(*clip) for clip in wanted_clips()}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


def test_a_size_without_a_clip_is_none() -> None:
    """A further model may have sizes that were never rendered."""
    assert find_clip({"width": 640, "height": 480, "duration": 6, "outputFormat": "MP4"}) is None
    assert find_clip({"width": 640}) is None


def test_the_script_renders_what_it_is_told_and_says_how_large_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file and one line for each clip; the folder is made where there is none."""
    assert main(tmp_path / "clips", [(64, 48, 1, "MP4"), (64, 48, 1, "WEBM")]) == 0
    written = {path.name: path.stat().st_size for path in (tmp_path / "clips").iterdir()}
    assert written.keys() == {"64x48-1s.mp4", "64x48-1s.webm"}
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[name, f"{written[name]:,}"] for name in sorted(written)]


@pytest.mark.parametrize("output_format", PROBED)
def test_rendering_repeats_byte_for_byte(tmp_path: Path, output_format: str) -> None:
    """The script makes the same file every time, so that a new run shows no difference where nothing changed."""
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        prerender(64, 48, 1, output_format, path)
    assert first.read_bytes() == second.read_bytes()
    assert int(probe(first)["streams"][0]["nb_read_frames"]) == DEFAULT_FPS
