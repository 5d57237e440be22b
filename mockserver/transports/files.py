"""Downloads: the finished videos and the stored media. Ranges, HEAD and validators are Starlette's work."""

import re
from collections.abc import Awaitable, Callable, Mapping
from string import punctuation
from urllib.parse import quote

from mockserver.media.clips import Clip
from mockserver.platform import Media
from mockserver.ports import Shelf
from mockserver.runtime import Found, Gone, Runtime
from mockserver.transports.asgi import Receive, Scope, Send, headers_of, route_path, send_answer
from mockserver.transports.http import HttpDesk
from mockserver.transports.spoilt import SpoiltFile, StrangeLine, line_of

#: Returns the file of a finished result, once there is one, or None where there is none.
FindClip = Callable[[Found], Awaitable[Clip | None]]

#: How long a client may keep a file without asking again, in seconds, if its address stays good that long.
LONGEST_FRESH_S = 3600

_VIDEO = re.compile(r"/video/[a-z0-9./]*vi/(?P<uuid>[0-9a-f-]{36})\.(?P<extension>mp4|webm|mov)")
_STORED = re.compile(r"/(?:image|media)/ii/(?P<uuid>[0-9a-f-]{36})(?:\.[a-z0-9]{1,20})?")


class FileTransport:
    """The download endpoints as a raw ASGI function, for GET and HEAD.

    Args:
        runtime: knows what may be downloaded.
        desk: words what fails.
        find_clip: returns the file of a finished result, or None where there is none.
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
        path = route_path(scope)
        if match := _VIDEO.fullmatch(path):
            await self._video(match["uuid"], match["extension"], scope, receive, send)
        elif match := _STORED.fullmatch(path):
            await self._stored(match["uuid"], scope, send)
        else:
            await self._missing(send, "no file has this address.")

    async def _video(self, uuid: str, extension: str, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._runtime.find_result(uuid)
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
        if clip is None:
            await self._missing(send, "there is no clip of this size, duration and format.")
            return
        fresh_s = min(found.good_for_ms // 1000, LONGEST_FRESH_S)
        headers = {"etag": clip.etag, "accept-ranges": "bytes", "cache-control": f"private, max-age={fresh_s}"}
        await _serve(clip, headers, scope, receive, send)

    async def _stored(self, uuid: str, scope: Scope, send: Send) -> None:
        media = self._runtime.desk.store.get(Shelf.MEDIA, (uuid,))
        if not isinstance(media, Media):
            await self._missing(send, "no stored media has this address.")
        elif media.source:
            await send_answer(send, 307, b"", headers=[(b"location", quote(media.source, safe=punctuation).encode())])
        else:
            headers = [(b"x-content-type-options", b"nosniff")]
            is_head = scope["method"] == "HEAD"
            await send_answer(send, 200, media.content, media.media_type.encode(), headers, is_head=is_head)

    async def _missing(self, send: Send, reason: str) -> None:
        await self._refuse(send, "routeNotFound", reason)

    async def _refuse(self, send: Send, error: str, reason: str) -> None:
        envelope = self._desk.error(error, reason)
        await send_answer(send, envelope.status, envelope.body)


async def _serve(clip: Clip, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.responses import FileResponse, Response

    wanted = headers_of(scope).get(b"if-none-match", b"").decode("latin-1")
    if clip.etag in wanted or wanted == "*":
        await Response(status_code=304, headers=dict(headers))(scope, receive, send)
    else:
        await FileResponse(clip.path, headers=dict(headers), media_type=clip.media_type)(scope, receive, send)
