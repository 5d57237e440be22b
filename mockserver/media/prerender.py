"""Renders the shipped clips: `python -m mockserver.media.prerender`. Needs the extra `media`.

One clip for every size, duration and format that a shipped model takes under any choice of sizes. The picture moves,
a clock hand turns once in the whole clip, and the frame number is written on it.
"""

import math
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw, ImageFont

from mockserver.media.clips import FOLDER, clip_name
from mockserver.spec.load import Model, load_spec

FPS = 25

#: Container, codec and options by output format. Fixed quantisers and one thread make the bytes repeat.
ENCODERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "MP4": ("mp4", "libx264", {"crf": "30", "preset": "slow", "profile": "high"}),
    "MOV": ("mov", "libx264", {"crf": "30", "preset": "slow", "profile": "high"}),
    "WEBM": (
        "webm",
        "libvpx",
        {"crf": "40", "b": "0", "qmin": "30", "qmax": "50", "deadline": "good", "cpu-used": "2"},
    ),
}

Size = tuple[int, int, int, str]


def wanted_clips() -> list[Size]:
    """Return width, height, duration and format of every clip that some model takes, without repeats."""
    spec = load_spec(choices={"sizes": "with-512"})
    return sorted({size for model in spec.all_models for size in _sizes(model)})


def _sizes(model: Model) -> Iterator[Size]:
    properties: dict[str, Any] = model.schema["properties"]
    names = ("width", "height", "duration", "outputFormat")
    for values in product(*(properties[name]["enum"] for name in names)):
        task = {**model.schema["examples"][0], "inputs": {"frameImages": ["https://example.com/first.png"]}}
        if model.checker.accepts({**task, **dict(zip(names, values, strict=True))}):
            yield values


def render(width_px: int, height_px: int, duration_s: int, output_format: str, path: Path) -> None:
    """Render one clip to a file."""
    container, codec, options = ENCODERS[output_format]
    flags = {"fflags": "+bitexact", **({"movflags": "+faststart"} if container != "webm" else {})}
    with av.open(str(path), "w", format=container, options=flags) as output:
        stream: Any = output.add_stream(codec, rate=FPS, options={**options, "threads": "1", "flags": "+bitexact"})
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        frames = duration_s * FPS
        from_image: Any = av.VideoFrame.from_image
        for index in range(frames):
            output.mux(stream.encode(from_image(draw(width_px, height_px, index, frames))))
        output.mux(stream.encode())


def draw(width_px: int, height_px: int, index: int, frames: int) -> Image.Image:
    """Return one frame: a dial whose hand goes round once, and the frame number."""
    picture = Image.new("RGB", (width_px, height_px), (18, 24, 38))
    pen = ImageDraw.Draw(picture)
    middle, radius = (width_px / 2, height_px / 2), height_px / 3
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    turn = index / frames
    pen.pieslice(box, -90, -90 + 360 * turn, fill=(64, 132, 214))
    pen.ellipse(box, outline=(230, 234, 242), width=max(2, height_px // 128))
    angle = 2 * math.pi * turn - math.pi / 2
    tip = (middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle))
    pen.line((middle, tip), fill=(255, 196, 64), width=max(3, height_px // 96))
    font = ImageFont.load_default(size=height_px // 12)
    text = f"frame {index + 1} of {frames}"
    pen.text((middle[0], height_px * 0.93), text, fill=(230, 234, 242), font=font, anchor="mm")
    return picture


def main() -> int:
    """Render every clip and say how large they are."""
    FOLDER.mkdir(exist_ok=True)
    for width_px, height_px, duration_s, output_format in wanted_clips():
        path = FOLDER / clip_name(width_px, height_px, duration_s, output_format)
        render(width_px, height_px, duration_s, output_format, path)
        print(f"{path.name:<20} {path.stat().st_size:>9,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
