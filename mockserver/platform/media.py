"""Stored pictures and other media: upload, use by UUID, delete."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.platform.addresses import is_address, refuse_address
from mockserver.platform.base import Caller, Desk, Media, good
from mockserver.ports import Shelf
from mockserver.wire import Answer

UUID_LENGTH = 36

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)


def upload_image(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer:
    """Store a picture.

    Source: schema/tasks/imageUpload.json (stated)
    """
    refused = refuse_address(desk, desk.spec.tasks["imageUpload"], ("image",), task["image"])
    if refused:
        return desk.wire.refused(task, [refused])
    uuid, media = _keep(desk, caller, task["image"])
    answer = good(task, "stored", imageUUID=uuid, imageURL=_url(caller, "image", uuid, media))
    answer.is_upload = True
    return answer


def store_media(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer:
    """Store a file, or delete a stored one.

    Source: schema/tasks/mediaStorage.json (stated)
    """
    if task["operation"] == "delete":
        return _delete(desk, caller, task)
    if is_uuid(task["media"]):
        return desk.wire.error("invalidMedia", task, reason="What is stored already is not uploaded again.")
    refused = refuse_address(desk, desk.spec.tasks["mediaStorage"], ("media",), task["media"])
    if refused:
        return desk.wire.refused(task, [refused])
    uuid, media = _keep(desk, caller, task["media"])
    return good(task, "stored", operation="upload", mediaUUID=uuid, mediaURL=_url(caller, "media", uuid, media))


def _delete(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer:
    uuid = task["media"].lower()
    media = desk.store.get(Shelf.MEDIA, (uuid,))
    if not isinstance(media, Media) or media.owner != caller.owner:
        return desk.wire.error("mediaNotFound", task, name=uuid[:UUID_LENGTH])
    desk.store.drop(Shelf.MEDIA, (uuid,))
    return good(task, "deleted", operation="delete", mediaUUID=task["media"])


def missing_media(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> str | None:
    """Return the first stored picture that a task names and its owner does not have, or None."""
    for image in _images(task):
        if is_uuid(image):
            media = desk.store.get(Shelf.MEDIA, (image.lower(),))
            if not isinstance(media, Media) or media.owner != caller.owner:
                return image
    return None


def _images(task: Mapping[str, Any]) -> Iterator[str]:
    for entry in task.get("inputs", {}).get("frameImages", ()):
        yield entry if isinstance(entry, str) else entry["image"]


def is_uuid(image: str) -> bool:
    """Say whether a picture that passed its schema is named by UUID."""
    return len(image) == UUID_LENGTH and image[8] == "-"


def _keep(desk: Desk, caller: Caller, value: str) -> tuple[str, Media]:
    owner = caller.owner or ""
    media = _read(owner, value)
    uuid = desk.new_uuid(owner, "media")
    desk.keep(Shelf.MEDIA, (uuid,), media, weight=len(media.content) + len(media.source))
    return uuid, media


def _read(owner: str, value: str) -> Media:
    """Read what a client sent as media: an address, a data URI or bare base64, as its schema made sure."""
    if is_address(value):
        return Media(owner, b"", "", source=value)
    declared, _, content = value.removeprefix("data:").rpartition(",")
    raw = base64.b64decode(content)
    return Media(owner, raw, declared.partition(";")[0] or _media_type(raw))


def _media_type(content: bytes) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((name for start, name in _SIGNATURES if content.startswith(start)), "application/octet-stream")


def _url(caller: Caller, family: str, uuid: str, media: Media) -> str:
    suffix = media.media_type.partition("/")[2].replace("jpeg", "jpg")
    extension = f".{suffix}" if suffix.isalnum() else ""
    return f"{caller.origin}/{family}/ii/{uuid}{extension}"
