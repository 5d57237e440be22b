"""Addresses in a request: those that nobody honest writes are refused before anything is done with them.

One that is honest but not open is no mistake of the client's: it is good with the real service. What happens to it is
decided where it would be used.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.outbound import Reach
from mockserver.platform.base import Desk
from mockserver.platform.storage import media_at
from mockserver.spec.checkers.base import Path
from mockserver.spec.load import Branch
from mockserver.spec.violations import Violation, reject


def is_address(value: str) -> bool:
    """Say whether a picture or other media that passed its schema is given by its address."""
    return value[:4].lower() == "http" and "://" in value[:8]


def refuse_address(desk: Desk, branch: Branch, path: Path, value: str) -> Violation | None:
    """Say why an address is refused; None for a good one, and for what is no address."""
    if not is_address(value):
        return None
    verdict = desk.outbound.judge(value)
    if verdict.reach is not Reach.REFUSED:
        return None
    return reject(desk.spec, branch, path, value, verdict.reason[:1].upper() + verdict.reason[1:])


def refuse_source(desk: Desk, branch: Branch, path: Path, value: str) -> Violation | None:
    """Say why the address of a picture is refused. That of a file which is stored here is good: nothing is called."""
    return None if is_address(value) and media_at(desk, value) else refuse_address(desk, branch, path, value)


def refuse_addresses(desk: Desk, branch: Branch, task: Mapping[str, Any]) -> list[Violation]:
    """Return why addresses in a task for a model are refused, in document order."""
    found: list[Violation | None] = []
    for name, value in task.items():
        if name in ("webhookURL", "uploadEndpoint"):
            found.append(refuse_address(desk, branch, (name,), value))
        elif name == "inputs":
            images = frame_images(value.get("frameImages", ()))
            found += [refuse_source(desk, branch, path, image) for path, image in images]
    return [violation for violation in found if violation is not None]


def frame_images(entries: Sequence[Any]) -> Iterator[tuple[Path, str]]:
    """Yield where each frame image stands in a task, and what stands there."""
    for index, entry in enumerate(entries):
        place: Path = ("inputs", "frameImages", index)
        yield (place, entry) if isinstance(entry, str) else ((*place, "image"), entry["image"])
