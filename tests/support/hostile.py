"""Pictures as nobody should send them, and odd ones that people do send, each with what becomes of it.

All of them are made here. `FRAMES` says what becomes of each as a frame image, `UPLOADS` as an upload; where a name is
missing in `UPLOADS` an upload of it is accepted. `PHOTOS` are uploads alone.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from types import MappingProxyType
from typing import Any

from PIL import Image, ImageDraw

from contracts.pictures import PNG_START, png, png_chunk

GOOD = "accepted"
BAD, LARGE = "invalidImage", "valueTooLarge"
WIDTH, HEIGHT, RATIO = "invalidFrameImageWidth", "invalidFrameImageHeight", "invalidFrameImageRatio"

Make = Callable[[], bytes]


@lru_cache(maxsize=8)
def scene(width: int = 480, height: int = 320) -> Image.Image:
    """Return a picture whose corners differ: red, green, blue and white, from the top left on."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(image)
    w, h = width // 4, height // 4
    draw.rectangle((0, 0, w, h), "red")
    draw.rectangle((width - w, 0, width, h), "lime")
    draw.rectangle((0, height - h, w, height), "blue")
    draw.rectangle((width - w, height - h, width, height), "white")
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return an image as a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(turn: int, kind: str = "JPEG", size: tuple[int, int] = (480, 320)) -> bytes:
    """Return a file whose EXIF data say how it must be turned."""
    exif = Image.Exif()
    exif[0x0112] = turn
    return saved(scene(*size), kind, exif=exif.tobytes())


