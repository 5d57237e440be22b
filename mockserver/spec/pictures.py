"""What the data files say of pictures: which formats, how large, how they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mockserver.spec.shapes import Schema, members

#: Formats that can be named in the data files.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


@dataclass(frozen=True, slots=True)
class PictureRules:
    """Which pictures are good; `pictures` in the notes of a model or a platform task.

    Attributes:
        formats: what a file may be, by the names in `FORMATS`.
        most_bytes: largest file.
        least_side, most_side: shortest and longest side, in pixels.
        least_ratio, most_ratio: width divided by height.
        kept_side: longest side of the picture as it is kept, in pixels; a longer one is made smaller.
    """

    formats: tuple[str, ...] = ("PNG", "JPEG", "WEBP")
    most_bytes: int = 20 * 1024 * 1024
    least_side: int = 1
    most_side: int = 2**31
    least_ratio: float = 0.0
    most_ratio: float = float("inf")
    kept_side: int = 2048


_COUNT: Schema = {"type": "integer", "minimum": 1}
_RATIO: Schema = {"type": "number", "minimum": 0}
_FORMATS: Schema = {"type": "array", "items": {"enum": list(FORMATS)}, "minItems": 1, "uniqueItems": True}

#: `pictures` in the notes of a model or a platform task. What it leaves out is not limited.
PICTURES: Schema = members(
    {},
    {
        "formats": {**_FORMATS, "x-expects": f"a list of formats: {', '.join(FORMATS)}"},
        **dict.fromkeys(("mostBytes", "leastSide", "mostSide", "keptSide"), _COUNT),
        **dict.fromkeys(("leastRatio", "mostRatio"), _RATIO),
    },
)


def read_picture_rules(about: Mapping[str, Any]) -> PictureRules:
    """Return the rules for pictures from the notes of a model or a platform task, whose form was checked."""
    note = about.get("pictures", {})
    names = {_camel(each.name): each.name for each in fields(PictureRules)}
    values: dict[str, Any] = {names[key]: tuple(value) if key == "formats" else value for key, value in note.items()}
    return PictureRules(**values)


def _camel(name: str) -> str:
    first, _, second = name.partition("_")
    return first + second.capitalize()
