"""Pictures that clients send: whether they are what they say, whether a model takes them, and how they are kept.

Everything here takes its time and belongs off the event loop. Pillow decodes, where it is installed; without it a
picture is known by its first bytes and its length alone. What a file says of its size is looked at before room is
made for its pixels, and a file that keeps the decoder busy for too long is given up.
"""

import struct
import time
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.spec.pictures import PictureRules

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

#: Longest time that decoding one picture may take, in seconds.
DECODE_WITHIN_S = 5.0
#: Bytes that decoding may take, roughly; more than one picture is never decoded at a time.
MOST_MEMORY = 120 * 1024 * 1024
#: Bytes that decoding takes for each pixel, by format: measured, for the worst kind of file.
BYTES_PER_PIXEL: Mapping[str, int] = MappingProxyType({"PNG": 10, "WEBP": 14, "BMP": 10, "GIF": 10})
#: The same for JPEG: for each pixel that comes out, for each that comes out while all scans are held, and for each
#: value of each pixel that is held.
JPEG_BYTES = (7, 4, 2)
#: Largest file that is kept as it came, where it can be drawn as it is.
MOST_KEPT_BYTES = 4 * 1024 * 1024
#: How much is handed to the decoder at a time: between two pieces the time is looked at.
PIECE_BYTES = 4096
JPEG_QUALITY = 95
#: What shines through a transparent picture. Source: none (assumed)
BACKGROUND = "white"

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "BMP": "image/bmp", "GIF": "image/gif"}
)
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_ORIENTATION = 0x0112

#: What decoders raise over files that are not in order.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, MemoryError, RuntimeError),
    *(AttributeError, AssertionError, Warning, struct.error, zlib.error),
)


class BadPicture(Exception):
    """A picture cannot be used.

    Attributes:
        code: name of the API error in the catalogue.
        why: a sentence: what is wrong, and how to mend it.
        facts: further members of the API error.
    """

    def __init__(self, code: str, why: str, **facts: Any) -> None:
        super().__init__(code, why)
        self.code = code
        self.why = why
        self.facts = facts


class Picture(NamedTuple):
    """A picture that was looked at and made ready to be drawn.

    Attributes:
        content: the upright picture as PNG, JPEG or WEBP, no side longer than the rules say.
        format: what it was, by the names of `MEDIA_TYPES`.
        width, height: its size in pixels as it came, upright; 0 where nothing can decode it.
    """

    content: bytes
    format: str
    width: int
    height: int


class Stored(NamedTuple):
    """A file as it is stored for later tasks.

    Attributes:
        content: the file.
        media_type: its type.
    """

    content: bytes
    media_type: str


@lru_cache(maxsize=1)
def can_decode() -> bool:
    """Say whether pictures can be decoded here: Pillow is part of the extra `media`."""
    return find_spec("PIL") is not None


