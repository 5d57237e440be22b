"""Little pictures: real files that every model takes, and some that it must refuse.

They are made without any library, so that tasks with pictures can be drawn wherever the kit runs.
"""

import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from types import MappingProxyType


def png(width: int, height: int, *, is_white: bool = False, note: str = "") -> bytes:
    """Return a PNG file that is black or white all over.

    Args:
        width: in pixels.
        height: in pixels.
        is_white: whether it is white.
        note: a text within the file, which makes it another file.
    """
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = (b"\0" + (b"\xff" if is_white else b"\0") * ((width + 7) // 8)) * height
    text = png_chunk(b"tEXt", b"note\0" + note.encode("latin-1")) if note else b""
    data = zlib.compress(rows, 9)
    return PNG_START + png_chunk(b"IHDR", header) + text + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


PNG_START = b"\x89PNG\r\n\x1a\n"


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return one piece of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


#: 300 by 300 pixels, grey.
WEBP = b64decode("UklGRiYAAABXRUJQVlA4TBoAAAAvK8FKAAdQwAIWsP8BAEX6/58i+p/63/+IAA==")
#: 300 by 300 pixels, grey.
JPEG = (
    b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////"
        "////////////////wAALCAEsASwBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8A"
    )
    + bytes(361)
    + b"\xff\xd9"
)

#: Files that every model takes, by name, with the media type of each.
GOOD: Mapping[str, tuple[str, bytes]] = MappingProxyType(
    {
        "the smallest PNG": ("image/png", png(300, 300)),
        "a PNG of the size of a video": ("image/png", png(1366, 768, is_white=True)),
        "the largest PNG": ("image/png", png(2048, 2048)),
        "the narrowest PNG": ("image/png", png(320, 800)),
        "the widest PNG": ("image/png", png(2000, 800)),
        "a JPEG": ("image/jpeg", JPEG),
        "a WEBP": ("image/webp", WEBP),
    }
)

#: Files that are refused as frame images, by name, with the code of the error.
BAD: Mapping[str, tuple[str, bytes]] = MappingProxyType(
    {
        "a pixel less than the narrowest": ("invalidFrameImageWidth", png(299, 300)),
        "a pixel less than the lowest": ("invalidFrameImageHeight", png(300, 299)),
        "a pixel more than the widest": ("invalidFrameImageWidth", png(2049, 1000)),
        "a pixel more than the highest": ("invalidFrameImageHeight", png(1000, 2049)),
        "too narrow for its height": ("invalidFrameImageRatio", png(319, 800)),
        "too wide for its height": ("invalidFrameImageRatio", png(2001, 800)),
        "a text": ("invalidImage", b"This is no picture, whatever it is called. " * 2),
        "a picture that was cut off": ("invalidImage", png(300, 300)[:-30]),
    }
)


def as_data_uri(media_type: str, content: bytes) -> str:
    """Return a file as a data URI."""
    return f"data:{media_type};base64,{as_base64(content)}"


def as_base64(content: bytes) -> str:
    """Return a file as bare base64."""
    return b64encode(content).decode()
