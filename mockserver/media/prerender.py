"""Renders the shipped clips: `python -m mockserver.media.prerender`. Needs the extra `media`.

One clip for every size, duration and format that a shipped model takes under any choice of sizes. They show what every
rendered clip shows, but for no task; and they take their time to be small.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.media.clips import FOLDER, clip_name
from mockserver.media.drawing import draw
from mockserver.media.encoding import ENCODERS, encode
from mockserver.media.orders import DEFAULT_FPS, DEFAULT_QUALITY, Order
from mockserver.spec.load import Model, load_spec

TEXT = "This video stands for every one of its size, length and format, because the mock does not render here."

#: Options by codec that make small files, slowly.
SMALL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "libx264": {"crf": "30", "preset": "slow", "profile": "high"},
        "libvpx": {"crf": "40", "b": "0", "qmin": "30", "qmax": "50", "deadline": "good", "cpu-used": "2"},
    }
)

Size = tuple[int, int, int, str]


def wanted_clips() -> list[Size]:
    """Return width, height, duration and format of every clip that some model takes, without repeats."""
    spec = load_spec(choices={"sizes": "with-512"})
    return sorted({size for model in spec.all_models for size in sizes_of(model)})


def sizes_of(model: Model) -> Iterator[Size]:
    """Yield width, height, duration and format of every clip that a model takes."""
    properties: dict[str, Any] = model.schema["properties"]
    names = ("width", "height", "duration", "outputFormat")
    for values in product(*(properties[name]["enum"] for name in names)):
        task = {**model.schema["examples"][0], "inputs": {"frameImages": ["https://example.com/first.png"]}}
        if model.checker.accepts({**task, **dict(zip(names, values, strict=True))}):
            yield values


def prerender(width_px: int, height_px: int, duration_s: int, output_format: str, path: Path) -> None:
    """Render one clip to a file."""
    order = Order(
        task_uuid="any task",
        model="any model",
        prompt=TEXT,
        is_optimized=False,
        number=1,
        results=1,
        seed=1,
        width_px=width_px,
        height_px=height_px,
        duration_s=float(duration_s),
        fps=DEFAULT_FPS,
        output_format=output_format,
        quality=DEFAULT_QUALITY,
        fit="cover",
    )
    usual = ENCODERS[output_format]
    encode(order, draw(order, {}, usual.matrix), replace(usual, options=lambda _: SMALL[usual.codec]), path)


def main(folder: Path = FOLDER, clips: Iterable[Size] | None = None) -> int:
    """Render clips and say how large they are.

    Args:
        folder: where they go.
        clips: width and height in pixels, duration in seconds and format of each; all that ship unless given.
    """
    folder.mkdir(exist_ok=True)
    for width_px, height_px, duration_s, output_format in wanted_clips() if clips is None else clips:
        path = folder / clip_name(width_px, height_px, duration_s, output_format)
        prerender(width_px, height_px, duration_s, output_format, path)
        print(f"{path.name:<20} {path.stat().st_size:>9,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
