"""The download that drips."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.faults.base import Download, Fault, Moment, setting


@dataclass(frozen=True, slots=True)
class SlowDownload(Fault):
    """The video comes late and slowly.

    A good client shows progress, and limits the time without bytes rather than the whole download.
    """

    moments: ClassVar = frozenset({Moment.DOWNLOAD})

    delay_ms: int = setting(1000, "milliseconds until the first byte")
    bytes_per_s: int = setting(100_000, "bytes that come through in a second", least=10)

    def serve(self, download: Download) -> Download:
        """Send the file slowly."""
        return replace(download, delay_ms=self.delay_ms, bytes_per_s=self.bytes_per_s)
