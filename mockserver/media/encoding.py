"""Frames to files: which codec stands for a format and how quality drives it. The same order gives the same bytes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from mockserver.media.drawing import Patch, draw
from mockserver.media.orders import Order

#: A player can enter the film at every so many seconds.
KEY_FRAME_EVERY_S = 2


@dataclass(frozen=True, slots=True)
class Encoder:
    """How a format is made.

    Attributes:
        container: name of the container in FFmpeg.
        codec: name of the encoder in FFmpeg.
        matrix: colours of the frames, one of `MATRICES`.
        muxer: options of the container.
        options: options of the encoder for a quality from 1 to 100. Fixed quantisers, no rate control: the size
            follows from picture and quality alone.
    """

    container: str
    codec: str
    matrix: str
    muxer: Mapping[str, str]
    options: Callable[[int], Mapping[str, str]]


def _h264(quality: int) -> Mapping[str, str]:
    return {"preset": "ultrafast", "tune": "zerolatency", "qp": str(round(40 - 0.22 * quality))}


def _vp8(quality: int) -> Mapping[str, str]:
    """Leave out the coarsest levels: they make no smaller files of still pictures, for what they lose is sent again."""
    level = str(round(48 - 0.4 * quality))
    speed = {"deadline": "realtime", "cpu-used": "16", "static-thresh": "1000"}
    return {**speed, "b": "0", "crf": level, "qmin": level, "qmax": level}


#: By output format. VP8 knows only the older colours.
ENCODERS: Mapping[str, Encoder] = MappingProxyType(
    {
        "MP4": Encoder("mp4", "libx264", "bt709", {"movflags": "+faststart"}, _h264),
        "MOV": Encoder("mov", "libx264", "bt709", {"movflags": "+faststart"}, _h264),
        "WEBM": Encoder("webm", "libvpx", "bt601", {"cues_to_front": "1"}, _vp8),
    }
)
#: How the colours of frames are named in files, by matrix.
_COLOURS = MappingProxyType(
    {
        "bt601": (Colorspace.ITU601, ColorPrimaries.SMPTE170M, ColorTrc.SMPTE170M),
        "bt709": (Colorspace.ITU709, ColorPrimaries.BT709, ColorTrc.BT709),
    }
)


def render(order: Order, pictures: Mapping[str, bytes], path: Path) -> None:
    """Make the file of an order.

    Args:
        order: what is wanted.
        pictures: files of the pictures that it names, by digest.
        path: where the file goes.
    """
    encoder = ENCODERS[order.output_format]
    encode(order, draw(order, pictures, encoder.matrix), encoder, path)


def encode(order: Order, frames: Iterable[Sequence[Patch]], encoder: Encoder, path: Path) -> None:
    """Write frames to a file.

    One thread, because more make other bytes each time; bit-exact, because else containers hold random numbers and
    the date.
    """
    options = {"fflags": "+bitexact", **encoder.muxer}
    with av.open(str(path), "w", format=encoder.container, options=options) as output:
        output.metadata.update(title=order.task_uuid, comment=order.prompt)
        stream = _add_stream(output, order, encoder)
        frame = av.VideoFrame(order.width_px, order.height_px, "yuv420p")
        # Encoders copy what they are given, so one frame serves for all.
        for number, patches in enumerate(frames):
            for patch in patches:
                _apply(frame, patch)
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def _add_stream(output: Any, order: Order, encoder: Encoder) -> Any:
    options = {
        **encoder.options(order.quality),
        "threads": "1",
        "flags": "+bitexact",
        "g": str(order.fps * KEY_FRAME_EVERY_S),
    }
    stream = output.add_stream(encoder.codec, rate=Fraction(order.fps), options=options)
    stream.width, stream.height, stream.pix_fmt = order.width_px, order.height_px, "yuv420p"
    context = stream.codec_context
    context.colorspace, context.color_primaries, context.color_trc = _COLOURS[encoder.matrix]
    context.color_range = ColorRange.MPEG
    return stream


def _apply(frame: av.VideoFrame, patch: Patch) -> None:
    """Copy a patch into a frame, row by row."""
    for plane, part, scale in zip(frame.planes, patch.planes, (1, 2, 2), strict=True):
        target, pixels = memoryview(plane), memoryview(part.tobytes())
        stride, width = plane.line_size, part.width
        start = patch.top // scale * stride + patch.left // scale
        for row in range(part.height):
            target[start : start + width] = pixels[row * width : row * width + width]
            start += stride