def format_of(content: bytes) -> str:
    """Return the format that a file's first bytes are of, by the names of `MEDIA_TYPES`; "" for any other."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((name for start, name in _SIGNATURES if content.startswith(start)), "")


def develop(content: bytes, declared: str, rules: PictureRules) -> Picture:
    """Look at a picture and make it ready to be drawn.

    Args:
        content: the file.
        declared: media type that the client gave it, or "".
        rules: what is good.

    Raises:
        BadPicture: it cannot be decoded, or the rules forbid it.
    """
    kind = _look(content, declared, rules)
    if not can_decode():
        return Picture(content, kind, 0, 0)
    image = _open(content, kind, rules)
    turn = _turn(image)
    check_size(_upright(_size_as_sent(image), turn), rules)
    try:
        image.load()
        turn = _turn(image)
        size = _upright(_size_as_sent(image), turn)
        check_size(size, rules)
        if _is_plain(image) and max(size) <= rules.kept_side and len(content) <= MOST_KEPT_BYTES:
            return Picture(content, kind, *size)
        return Picture(_as_jpeg(image, turn, rules.kept_side), kind, *size)
    except _BROKEN as problem:
        raise _undecodable(problem) from problem


def store(content: bytes, declared: str, rules: PictureRules) -> Stored:
    """Look at a picture and return it as it is stored: as it came, or smaller where a side is too long.

    Raises:
        BadPicture: it cannot be decoded, or the rules forbid it.
    """
    kind = _look(content, declared, rules)
    if not can_decode():
        return Stored(content, MEDIA_TYPES[kind])
    image = _open(content, kind, rules)
    try:
        image.load()
        if max(_size_as_sent(image)) <= rules.kept_side:
            return Stored(content, MEDIA_TYPES[kind])
        return Stored(_as_jpeg(image, _turn(image), rules.kept_side), MEDIA_TYPES["JPEG"])
    except _BROKEN as problem:
        raise _undecodable(problem) from problem


def check(picture: Picture, size_bytes: int, declared: str, rules: PictureRules) -> None:
    """Hold a picture that was looked at before against rules that may be others.

    Raises:
        BadPicture: the rules forbid it.
    """
    _check_file(picture.format, size_bytes, declared, rules)
    if picture.width:
        check_size((picture.width, picture.height), rules)


def check_size(size: tuple[int, int], rules: PictureRules) -> None:
    """Hold width and height of a picture, upright and in pixels, against the rules.

    Raises:
        BadPicture: one of them, or their ratio, is out of bounds.
    """
    for code, side in zip(("invalidFrameImageWidth", "invalidFrameImageHeight"), size, strict=True):
        if not rules.least_side <= side <= rules.most_side:
            raise BadPicture(
                code,
                f"Expected {rules.least_side} to {rules.most_side} pixels, got {side}.",
                min=rules.least_side,
                max=rules.most_side,
            )
    ratio = size[0] / size[1]
    if not rules.least_ratio <= ratio <= rules.most_ratio:
        raise BadPicture(
            "invalidFrameImageRatio",
            f"Expected {rules.least_ratio:g} to {rules.most_ratio:g} times as wide as high, got {ratio:.4g} times.",
            min=rules.least_ratio,
            max=rules.most_ratio,
        )


def _look(content: bytes, declared: str, rules: PictureRules) -> str:
    kind = format_of(content)
    if not kind:
        raise BadPicture("invalidImage", f"The bytes are no picture. Send {_named(rules.formats)}.")
    _check_file(kind, len(content), declared, rules)
    return kind


def _check_file(kind: str, size_bytes: int, declared: str, rules: PictureRules) -> None:
    if kind not in rules.formats:
        raise BadPicture("invalidImage", f"The picture is {kind}. Send {_named(rules.formats)}.")
    named = declared.lower().replace("image/jpg", "image/jpeg")
    if named and named != MEDIA_TYPES[kind]:
        raise BadPicture("invalidImage", f"The picture is declared as {declared}, but is {MEDIA_TYPES[kind]}.")
    if size_bytes > rules.most_bytes:
        raise BadPicture(
            "valueTooLarge", f"the picture has {size_bytes:,} bytes, at most {rules.most_bytes:,} are taken."
        )


def _named(formats: tuple[str, ...]) -> str:
    return f"{', '.join(formats[:-1])} or {formats[-1]}" if len(formats) > 1 else formats[0]


def _undecodable(problem: BaseException) -> BadPicture:
    if isinstance(problem, BadPicture):
        return problem
    if isinstance(problem, _TooSlow):
        return BadPicture("invalidImage", "It takes too long to decode; save it anew.")
    return BadPicture("invalidImage", "It cannot be decoded: it is damaged or cut off. Check that all of it is sent.")


class _TooSlow(OSError):
    """A picture is given up."""


class _Feed(BytesIO):
    """A file that ends in an error when decoding it has taken too long."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._until_s = time.monotonic() + DECODE_WITHIN_S

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        if time.monotonic() > self._until_s:
            raise _TooSlow
        return super().read(size)


def _open(content: bytes, kind: str, rules: PictureRules) -> "ImageFile":
    """Read what a file says of itself; no pixel is decoded, and no room made for any.

    Each format is opened by its own class: no other of Pillow's dozens gets to see the file.

    Raises:
        BadPicture: the file is broken, or holds more pixels than there is memory for.
    """
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.GifImagePlugin import GifImageFile
    from PIL.Image import DecompressionBombError
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    classes: Mapping[str, Callable[[BytesIO], ImageFile]] = {
        "PNG": PngImageFile,
        "JPEG": _jpeg_class(),
        "WEBP": WebPImageFile,
        "BMP": BmpImageFile,
        "GIF": GifImageFile,
    }
    try:
        if kind == "WEBP":
            # Its decoder makes room as soon as it is made.
            _check_room(_webp_size(content), BYTES_PER_PIXEL[kind], rules)
        image = classes[kind](_Feed(content))
    except DecompressionBombError:
        raise BadPicture("valueTooLarge", "the picture has far too many pixels.") from None
    except _BROKEN as problem:
        raise _undecodable(problem) from problem
    image.info["size as sent"] = image.size
    if kind == "JPEG":
        _check_room(image.size, _draft(image, content, rules.kept_side), rules)
    else:
        _check_room(image.size, BYTES_PER_PIXEL[kind], rules)
    image.decodermaxblock = PIECE_BYTES
    return image


@lru_cache(maxsize=1)
def _jpeg_class() -> "Callable[[BytesIO], ImageFile]":
    """Return Pillow's class for JPEG files, less its interest in EXIF data: broken ones make it warn."""
    from PIL.JpegImagePlugin import JpegImageFile

    class Jpeg(JpegImageFile):
        def _read_dpi_from_exif(self) -> None:
            """Read nothing."""

    return Jpeg


def _draft(image: "ImageFile", content: bytes, side: int) -> float:
    """Let a JPEG be decoded small, and return how many bytes that takes for each pixel of the file."""
    pixels, layers = image.width * image.height, len(image.getbands())
    scan = content[image.fp.tell() :][2:3] if image.fp else b""
    is_held = "progressive" in image.info or scan < bytes([layers])
    image.draft(None, (side, side))
    out, out_held, held = JPEG_BYTES
    share = image.width * image.height / max(1, pixels)
    return max(out * share, out_held * share + held * layers) if is_held else out * share


