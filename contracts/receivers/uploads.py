"""What a receiver of uploads gets, step by step: videos, again, in other formats, large, many, and from strangers."""

from collections.abc import Iterator

from contracts.receivers.talk import Kind, Probe, Step
from contracts.receivers.webhooks import strangers
from mockserver.media.clips import FOLDER, MEDIA_TYPES, clip_name

#: How many files are sent at a time: as many as a task may have results, within what is open to one receiver.
AT_ONCE = 8
#: Size of a large file, in bytes: ten seconds of video at a high bit rate.
LARGE_BYTES = 16 * 1024 * 1024

_PLAIN = frozenset({Kind.PLAIN})
#: Everything further goes to the same address, so that it must be one that takes more than one file.
_AGAIN = frozenset({Kind.PLAIN, Kind.AGAIN})


def upload_steps(url: str) -> Iterator[Step]:
    """Yield everything that is uploaded.

    Args:
        url: the address of the receiver.
    """
    video = clip("MP4")
    yield Step((Probe(Kind.PLAIN, "a finished video", video, MEDIA_TYPES["MP4"]),), is_vital=True)
    yield Step((Probe(Kind.AGAIN, "the same video again", video, MEDIA_TYPES["MP4"]),), _PLAIN)
    another = clip("MP4", 10)
    yield Step((Probe(Kind.SEVERAL, "another video of the same task", another, MEDIA_TYPES["MP4"]),), _AGAIN)
    for name in sorted(MEDIA_TYPES.keys() - {"MP4"}):
        yield Step((Probe(Kind.FORMAT, f"a video in {name}", clip(name), MEDIA_TYPES[name]),), _AGAIN)
    large = Probe(Kind.LARGE, f"a video of {LARGE_BYTES // 1024**2} MB", padded(video, LARGE_BYTES), MEDIA_TYPES["MP4"])
    yield Step((large,), _AGAIN, is_rough=True)
    same = Probe(Kind.AT_ONCE, f"{AT_ONCE} videos at once", video, MEDIA_TYPES["MP4"])
    yield Step((same,) * AT_ONCE, _AGAIN, is_rough=True)
    broken = Probe(Kind.CUT, "an upload that breaks off", video, MEDIA_TYPES["MP4"], is_cut=True)
    yield Step((broken,), _AGAIN, is_rough=True)
    for about, address in strangers(url):
        yield Step((Probe(Kind.STRANGER, f"a video {about}", video, MEDIA_TYPES["MP4"], address),), _PLAIN)


def plain_video(after: str) -> Probe:
    """Return a plain upload that shows whether a receiver is still there after something."""
    return Probe(Kind.PULSE, f"a finished video after {after}", clip("MP4"), MEDIA_TYPES["MP4"])


def clip(output_format: str, duration_s: int = 6) -> bytes:
    """Return a video that ships with the mock."""
    return (FOLDER / clip_name(1366, 768, duration_s, output_format)).read_bytes()


def padded(video: bytes, size_bytes: int) -> bytes:
    """Return an MP4 file with a box at its end that players pass over, so that it has so many bytes."""
    room = size_bytes - len(video)
    return video + room.to_bytes(4, "big") + b"free" + bytes(room - 8)
