"""The words of ASGI: what a scope says, how a body is read, how an answer is sent."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = Iterable[tuple[bytes, bytes]]

_HOST = re.compile(rb"[A-Za-z0-9._~\-]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")


class BodyTooLarge(Exception):
    """A request body is larger than allowed; the rest of it was not read."""


class Disconnected(Exception):
    """The client went away before its request was complete."""


#: A length with so few digits is looked at when the body is there; of a longer one so many digits say enough.
_SURELY_SMALL, _LONGEST_LENGTH = 4, 18


async def read_body(receive: Receive, declared: bytes, max_bytes: int) -> bytes:
    """Read a request body.

    Args:
        receive: where it comes from.
        declared: value of Content-Length, or b"".
        max_bytes: how large it may be; a declared length is checked before anything is read.

    Raises:
        BodyTooLarge: it is larger.
        Disconnected: it ended too early.
    """
    if len(declared) > _SURELY_SMALL and declared.isdigit() and int(declared[:_LONGEST_LENGTH]) > max_bytes:
        raise BodyTooLarge
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > max_bytes:
            raise BodyTooLarge
        return body
    chunks, size = [body], len(body)
    while message.get("more_body", False):
        if size > max_bytes:
            raise BodyTooLarge
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


async def send_answer(
    send: Send,
    status: int,
    body: bytes,
    media_type: bytes = b"application/json",
    headers: Headers = (),
    *,
    is_head: bool = False,
    kind: str = "http.response",
) -> None:
    """Send a whole answer.

    Args:
        send: where it goes.
        status: HTTP status.
        body: what it holds.
        media_type: type of the body.
        headers: further headers.
        is_head: whether HEAD was asked: then the body's length is told and the body is not sent.
        kind: what the messages are called; those that refuse a WebSocket connection have a name of their own.
    """
    about = [(b"content-type", media_type), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": f"{kind}.start", "status": status, "headers": about})
    await send({"type": f"{kind}.body", "body": b"" if is_head else body})


async def send_not_modified(send: Send, headers: Headers) -> None:
    """Tell a client that what it has is what there is."""
    await send({"type": "http.response.start", "status": 304, "headers": [*headers]})
    await send({"type": "http.response.body", "body": b""})


#: Returns scheme, authority and root under which a client reached us, from the connection's scheme, the value of
#: the Host header, and the path below which the mock is mounted. Addresses in answers begin with it.
Origin = Callable[[str, bytes, str], str]


def origin_finder(public_url: str | None, fallback: str) -> Origin:
    """Return what says under which address a client reached us.

    Args:
        public_url: the address for all clients, or None to believe the Host header.
        fallback: the address for a client whose Host header is missing or no host; such a header is not repeated.
    """

    @lru_cache(maxsize=256)
    def find(scheme: str, host: bytes, root: str) -> str:
        if public_url is not None:
            return f"{public_url}{root}"
        return f"{_SCHEMES.get(scheme, 'http')}://{host.decode()}{root}" if _HOST.fullmatch(host) else fallback + root

    return find


_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def route_path(scope: Scope) -> str:
    """Return the path below the place at which the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root else path


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    """Return the headers by lower-case name; of a repeated one the last."""
    return dict(scope["headers"])


def key_text(key: bytes) -> str:
    """Return a key from a header as text: clients put what is not ASCII there as UTF-8, older ones as Latin-1."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key.decode("latin-1")
