"""Downloads: the finished videos and the stored media. Ranges, HEAD and validators are Starlette's work."""

import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from string import punctuation
from urllib.parse import quote

from mockserver.media.clips import Clip, NoClip
from mockserver.platform import Media
from mockserver.platform.storage import STORED_PATH, content_of, renew
from mockserver.ports import Shelf
from mockserver.runtime import Runtime
from mockserver.shown import Found, Gone
from mockserver.transports.asgi import Message, Receive, Scope, Send, headers_of, route_path, send_answer
from mockserver.transports.http import HttpDesk
from mockserver.transports.spoilt import SpoiltFile, StrangeLine, line_of

#: Returns the file of a finished result, once there is one, or why there is none.
FindClip = Callable[[Found], Awaitable[Clip | NoClip]]

METHODS = ("GET", "HEAD", "OPTIONS")

#: How long a client may keep a file without asking again, in seconds, if its address stays good that long.
LONGEST_FRESH_S = 3600

#: What lets a page of any origin play what lies here, and see where it is in the file. Source: the fetch standard
#: (stated); that the real service's files may be read from pages is assumed.
_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"accept-ranges, content-disposition, content-length, content-range, etag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_PREFLIGHT = (
    (b"access-control-allow-methods", ", ".join(METHODS).encode()),
    (b"access-control-allow-headers", b"*, authorization"),
    (b"access-control-max-age", b"86400"),
    (b"allow", ", ".join(METHODS).encode()),
)

_VIDEO = re.compile(r"/video/[a-z0-9./]*vi/(?P<uuid>[0-9a-f-]{36})\.(?P<extension>mp4|webm|mov)")


class FileTransport:
    """The download endpoints as a raw ASGI function, for GET, HEAD and what browsers ask before them.

    Args:
        runtime: knows what may be downloaded.
        desk: words what fails.
        find_clip: returns the file of a finished result, or why there is none.
    """

    def __init__(self, runtime: Runtime, desk: HttpDesk, find_clip: FindClip) -> None:
        self._runtime = runtime
        self._desk = desk
        self._find_clip = find_clip

    @staticmethod
    def knows(path: str) -> bool:
        """Say whether an address could be a download."""
        return path.startswith(("/video/", "/image/ii/", "/media/ii/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for a file."""

        async def open_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_CORS]}
            await send(message)

        await self._answer(scope, receive, open_send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = route_path(scope)
        if scope["method"] == "OPTIONS":
            await send_answer(send, 204, b"", headers=_PREFLIGHT)
        elif match := _VIDEO.fullmatch(path):
            await self._video(match["uuid"], match["extension"], scope, receive, send)
        elif match := STORED_PATH.fullmatch(path):
            await self._stored(match["uuid"], scope, send)
        else:
            await self._missing(send, "no file has this address.")

    async def _video(self, uuid: str, extension: str, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._runtime.shown.find(uuid)
        if found is None or str(found.task.params.get("outputFormat", "MP4")).lower() != extension:
            await self._missing(send, "no video has this address, or its task is no longer kept.")
            return
        if isinstance(found, Gone):
            await self._refuse(send, "mediaExpired", "an address is good for its task's ttl, or for keep-media-hours.")
            return
        download, names = self._runtime.plans.download(found.task)
        if names:
            send = SpoiltFile(download, names, send, line_of(scope) or StrangeLine(receive), self._runtime.pause)
            if download.error:
                await self._refuse(send, download.error, "the mock was asked for it.")
                return
        clip = await self._find_clip(found)
        if isinstance(clip, Clip) and not clip.path.is_file():
            # Dropped from a full cache in the moment since it was made; a second time would be a cache of one file.
            clip = await self._find_clip(found)
        if isinstance(clip, NoClip):
            await self._missing(send, clip.reason)
            return
        made_at_s = found.task.due_at_ms[found.index] // 1000
        fresh_s = min(found.good_for_ms // 1000, LONGEST_FRESH_S)
        headers = {
            "etag": clip.etag,
            "last-modified": formatdate(made_at_s, usegmt=True),
            "cache-control": f"private, max-age={fresh_s}",
            "content-disposition": f'inline; filename="{uuid}.{extension}"',
        }
        if _is_known(headers_of(scope), clip.etag, made_at_s):
            await _send_known(headers, scope, receive, send)
        else:
            await _send_file(clip, headers, scope, receive, send)

    async def _stored(self, uuid: str, scope: Scope, send: Send) -> None:
        desk = self._runtime.desk
        media = desk.store.get(Shelf.MEDIA, (uuid,))
        content = content_of(desk, media) if isinstance(media, Media) else None
        if isinstance(media, Media) and scope["method"] == "GET":
            renew(desk, uuid, media)
        if isinstance(media, Media) and media.source:
            await send_answer(send, 307, b"", headers=[(b"location", quote(media.source, safe=punctuation).encode())])
        elif content is None or not isinstance(media, Media):
            await self._missing(send, "no stored media has this address.")
        else:
            headers = [(b"x-content-type-options", b"nosniff")]
            is_head = scope["method"] == "HEAD"
            await send_answer(send, 200, content, media.media_type.encode(), headers, is_head=is_head)

    async def _missing(self, send: Send, reason: str) -> None:
        await self._refuse(send, "routeNotFound", reason)

    async def _refuse(self, send: Send, error: str, reason: str) -> None:
        envelope = self._desk.error(error, reason)
        await send_answer(send, envelope.status, envelope.body)


def _is_known(asked: Mapping[bytes, bytes], etag: str, made_at_s: int) -> bool:
    """Say whether a client has the file already. A date counts only where no tag is given."""
    tags = asked.get(b"if-none-match")
    if tags is not None:
        return tags.strip() == b"*" or etag.encode() in tags
    since = asked.get(b"if-modified-since")
    if since is None:
        return False
    try:
        return parsedate_to_datetime(since.decode("latin-1")).timestamp() >= made_at_s
    except (ValueError, OverflowError):
        return False


async def _send_known(headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.responses import Response

    await Response(status_code=304, headers=dict(headers))(scope, receive, send)


async def _send_file(clip: Clip, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.responses import FileResponse

    await FileResponse(clip.path, headers=dict(headers), media_type=clip.media_type)(scope, receive, send)
