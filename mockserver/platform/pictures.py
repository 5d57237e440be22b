"""Pictures in a task: where each comes from, what it is kept under, and why one is refused.

What the store must be asked is asked at once, so that a picture which is deleted a moment later is still the task's;
what takes time, fetching and looking, is waited for.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from mockserver.media.pictures import BadPicture, Picture, check, develop, draw_placeholder
from mockserver.platform.addresses import frame_images, is_address
from mockserver.platform.base import Caller, Desk, Media
from mockserver.platform.intake import Outside, refuse, take_in
from mockserver.platform.storage import File, content_of, digest_of, is_uuid, own_media, renew, use_at
from mockserver.ports import Shelf
from mockserver.spec.checkers.base import Path
from mockserver.spec.load import Branch
from mockserver.spec.pictures import FORMATS, PictureRules
from mockserver.spec.violations import Violation


class Given(NamedTuple):
    """A picture as a task gives it.

    Attributes:
        path: where it stands in the task.
        frame: which frame shows it: 0 the first, -1 the last.
        value: what stands there, or the address that a stored picture was given by.
        file: the file of a stored picture, else None.
    """

    path: Path
    frame: int
    value: str
    file: File | None = None


class Missing(NamedTuple):
    """A stored picture is not there, or belongs to another key.

    Attributes:
        name: the UUID that the task gives.
        path: where it stands in the task.
    """

    name: str
    path: Path


class Taken(NamedTuple):
    """The pictures of a task, looked at.

    Attributes:
        pictures: frame and digest of each, the first frame first.
        notes: what was not fetched, and why.
        violations: why the task is refused; empty for good pictures.
    """

    pictures: tuple[tuple[int, str], ...]
    notes: Sequence[str]
    violations: Sequence[Violation]


#: Positions of frames by what a request may say. Source: schema/shared/media.json#/$defs/frameImageObject (stated)
_FRAMES: Mapping[Any, int] = {"first": 0, "last": -1, 0: 0, -1: -1}


def given_pictures(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> list[Given] | Missing:
    """Return the pictures that a good task gives, or the first stored one that is missing."""
    entries = task["inputs"].get("frameImages", ())
    given: list[Given] = []
    for (path, value), frame in zip(frame_images(entries), _frames(entries), strict=True):
        stored = _stored(desk, caller, value, path)
        if isinstance(stored, Missing):
            return stored
        if stored is None or stored.source:
            given.append(Given(path, frame, stored.source if stored else value))
            continue
        content = content_of(desk, stored)
        if content is None:
            return Missing(value, path)
        given.append(Given(path, frame, value, File(content, "", stored.digest)))
    return given


def _frames(entries: Sequence[Any]) -> Iterator[int]:
    """Yield the frame of each picture: the one it claims, else the first that no other claims.

    Source: schema/shared/media.json#/$defs/frameImages (stated; a claim beside none is assumed)
    """
    claims = [None if isinstance(entry, str) else entry.get("frame") for entry in entries]
    claimed = [_FRAMES[claim] for claim in claims if claim is not None]
    free = [frame for frame in (0, -1) if frame not in claimed]
    for claim in claims:
        yield free.pop(0) if claim is None else _FRAMES[claim]


def _stored(desk: Desk, caller: Caller, value: str, path: Path) -> Media | Missing | None:
    """Return the stored file that a picture names by its UUID or by its address here; None where it names none."""
    if is_address(value):
        return use_at(desk, value)
    if not is_uuid(value):
        return None
    media = own_media(desk, caller, value)
    if media is None:
        return Missing(value, path)
    renew(desk, value, media)
    return media


async def take_pictures(desk: Desk, branch: Branch, given: Sequence[Given]) -> Taken:
    """Fetch and look at the pictures of a task, all at once.

    Raises:
        Busy: too many pictures wait to be looked at.
    """
    taken = await asyncio.gather(*(_take(desk, branch, each) for each in given))
    kept = [(each.frame, outcome) for each, outcome in zip(given, taken, strict=True) if isinstance(outcome, _Kept)]
    pictures = sorted(((frame, outcome.digest) for frame, outcome in kept if outcome.digest), reverse=True)
    return Taken(
        tuple(pictures),
        [outcome.note for _, outcome in kept if outcome.note],
        [outcome for outcome in taken if isinstance(outcome, Violation)],
    )


class _Kept(NamedTuple):
    """Under which digest a picture is kept, "" for none; and what the log should say."""

    digest: str
    note: str = ""


async def _take(desk: Desk, branch: Branch, given: Given) -> _Kept | Violation:
    rules = branch.pictures
    try:
        if given.file is not None:
            return await _keep(desk, given.file, replace(rules, formats=FORMATS))
        file = await take_in(desk, given.value, rules.most_bytes)
        if isinstance(file, Outside):
            return await _stand_in(desk, given.value, file)
        return await _keep(desk, file, rules)
    except BadPicture as problem:
        return refuse(desk, branch, given.path, given.value, problem)


async def _keep(desk: Desk, file: File, rules: PictureRules) -> _Kept:
    """Look at a picture, unless the same one was looked at before, and keep it from now on."""
    picture: Picture | None = desk.store.get(Shelf.PICTURES, (file.digest,))
    if picture is not None:
        check(picture, len(file.content), file.declared, rules)
    else:
        look = partial(develop, file.content, file.declared, rules)
        picture = await desk.darkroom.work(len(file.content), look)
    desk.keep(Shelf.PICTURES, (file.digest,), picture, len(picture.content))
    return _Kept(file.digest)


async def _stand_in(desk: Desk, address: str, reason: str) -> _Kept:
    """Keep a placeholder for a picture that is not fetched."""
    digest = digest_of(f"placeholder {address} {reason}".encode())
    picture: Picture | None = desk.store.get(Shelf.PICTURES, (digest,))
    if picture is None:
        picture = await desk.darkroom.work(0, partial(draw_placeholder, address, reason))
    note = f"the picture at {address.partition('?')[0]} is a placeholder: {reason}"
    if picture is None:
        return _Kept("", note)
    desk.keep(Shelf.PICTURES, (digest,), picture, len(picture.content))
    return _Kept(digest, note)
