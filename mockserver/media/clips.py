"""What a clip is to those who serve it, and the clips that ship: one for each size, duration and format."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any

FOLDER = Path(__file__).parent / "clips"

#: Media types by output format. Source: registered types of the containers (stated).
MEDIA_TYPES: Mapping[str, str] = MappingProxyType({"MP4": "video/mp4", "WEBM": "video/webm", "MOV": "video/quicktime"})


@dataclass(frozen=True, slots=True)
class Clip:
    """A file that can be served.

    Attributes:
        path: where it lies.
        media_type: its type.
        etag: names this very content, in double quotes.
    """

    path: Path
    media_type: str
    etag: str

    @classmethod
    def made(cls, path: Path, output_format: str, digest: str) -> "Clip":
        """Return the clip of a file; equal digests stand for equal content."""
        return cls(path, MEDIA_TYPES[output_format], f'"{digest}"')

    @property
    def content(self) -> bytes:
        """Its bytes, read now."""
        return self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class NoClip:
    """There is no file for a result.

    Attributes:
        reason: why, in a sentence.
    """

    reason: str


def clip_name(width_px: int, height_px: int, duration_s: int, output_format: str) -> str:
    """Return the file name of a clip."""
    return f"{width_px}x{height_px}-{duration_s}s.{output_format.lower()}"


def find_clip(params: Mapping[str, Any]) -> Clip | None:
    """Return the clip for a task, or None where none was rendered for its size, duration and format.

    Args:
        params: the task's parameters with defaults: width, height, duration and outputFormat.
    """
    try:
        name = clip_name(int(params["width"]), int(params["height"]), int(params["duration"]), params["outputFormat"])
    except KeyError:
        return None
    return _read(name, str(params["outputFormat"]))


@lru_cache(maxsize=64)
def _read(name: str, output_format: str) -> Clip | None:
    path = FOLDER / name
    if not path.is_file():
        return None
    return Clip.made(path, output_format, blake2b(path.read_bytes(), digest_size=16).hexdigest())
