"""Stored pictures and other media: upload and delete. Pictures are looked at before they are stored."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from mockserver.media.darkroom import Busy
from mockserver.media.pictures import BadPicture, Stored, format_of, store
from mockserver.platform.addresses import refuse_source
from mockserver.platform.base import Caller, Desk, Held, Media, good
from mockserver.platform.intake import Outside, refuse, take_in
from mockserver.platform.storage import UUID_LENGTH, File, digest_of, drop, is_uuid, own_media, put
from mockserver.wire import Answer


class _Upload(NamedTuple):
    """Something to store, with what was decided when it came.

    Attributes:
        task: the request.
        parameter: name of the parameter that holds it.
        family: first part of the path at which it will be found.
        owner: digest of the key.
        origin: scheme and authority under which the client reached the mock.
        uuid: what it will be stored under.
    """

    task: Mapping[str, Any]
    parameter: str
    family: str
    owner: str
    origin: str
    uuid: str


def upload_image(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer | Held:
    """Store a picture.

    Source: schema/tasks/imageUpload.json (stated)
    """
    return _receive(desk, caller, task, "image", "image")


def store_media(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer | Held:
    """Store a file, or delete a stored one.

    Source: schema/tasks/mediaStorage.json (stated)
    """
    if task["operation"] == "delete":
        return _delete(desk, caller, task)
    if is_uuid(task["media"]):
        return desk.wire.error("invalidMedia", task, reason="What is stored already is not uploaded again.")
    return _receive(desk, caller, task, "media", "media")


def _delete(desk: Desk, caller: Caller, task: Mapping[str, Any]) -> Answer:
    uuid = task["media"].lower()
    media = own_media(desk, caller, uuid)
    if media is None:
        return desk.wire.error("mediaNotFound", task, place=("media",), name=uuid[:UUID_LENGTH])
    drop(desk, uuid, media)
    return good(task, "deleted", operation="delete", mediaUUID=task["media"])


def _receive(desk: Desk, caller: Caller, task: Mapping[str, Any], parameter: str, family: str) -> Answer | Held:
    refused = refuse_source(desk, desk.spec.tasks[task["taskType"]], (parameter,), task[parameter])
    if refused:
        return desk.wire.refused(task, [refused])
    owner = caller.owner or ""
    upload = _Upload(task, parameter, family, owner, caller.origin, desk.new_uuid(owner, "media"))
    return Held(partial(_store, desk, upload))


async def _store(desk: Desk, upload: _Upload) -> Answer:
    """Fetch, look at and store a file, and answer its address."""
    branch, value = desk.spec.tasks[upload.task["taskType"]], upload.task[upload.parameter]
    try:
        file = await take_in(desk, value, branch.pictures.most_bytes)
        if isinstance(file, Outside):
            put(desk, upload.uuid, Media(upload.owner, "", "", source=value), b"")
            return _stored(upload, "", f"{value.partition('?')[0]} is not stored: {file}")
        stored = await _look(desk, upload, file)
    except BadPicture as problem:
        if problem.code == "invalidImage" and upload.parameter == "media":
            problem.code = "invalidMedia"
        return desk.wire.refused(upload.task, [refuse(desk, branch, (upload.parameter,), value, problem)])
    except Busy:
        return desk.wire.error("rateLimitExceeded", upload.task)
    is_as_sent = stored.content is file.content
    digest = file.digest if is_as_sent else digest_of(stored.content)
    put(desk, upload.uuid, Media(upload.owner, digest, stored.media_type), stored.content)
    return _stored(upload, stored.media_type)


async def _look(desk: Desk, upload: _Upload, file: File) -> Stored:
    """Return a file as it is stored; of what is no picture only a picture's upload is refused."""
    rules = desk.spec.tasks[upload.task["taskType"]].pictures
    if upload.parameter == "image" or file.declared.startswith("image/") or format_of(file.content):
        return await desk.darkroom.work(len(file.content), partial(store, file.content, file.declared, rules))
    return Stored(file.content, file.declared or "application/octet-stream")


def _stored(upload: _Upload, media_type: str, *notes: str) -> Answer:
    suffix = media_type.partition("/")[2].replace("jpeg", "jpg")
    extension = f".{suffix}" if suffix.isalnum() else ""
    url = f"{upload.origin}/{upload.family}/ii/{upload.uuid}{extension}"
    if upload.parameter == "image":
        answer = good(upload.task, "stored", imageUUID=upload.uuid, imageURL=url)
        answer.is_upload = True
    else:
        answer = good(upload.task, "stored", operation="upload", mediaUUID=upload.uuid, mediaURL=url)
    answer.notes = notes
    return answer
