"""Stored files: kept by UUID for their owner, their content once by its digest."""

import re
from hashlib import blake2b
from typing import NamedTuple

from mockserver.platform.base import Caller, Content, Desk, Media
from mockserver.ports import Entry, Shelf

UUID_LENGTH = 36

#: Path of a stored file on the mock. Source: the shape of official addresses (observed)
STORED_PATH = re.compile(r"/(?:image|media)/ii/(?P<uuid>[0-9a-f-]{36})(?:\.[a-z0-9]{1,20})?")
_ADDRESS = re.compile(rf"https?://[^/?#]+(?:/[^?#]*)?{STORED_PATH.pattern}", re.IGNORECASE)


class File(NamedTuple):
    """A file that a request brings.

    Attributes:
        content: the bytes.
        declared: media type that it was given, or "".
        digest: what the content is kept under.
    """

    content: bytes
    declared: str
    digest: str


def digest_of(content: bytes) -> str:
    """Return what a content is kept under."""
    return blake2b(content, digest_size=16).hexdigest()


def is_uuid(value: str) -> bool:
    """Say whether a picture that passed its schema is named by UUID."""
    return len(value) == UUID_LENGTH and value[8] == "-"


def put(desk: Desk, uuid: str, media: Media, content: bytes) -> None:
    """Keep a file, and its content unless it is kept already."""
    desk.keep(Shelf.MEDIA, (uuid,), media, len(media.source) + UUID_LENGTH)
    if media.digest:
        _hold(desk, media.digest, content, 1)


def drop(desk: Desk, uuid: str, media: Media) -> None:
    """Forget a file, and its content unless another file has it too."""
    desk.store.drop(Shelf.MEDIA, (uuid,))
    kept = _content(desk, media.digest)
    if kept is not None and kept.holders > 1:
        _hold(desk, media.digest, kept.data, -1)
    elif kept is not None:
        desk.store.drop(Shelf.CONTENT, (media.digest,))


def own_media(desk: Desk, caller: Caller, uuid: str) -> Media | None:
    """Return the stored file of a UUID, if it belongs to whoever asks."""
    media = desk.store.get(Shelf.MEDIA, (uuid.lower(),))
    return media if isinstance(media, Media) and media.owner == caller.owner else None


def media_at(desk: Desk, url: str) -> Media | None:
    """Return the stored file that an address leads to, where it leads to one of the mock.

    The UUID in it cannot be guessed: whoever knows the address was told it, and the host need not be looked at.
    """
    return _find(desk, url)[1]


def use_at(desk: Desk, url: str) -> Media | None:
    """Return the stored file that an address leads to, and count the time for which it is kept from now on.

    Whoever names it uses it, also with a task that is refused in the end (assumed).
    """
    uuid, media = _find(desk, url)
    if media is not None:
        renew(desk, uuid, media)
    return media


def content_of(desk: Desk, media: Media) -> bytes | None:
    """Return the content of a stored file, or None where it is no longer kept."""
    kept = _content(desk, media.digest)
    return kept.data if kept else None


def renew(desk: Desk, uuid: str, media: Media) -> None:
    """Count the time for which a file is kept from now on: it is used.

    Source: the documentation of image uploads (stated: removed 30 days after the last use; that a download counts as
    one is assumed)
    """
    desk.keep(Shelf.MEDIA, (uuid.lower(),), media, len(media.source) + UUID_LENGTH)
    kept = _content(desk, media.digest)
    if kept is not None:
        _hold(desk, media.digest, kept.data, 0)


def _find(desk: Desk, url: str) -> tuple[str, Media | None]:
    found = _ADDRESS.fullmatch(url.partition("?")[0])
    if found is None:
        return "", None
    uuid = found["uuid"].lower()
    media = desk.store.get(Shelf.MEDIA, (uuid,))
    return uuid, media if isinstance(media, Media) else None


def _content(desk: Desk, digest: str) -> Content | None:
    kept = desk.store.get(Shelf.CONTENT, (digest,)) if digest else None
    return kept if isinstance(kept, Content) else None


def _hold(desk: Desk, digest: str, data: bytes, more: int) -> None:
    now_ms = desk.clock.now_ms()

    def change(kept: Content | None) -> tuple[Entry, None]:
        held = Content(kept.data, kept.holders + more) if kept else Content(data, more)
        return Entry(held, now_ms, len(held.data)), None

    desk.store.update(Shelf.CONTENT, (digest,), change)
