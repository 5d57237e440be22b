"""The file that is not a video."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Download, Fault, Moment


@dataclass(frozen=True, slots=True)
class CorruptDownload(Fault):
    """The download is as long as the video, and its bytes are no video.

    A good client looks into the file before it throws the address away.
    """

    moments: ClassVar = frozenset({Moment.DOWNLOAD})

    def serve(self, download: Download) -> Download:
        """Send other bytes."""
        return replace(download, is_corrupt=True)
