"""Rendered files, as other programs see them: ffprobe on what they are, ffmpeg on what they show."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from types import MappingProxyType

import pytest
from PIL import Image, ImageChops, ImageOps

from mockserver.media.encoding import render
from mockserver.media.orders import FIRST, LAST, Order, order_of
from mockserver.media.prerender import Size, sizes_of
from mockserver.spec.load import Model, load_spec
from tests.engine.tasks import make_task
from tests.support.clips import order, photograph, png, probe, psnr_db

FORMATS = ("MP4", "MOV", "WEBM")

#: Container, codec and brand by format, as ffprobe names them.
PROBED: Mapping[str, tuple[str, str, str | None]] = MappingProxyType(
    {
        "MP4": ("mov,mp4", "h264", "isom"),
        "MOV": ("mov,mp4", "h264", "qt  "),
        "WEBM": ("matroska,webm", "vp8", None),
    }
)


def all_sizes() -> dict[Size, Model]:
    """Return every size, duration and format that the data knows, under any choice, and a model that takes it."""
    models = load_spec(choices={"sizes": "with-512"}).all_models
    assert {model.air for model in models} >= {"minimax:3@1", "minimax:4@1"}
    return {size: model for model in models for size in sizes_of(model)}


SIZES = all_sizes()


def boxes(content: bytes) -> list[str]:
    """Return the kinds of the outermost parts of an MP4 or MOV file, in order."""
    found, at = [], 0
    while at < len(content):
        found.append(content[at + 4 : at + 8].decode())
        at += int.from_bytes(content[at : at + 4], "big")
    return found


def elements(content: bytes) -> list[str]:
    """Return the identifiers of the parts of a WEBM file's segment in hexadecimal digits, in order."""
    found: list[str] = []
    at = 0
    while at < len(content):
        name = 5 - content[at].bit_length() + 4
        size = 9 - content[at + name].bit_length()
        identifier = content[at : at + name].hex()
        length = int.from_bytes(content[at + name : at + name + size], "big") & (1 << 7 * size) - 1
        at += name + size + (0 if identifier == SEGMENT else length)
        found.append(identifier)
    return found


SEGMENT, CUES, CLUSTER = "18538067", "1c53bb6b", "1f43b675"


def starts_quickly(path: Path) -> bool:
    """Say whether the index of a file comes before its pictures."""
    content = path.read_bytes()
    if content[4:8] == b"ftyp":
        return [each for each in boxes(content) if each not in ("free", "wide")] == ["ftyp", "moov", "mdat"]
    parts = elements(content)
    return parts.index(CUES) < parts.index(CLUSTER)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_ffprobe_agrees_on_every_clip(size: Size, tmp_path: Path) -> None:
    """Container, codec, colours, size, length, frames and rate are what the task asked for, in every combination."""
    width_px, height_px, duration_s, output_format = size
    params = {"width": width_px, "height": height_px, "duration": duration_s, "outputFormat": output_format}
    wanted = order_of(make_task(params={"positivePrompt": "a lighthouse", **params}), 0, SIZES[size])
    assert wanted is not None
    path = tmp_path / "clip"
    render(wanted, {}, path)
    report = probe(path)
    [stream] = report["streams"]
    container, codec, brand = PROBED[output_format]
    assert report["format"]["format_name"].startswith(container)
    assert report["format"]["nb_streams"] == 1
    tags = {name.lower(): value for name, value in report["format"]["tags"].items()}
    assert tags.get("major_brand") == brand
    assert (tags["title"], tags["comment"]) == (wanted.task_uuid, "a lighthouse")
    assert (stream["codec_name"], stream["pix_fmt"], stream["color_range"]) == (codec, "yuv420p", "tv")
    assert (stream["width"], stream["height"]) == (width_px, height_px)
    assert (stream["r_frame_rate"], stream["avg_frame_rate"]) == ("25/1", "25/1")
    assert int(stream["nb_read_frames"]) == duration_s * 25
    assert float(report["format"]["duration"]) == pytest.approx(duration_s, abs=0.001)
    assert float(report["format"]["start_time"]) == 0
    assert starts_quickly(path)


#: One of the frame's own shape and two of others.
PICTURES = {
    "same": photograph(1366, 768, 1, ("#0a143c", "#5a8c50", "#faf0c8")),
    "tall": photograph(700, 1100, 2, ("#280014", "#be5a3c", "#fffaf0")),
    "wide": photograph(1900, 800, 3, ("#001414", "#3c6ebe", "#fff0ff")),
}
FILES = {name: png(picture) for name, picture in PICTURES.items()}


def decoded(path: Path, frame: int, width_px: int, height_px: int, filters: str = "") -> Image.Image:
    """Return a frame of a file, or of a picture, as ffmpeg shows it."""
    chosen = f"select=eq(n\\,{frame}),{filters}format=rgb24"
    words = ["-v", "error", "-i", str(path), "-vf", chosen, "-frames:v", "1", "-f", "rawvideo", "-"]
    done = subprocess.run(["ffmpeg", *words], capture_output=True, check=True)
    assert done.stderr == b""
    return Image.frombytes("RGB", (width_px, height_px), done.stdout)


