"""The download that breaks off."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Download, Fault, Moment, setting


@dataclass(frozen=True, slots=True)
class BreakDownload(Fault):
    """The connection is reset in the middle of the video, the first time.

    A good client holds what came against `Content-Length`, and asks for the rest with `Range`, or for all of it.
    """

    moments: ClassVar = frozenset({Moment.DOWNLOAD})
    times: ClassVar = 1

    share: float = setting(0.5, "which share of the bytes comes, from 0 to 1", most=1)

    def serve(self, download: Download) -> Download:
        """Break the connection on the way."""
        return replace(download, cut_at=self.share)
