"""Rendered files on disk, up to a size; what was used longest ago goes first.

Nothing is remembered between calls but the folder, so several processes may share one, and it survives them all.
The time of access tells when a file was last used; it is set by hand, so it counts however the disk is mounted.
"""

import os
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: What may be dropped: nothing else in the folder is touched.
_OURS = re.compile(r"[0-9a-f]{32}\.[a-z0-9]{1,8}")
_DRAFTS = re.compile(r"draft-[a-z0-9_]+")
#: A draft as old as this was left behind by a process that was killed.
FORSAKEN_S = 3600


class Cache:
    """A folder of finished files.

    Args:
        folder: where they lie; made when first needed. None for a temporary one that goes with this object.
        max_bytes: how much they may take together; the newest file stays even if it alone takes more.

    Attributes:
        folder: as given.
    """

    def __init__(self, folder: Path | None, max_bytes: int) -> None:
        self.folder, self._max_bytes = folder, max_bytes
        self._temporary: Path | None = None
        self._remove: weakref.finalize[[str, bool], Cache] | None = None

    def find(self, name: str) -> Path | None:
        """Return a file and note that it was used, or None where it is not there."""
        folder = self.folder or self._temporary
        if folder is None:
            return None
        path = folder / name
        try:
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        except OSError:
            return None
        return path

    def draft(self) -> Path:
        """Return an empty file to be written before it is kept. Nobody else writes to it."""
        descriptor, path = tempfile.mkstemp(prefix="draft-", dir=self._folder())
        os.close(descriptor)
        return Path(path)

    def keep(self, draft: Path, name: str) -> Path:
        """Make a draft a finished file, at once and whole, and drop what is too much.

        Args:
            draft: what was written.
            name: 32 hexadecimal digits and an extension.
        """
        path = draft.with_name(name)
        draft.replace(path)
        self.find(name)
        self._trim(path)
        return path

    def close(self) -> None:
        """Remove the temporary folder; a later use makes another."""
        if self._remove is not None:
            self._remove()
        self._temporary = self._remove = None

    def _folder(self) -> Path:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            return self.folder
        if self._temporary is None or not self._temporary.is_dir():
            self._temporary = Path(tempfile.mkdtemp(prefix="runware-mock-"))
            self._remove = weakref.finalize(self, shutil.rmtree, str(self._temporary), True)
        return self._temporary

    def _trim(self, newest: Path) -> None:
        files = sorted(_finished(newest.parent))
        taken_bytes = sum(size_bytes for _, size_bytes, _ in files)
        for _, size_bytes, path in files:
            if taken_bytes <= self._max_bytes:
                break
            if path != newest:
                taken_bytes -= size_bytes
                with suppress(OSError):
                    path.unlink()


def _finished(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Yield when each file was last used, in ns, its bytes and its place; drop forsaken drafts on the way."""
    for entry in os.scandir(folder):
        with suppress(OSError):
            status = entry.stat()
            if _OURS.fullmatch(entry.name):
                yield status.st_atime_ns, status.st_size, Path(entry.path)
            elif _DRAFTS.fullmatch(entry.name) and time.time() - status.st_mtime > FORSAKEN_S:
                Path(entry.path).unlink()
