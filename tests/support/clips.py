"""Orders of clips, what renders them in tests, pictures for them, and what ffprobe says of files."""

import io
import json
import math
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image, ImageChops, ImageOps

from mockserver.media.orders import Order
from mockserver.media.renderers import Render

T = TypeVar("T")

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"

_ORDER: Mapping[str, Any] = {
    "task_uuid": UUID,
    "model": "minimax:3@1",
    "prompt": "a lighthouse at dusk, waves breaking on the rocks",
    "is_optimized": False,
    "number": 1,
    "results": 1,
    "seed": 1_250_607_612,
    "width_px": 1366,
    "height_px": 768,
    "duration_s": 6.0,
    "fps": 25,
    "output_format": "MP4",
    "quality": 95,
    "fit": "cover",
}


def order(**differing: Any) -> Order:
    """Return an order for a usual clip."""
    return Order(**{**_ORDER, **differing})


def png(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """Return the file of a picture."""
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def photograph(width_px: int, height_px: int, seed: int, colours: Sequence[str], is_noisy: bool = False) -> Image.Image:
    """Return a picture that is as hard to encode as a photograph: forms of every size, in many colours.

    Args:
        width_px: its width.
        height_px: its height.
        seed: decides the forms.
        colours: of shadows, of most of it, and of lights.
        is_noisy: whether it is as grainy as one that was taken at night.
    """
    chance = random.Random(seed)
    layers = Image.new("L", (width_px, height_px))
    for number, side in enumerate((4, 12, 40, 160, *([600] if is_noisy else []))):
        specks = Image.frombytes("L", (side, side), chance.randbytes(side * side))
        layer = specks.resize((width_px, height_px), Image.Resampling.BICUBIC)
        layers = Image.blend(layers, layer, 1 / 2**number)
    black, middle, white = colours
    return ImageOps.colorize(ImageOps.autocontrast(layers), black, white, middle)


def psnr_db(one: Image.Image, other: Image.Image) -> float:
    """Return how alike two pictures are, in dB."""
    squares = sum(
        count * (level % 256) ** 2 for level, count in enumerate(ImageChops.difference(one, other).histogram())
    )
    return 10 * math.log10(255**2 * 3 * one.width * one.height / squares) if squares else math.inf


class Idle:
    """Renderers for tests: they write a few bytes in place of a film, when the test says so.

    Attributes:
        wanted: orders of the jobs that were carried out.
        is_closed: whether they were let go.
    """

    def __init__(self) -> None:
        self.wanted: list[Order] = []
        self.is_closed = False
        self._waiting: list[Callable[[], None]] = []

    def carry_out(self, job: Callable[[Render], T]) -> Future[T]:
        """Take a job."""
        done: Future[T] = Future()

        def work() -> None:
            try:
                done.set_result(job(self._render))
            except OSError as problem:
                done.set_exception(problem)

        self._waiting.append(work)
        return done

    def work(self) -> None:
        """Carry out the oldest job."""
        self._waiting.pop(0)()

    def close(self) -> None:
        """Take note."""
        self.is_closed = True

    def _render(self, wanted: Order, pictures: Mapping[str, bytes], path: Path) -> None:
        self.wanted.append(wanted)
        if wanted.prompt == "fail":
            raise OSError("no film")
        path.write_bytes(f"{wanted.seed} {wanted.output_format}".encode() + b"".join(pictures.values()))


def probe(path: Path) -> dict[str, Any]:
    """Return what ffprobe says of a file, every frame decoded and counted."""
    assert shutil.which("ffprobe"), "ffprobe is missing: install ffmpeg, or run make test, which does"
    words = ["-v", "error", "-count_frames", "-select_streams", "v:0", "-show_streams", "-show_format", "-of", "json"]
    done = subprocess.run(["ffprobe", *words, str(path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found