def raw_png(width: int, height: int, depth: int, colour: int, data: bytes, *extra: bytes, interlaced: int = 0) -> bytes:
    """Return a PNG file of compressed rows, whatever its header says of them."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return b"".join((PNG_START, header, *extra, png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")))


def png16(colour: int, channels: int) -> bytes:
    """Return a PNG file of 16 bits for each channel."""
    row = b"\0" + struct.pack(">H", 0x8123) * (480 * channels)
    return raw_png(480, 320, 16, colour, zlib.compress(row * 320))


def animation(kind: str) -> bytes:
    """Return an animated file of three pictures."""
    frames = [scene(), scene().transpose(Image.Transpose.ROTATE_180), scene()]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def png_bomb(side: int) -> bytes:
    """Return a small PNG file of very many pixels."""
    compress = zlib.compressobj(9)
    row = bytes(1 + side * 3)
    data = b"".join(compress.compress(row) for _ in range(side)) + compress.flush()
    return raw_png(side, side, 8, 2, data)


def text_bomb() -> bytes:
    """Return a PNG file with texts that are small only while they are compressed."""
    text = png_chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(60_000_000), 9))
    return PNG_START + png(300, 300)[8:33] + text * 4 + png(300, 300)[33:]


def profile_bomb() -> bytes:
    """Return a PNG file whose colour profile is small only while it is compressed."""
    profile = png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(200_000_000), 9))
    return PNG_START + png(300, 300)[8:33] + profile + png(300, 300)[33:]


def scan_bomb() -> bytes:
    """Return a JPEG file of four megapixels that is decoded over and over: 20,000 refinements that change nothing."""
    file = saved(Image.new("L", (2048, 2048), 128), "JPEG", progressive=True, quality=10)
    end = file.rindex(b"\xff\xd9")
    start = file.rindex(b"\xff\xda", 0, end)
    return file[:end] + file[start:end] * 20_000 + file[end:]


def with_size(file: bytes, width: int, height: int) -> bytes:
    """Return a JPEG file whose header says another size."""
    place = next(at for at in (file.find(b"\xff\xc0"), file.find(b"\xff\xc2")) if at > 0) + 5
    return file[:place] + struct.pack(">HH", height, width) + file[place + 4 :]


def webp_canvas(width: int, height: int) -> bytes:
    """Return a WEBP file whose canvas is as large as it says, around a small picture."""
    inner = saved(scene(), "WEBP")[12:]
    canvas = bytes([0, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_screen(width: int, height: int) -> bytes:
    """Return a GIF file whose screen is as large as it says."""
    file = saved(scene().quantize(16), "GIF")
    return file[:6] + struct.pack("<HH", width, height) + file[10:]


def gif_frame(width: int, height: int) -> bytes:
    """Return a GIF file whose one picture is larger than its screen."""
    file = saved(scene().quantize(16), "GIF")
    place = file.index(b"\x2c\0\0\0\0") + 5
    return file[:place] + struct.pack("<HH", width, height) + file[place + 4 :]


def bmp_header(width: int, height: int) -> bytes:
    """Return a BMP file whose header says a size."""
    file = saved(scene(), "BMP")
    return file[:18] + struct.pack("<ii", width, height) + file[26:]


def transparent(kind: str) -> bytes:
    """Return a picture of which half is transparent."""
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return saved(image, kind)


def padded(size_bytes: int) -> bytes:
    """Return a JPEG file with comments up to a length."""
    file = saved(scene(), "JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", 65535) + bytes(65533)
    return file[:2] + comment * ((size_bytes - len(file)) // len(comment) + 1) + file[2:]


def broken_checksum() -> bytes:
    """Return a PNG file whose header does not fit its checksum."""
    file = bytearray(saved(scene(), "PNG"))
    file[30] ^= 0xFF
    return bytes(file)


def two_pictures() -> bytes:
    """Return a JPEG file with a second picture behind it, as phones make them."""
    return saved(scene(), "MPO", save_all=True, append_images=[scene()])


#: What each file becomes as a frame image, and what makes it.
FRAMES: Mapping[str, tuple[str, Make]] = MappingProxyType(
    {
        # Odd, and good.
        "a PNG": (GOOD, lambda: saved(scene(), "PNG")),
        "a JPEG": (GOOD, lambda: saved(scene(), "JPEG")),
        "a WEBP": (GOOD, lambda: saved(scene(), "WEBP")),
        "a WEBP without loss": (GOOD, lambda: saved(scene(), "WEBP", lossless=True)),
        "a grey PNG of 16 bits": (GOOD, lambda: png16(0, 1)),
        "a coloured PNG of 16 bits": (GOOD, lambda: png16(2, 3)),
        "a transparent PNG of 16 bits": (GOOD, lambda: png16(6, 4)),
        "a black and white PNG": (GOOD, lambda: saved(scene().convert("1"), "PNG")),
        "a PNG with a palette": (GOOD, lambda: saved(scene().quantize(200), "PNG")),
        "a PNG with a transparent palette": (GOOD, lambda: saved(scene().quantize(16), "PNG", transparency=bytes(16))),
        "a PNG with one transparent colour": (GOOD, lambda: saved(scene(), "PNG", transparency=(255, 0, 0))),
        "a transparent PNG": (GOOD, lambda: transparent("PNG")),
        "a transparent WEBP": (GOOD, lambda: transparent("WEBP")),
        "an interlaced PNG": (GOOD, lambda: raw_png(8 * 40, 320, 1, 0, zlib.compress(bytes(40_000)), interlaced=1)),
        "a grey JPEG": (GOOD, lambda: saved(scene().convert("L"), "JPEG")),
        "a JPEG for print": (GOOD, lambda: saved(scene().convert("CMYK"), "JPEG")),
        "a progressive JPEG": (GOOD, lambda: saved(scene(), "JPEG", progressive=True)),
        "a JPEG with a second picture": (GOOD, two_pictures),
        "a JPEG on its side": (GOOD, lambda: turned(6)),
        "a mirrored JPEG": (GOOD, lambda: turned(5)),
        "a PNG on its head": (GOOD, lambda: turned(3, "PNG")),
        "a WEBP on its side": (GOOD, lambda: turned(8, "WEBP")),
        "a JPEG turned in no known way": (GOOD, lambda: turned(99)),
        "a JPEG with broken EXIF data": (GOOD, lambda: saved(scene(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")),
        "an animated PNG": (GOOD, lambda: animation("PNG")),
        "an animated WEBP": (GOOD, lambda: animation("WEBP")),
        "a PNG with something behind it": (GOOD, lambda: saved(scene(), "PNG") + bytes(1_000_000)),
        "a PNG without an end": (GOOD, lambda: saved(scene(), "PNG")[:-12]),
        "a JPEG that is also a script": (GOOD, lambda: saved(scene(), "JPEG", comment=b"*/=1;alert(1)/*")),
        "a PNG with too few rows": (GOOD, lambda: raw_png(480, 320, 8, 2, zlib.compress(bytes(1441 * 10)))),
        "a JPEG with another size than it has": (GOOD, lambda: with_size(saved(scene(), "JPEG"), 2048, 2048)),
        # Turned over what it may be.
        "a JPEG that is too wide once it is upright": (RATIO, lambda: turned(6, size=(320, 810))),
        "a JPEG that is too low once it is upright": (HEIGHT, lambda: turned(6, size=(299, 400))),
        # Too large, or said to be.
        "a PNG bomb": (WIDTH, lambda: png_bomb(9000)),
        "a PNG of billions of pixels": (WIDTH, lambda: raw_png(2**31 - 1, 2**31 - 1, 8, 2, zlib.compress(bytes(9)))),
        "a PNG of no width": (BAD, lambda: raw_png(0, 300, 8, 2, zlib.compress(b""))),
        "a JPEG of billions of pixels": (WIDTH, lambda: with_size(saved(scene(), "JPEG"), 65500, 65500)),
        "a JPEG of no height": (BAD, lambda: with_size(saved(scene(), "JPEG"), 480, 0)),
        "a WEBP with a huge canvas": (WIDTH, lambda: webp_canvas(16384, 16384)),
        "a JPEG of very many bytes": (LARGE, lambda: padded(21_000_000)),
        "a PNG with bombs of text": (BAD, text_bomb),
        "a PNG with a bomb of a profile": (BAD, profile_bomb),
        "a JPEG that is decoded for ever": (BAD, scan_bomb),
        # Damaged.
        "a PNG that was cut off": (BAD, lambda: saved(scene(), "PNG")[:-500]),
        "a PNG that was cut off early": (BAD, lambda: saved(scene(), "PNG")[:40]),
        "a PNG with a wrong checksum": (BAD, broken_checksum),
        "a PNG whose rows are no rows": (BAD, lambda: raw_png(480, 320, 8, 2, b"these are no rows" * 9)),
        "a JPEG that was cut off": (BAD, lambda: saved(scene(), "JPEG")[:-2000]),
        "a JPEG that was cut off early": (BAD, lambda: saved(scene(), "JPEG")[:100]),
        "a WEBP that was cut off": (BAD, lambda: saved(scene(), "WEBP")[:-200]),
        "a WEBP that was cut off early": (BAD, lambda: saved(scene(), "WEBP")[:24]),
        # Something else.
        "a GIF": (BAD, lambda: saved(scene(), "GIF")),
        "an animated GIF": (BAD, lambda: animation("GIF")),
        "a GIF with a huge screen": (BAD, lambda: gif_screen(65535, 65535)),
        "a GIF with a huge picture": (BAD, lambda: gif_frame(60000, 60000)),
        "a GIF that was cut off": (BAD, lambda: saved(scene(), "GIF")[:3000]),
        "a BMP": (BAD, lambda: saved(scene(), "BMP")),
        "a BMP of billions of pixels": (BAD, lambda: bmp_header(60000, 60000)),
        "a TIFF": (BAD, lambda: saved(scene(), "TIFF")),
        "an icon": (BAD, lambda: saved(scene(), "ICO")),
        "a drawing": (BAD, lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        "a program for a printer": (BAD, lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\nquit\n"),
        "a PDF": (BAD, lambda: saved(scene(), "PDF")),
        "a web page": (BAD, lambda: b"<!doctype html><title>404 Not Found</title>" * 4),
        "an archive": (BAD, lambda: b"PK\x03\x04" + bytes(200)),
        "a small text": (BAD, lambda: b"GIF89"),
        "zeros": (BAD, lambda: bytes(500)),
        "a beginning alone": (BAD, lambda: PNG_START + bytes(40)),
    }
)


def photo(width: int, height: int, kind: str, **options: Any) -> bytes:
    """Return a large picture."""
    return saved(scene().resize((width, height)), kind, **options)


#: Large files, what each becomes as an upload, and what makes it: some that just fit, some that just do not.
PHOTOS: Mapping[str, tuple[str, Make]] = MappingProxyType(
    {
        "a photo": (GOOD, lambda: photo(4032, 3024, "JPEG")),
        "a large photo": (GOOD, lambda: photo(8000, 6000, "JPEG")),
        "a photo of a whole horizon": (LARGE, lambda: photo(20_000, 2_000, "JPEG")),
        "a progressive photo": (GOOD, lambda: photo(4032, 3024, "JPEG", progressive=True, subsampling=0)),
        "a progressive photo too large": (LARGE, lambda: photo(6000, 4000, "JPEG", progressive=True)),
        "a photo as PNG": (GOOD, lambda: photo(4032, 3024, "PNG", compress_level=1)),
        "a transparent photo": (
            GOOD,
            lambda: saved(scene().convert("RGBA").resize((4032, 3024)), "PNG", compress_level=1),
        ),
        "a photo as PNG too large": (LARGE, lambda: photo(6000, 4000, "PNG", compress_level=1)),
        "a photo as WEBP": (GOOD, lambda: photo(3456, 2592, "WEBP", method=0)),
        "a photo as WEBP too large": (LARGE, lambda: photo(4032, 3024, "WEBP", method=0)),
        "a photo as GIF": (GOOD, lambda: saved(scene().resize((4032, 3024)).quantize(8), "GIF")),
        "a photo as BMP": (GOOD, lambda: saved(scene().quantize(4).resize((4032, 3024)), "BMP")),
    }
)

#: What a file becomes as an upload, where it is refused.
UPLOADS: Mapping[str, str] = MappingProxyType(
    {name: told for name, (told, _) in FRAMES.items() if told in (BAD, LARGE)}
    | {
        **dict.fromkeys(("a PNG bomb", "a PNG of billions of pixels", "a JPEG of billions of pixels"), LARGE),
        **dict.fromkeys(("a WEBP with a huge canvas", "a GIF with a huge screen"), LARGE),
        **dict.fromkeys(("a GIF with a huge picture", "a BMP of billions of pixels"), LARGE),
        **dict.fromkeys(("a GIF", "an animated GIF", "a BMP"), GOOD),
    }
)
