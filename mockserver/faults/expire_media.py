"""The address that is no longer good."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Download, Fault, Moment


@dataclass(frozen=True, slots=True)
class ExpireMedia(Fault):
    """The video's address has expired when it is asked for: `mediaExpired`.

    A good client downloads soon, and says that the video is gone; a task of the same seed makes it again.
    """

    moments: ClassVar = frozenset({Moment.DOWNLOAD})

    def serve(self, download: Download) -> Download:
        """Answer an error in place of the file."""
        return replace(download, error="mediaExpired")