def _check_room(size: tuple[int, int], bytes_per_pixel: float, rules: PictureRules) -> None:
    """Refuse a picture whose pixels would take too much room, in the words of the rules where these say so too.

    Raises:
        BadPicture: it has too many.
    """
    pixels = size[0] * size[1]
    if pixels == 0:
        raise BadPicture("invalidImage", "It has no pixels.")
    if pixels * bytes_per_pixel > MOST_MEMORY:
        check_size(size, rules)
        most = round(MOST_MEMORY / bytes_per_pixel)
        raise BadPicture("valueTooLarge", f"the picture has {pixels:,} pixels, at most {most:,} are taken.")


def _webp_size(content: bytes) -> tuple[int, int]:
    """Return the size of the canvas that a WEBP file says it has.

    Source: the container specification of WEBP (stated)
    """
    kind = content[12:16]
    if kind == b"VP8X":
        width, height = content[24:27], content[27:30]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise SyntaxError("no WEBP picture")


def _size_as_sent(image: "ImageFile") -> tuple[int, int]:
    """Return the size that a file says it has, in pixels; a large JPEG is decoded smaller."""
    width, height = image.info["size as sent"]
    return int(width), int(height)


def _turn(image: "ImageFile") -> int:
    """Return how a picture must be turned to be upright: 1 for not at all, up to 8.

    Only this one value is read of the EXIF data, and broken data say nothing.

    Source: the specification of EXIF, tag Orientation (stated); that the service turns pictures is assumed
    """
    data = image.info.get("exif")
    if not isinstance(data, bytes):
        return 1
    tiff = data.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2], "")
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for index in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * index)
            if tag == _ORIENTATION:
                return value if order and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _upright(size: tuple[int, int], turn: int) -> tuple[int, int]:
    return (size[1], size[0]) if turn >= 5 else size


def _is_plain(image: "ImageFile") -> bool:
    """Say whether a picture can be drawn as it is, by programs that read more of it than we do."""
    is_animated = getattr(image, "is_animated", False)
    is_common = image.mode in ("1", "L", "P", "RGB") and image.format in ("PNG", "JPEG", "WEBP")
    return is_common and not is_animated and not image.info.keys() & {"exif", "transparency"}


def _as_jpeg(image: "ImageFile", turn: int, side: int) -> bytes:
    """Return a picture upright, opaque, in plain colours and no larger than so many pixels a side."""
    from PIL.Image import Resampling, Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    plain: Image.Image = image
    if plain.mode.startswith("I"):
        plain = plain.point(_to_8_bits).convert("L")
    if plain.mode in ("P", "1") or "transparency" in plain.info:
        plain = plain.convert("RGBA" if "transparency" in plain.info else "RGB")
    plain.thumbnail((side, side), Resampling.LANCZOS)
    if plain.has_transparency_data:
        plain = _on_background(plain.convert("RGBA"))
    plain = plain.convert("RGB")
    if turn in turns:
        plain = plain.transpose(turns[turn])
    return _encoded(plain)


def _to_8_bits(value: Any) -> Any:
    """Return 16 bits of brightness as 8. Pillow reads factor and offset off it."""
    return value / 256


def _on_background(image: "Image.Image") -> "Image.Image":
    from PIL.Image import alpha_composite, new

    return alpha_composite(new("RGBA", image.size, BACKGROUND), image)


def _encoded(image: "Image.Image") -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return file.getvalue()


#: Size of a placeholder, in pixels, and of its letters.
PLACEHOLDER_SIZE = (1366, 768)
LETTER_PX = 36
LONGEST_LINE = 60


def draw_placeholder(address: str, note: str) -> Picture | None:
    """Draw a picture that stands for one that was not fetched; None where nothing can draw.

    Args:
        address: where the picture is; what follows a question mark is left out, for secrets stand there.
        note: why it was not fetched.
    """
    if not can_decode():
        return None
    from PIL import Image, ImageDraw, ImageFont

    shown = address.partition("?")[0][:300]
    lines = [shown[start : start + LONGEST_LINE] for start in range(0, len(shown), LONGEST_LINE)]
    image = Image.new("RGB", PLACEHOLDER_SIZE, (48, 52, 60))
    draw = ImageDraw.Draw(image)
    draw.rectangle((24, 24, PLACEHOLDER_SIZE[0] - 24, PLACEHOLDER_SIZE[1] - 24), outline=(150, 156, 168), width=3)
    text = "\n".join(["placeholder for the picture at", "", *lines, "", note])
    draw.multiline_text(
        (PLACEHOLDER_SIZE[0] // 2, PLACEHOLDER_SIZE[1] // 2),
        text,
        fill=(225, 228, 234),
        font=ImageFont.load_default(LETTER_PX),
        anchor="mm",
        align="center",
        spacing=14,
    )
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return Picture(file.getvalue(), "PNG", *PLACEHOLDER_SIZE)