@pytest.mark.parametrize("quality", [20, 95])
@pytest.mark.parametrize(
    ("output_format", "size", "first", "last"),
    [
        ("MP4", (1366, 768), "same", "tall"),
        ("MOV", (1366, 768), "wide", "same"),
        ("WEBM", (1366, 768), "tall", "wide"),
        ("MP4", (1920, 1080), "tall", "same"),
        ("WEBM", (512, 512), "wide", "tall"),
    ],
)
def test_the_first_and_the_last_frame_show_the_pictures(
    output_format: str, size: tuple[int, int], first: str, last: str, quality: int, tmp_path: Path
) -> None:
    """Decoded by ffmpeg and held against the pictures as ffmpeg fits them, even at the lowest quality."""
    width_px, height_px = size
    wanted = order(
        width_px=width_px,
        height_px=height_px,
        output_format=output_format,
        quality=quality,
        pictures=((FIRST, first), (LAST, last)),
    )
    render(wanted, FILES, tmp_path / "clip")
    cover = (
        f"scale={width_px}:{height_px}:force_original_aspect_ratio=increase:flags=lanczos,crop={width_px}:{height_px},"
    )
    for frame, name in ((0, first), (wanted.frames - 1, last)):
        (tmp_path / name).write_bytes(FILES[name])
        shown = decoded(tmp_path / "clip", frame, width_px, height_px)
        asked = decoded(tmp_path / name, 0, width_px, height_px, cover)
        assert psnr_db(shown, asked) >= (25 if quality == 20 else 32)


def test_pictures_that_were_not_asked_for_are_not_shown(tmp_path: Path) -> None:
    """The measure can tell: a frame is like its own picture, and unlike the other and the middle of the clip."""
    size = {"width_px": 512, "height_px": 512}
    wanted = order(**size, duration_s=2.0, pictures=((FIRST, "same"), (LAST, "tall")))
    render(wanted, FILES, tmp_path / "clip")
    first, middle, last = (decoded(tmp_path / "clip", frame, 512, 512) for frame in (0, 25, 49))
    fitted = [ImageOps.fit(PICTURES[name], (512, 512), Image.Resampling.LANCZOS) for name in ("same", "tall")]
    assert min(psnr_db(first, fitted[0]), psnr_db(last, fitted[1])) > 32
    assert max(psnr_db(first, fitted[1]), psnr_db(last, fitted[0])) < 20
    assert max(psnr_db(middle, each) for each in fitted) < 20


def test_contain_shows_all_of_a_picture(tmp_path: Path) -> None:
    """With the other choice nothing is cut off, and bars fill the rest."""
    wanted = order(width_px=512, height_px=512, duration_s=0.4, fit="contain", pictures=((FIRST, "wide"),))
    render(wanted, FILES, tmp_path / "clip")
    (tmp_path / "wide").write_bytes(FILES["wide"])
    contain = "scale=512:512:force_original_aspect_ratio=decrease:flags=lanczos,pad=512:512:-1:-1,"
    asked = decoded(tmp_path / "wide", 0, 512, 512, contain)
    assert psnr_db(decoded(tmp_path / "clip", 0, 512, 512), asked) >= 30


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("colour", ["#d02020", "#20b040", "#2030d0", "#e0e0e0"])
def test_colours_are_what_they_were(output_format: str, colour: str, tmp_path: Path) -> None:
    """Files say how their colours are meant, so a red stays that red in players that read it."""
    wanted = order(width_px=64, height_px=64, duration_s=0.04, output_format=output_format, pictures=((FIRST, "x"),))
    asked = Image.new("RGB", (64, 64), colour)
    render(wanted, {"x": png(asked)}, tmp_path / "clip")
    shown = decoded(tmp_path / "clip", 0, 64, 64)
    assert max(ImageChops.difference(shown, asked).tobytes()) <= 6


def small(**differing: object) -> Order:
    """Return an order that is quickly rendered."""
    return order(**{"duration_s": 2.0, **differing})


@pytest.mark.parametrize("output_format", FORMATS)
def test_files_grow_with_quality(output_format: str, tmp_path: Path) -> None:
    """On average over seeds, and with pictures too, more quality is a larger file."""
    landscapes: list[dict[str, object]] = [{"seed": seed} for seed in (1, 2, 3)]
    pictured: list[dict[str, object]] = [{"pictures": ((FIRST, "same"), (LAST, "tall"))}]
    for alike in (landscapes, pictured):
        sizes = []
        for quality in (20, 50, 80, 99):
            paths = [tmp_path / f"{number}-{quality}" for number in range(len(alike))]
            for kind, path in zip(alike, paths, strict=True):
                render(small(output_format=output_format, quality=quality, **kind), FILES, path)
            sizes.append(mean(path.stat().st_size for path in paths))
        assert sizes == sorted(set(sizes)), sizes


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_same_order_gives_the_same_bytes(output_format: str, tmp_path: Path) -> None:
    """Nothing of the time, the machine's load or chance is in a file; another seed is another file."""
    wanted = small(output_format=output_format, duration_s=0.4, pictures=((LAST, "same"),))
    files = []
    for number, each in enumerate((wanted, wanted, small(output_format=output_format, duration_s=0.4, seed=5))):
        render(each, FILES, tmp_path / str(number))
        files.append((tmp_path / str(number)).read_bytes())
    assert files[0] == files[1] != files[2]
