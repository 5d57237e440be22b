"""The control API over HTTP: who may call it, and how a call is framed. Decides nothing else."""

import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson

from mockserver.calls import Call, CarryOut, Told
from mockserver.transports.asgi import (
    BodyTooLarge,
    Disconnected,
    Origin,
    Receive,
    Scope,
    Send,
    headers_of,
    key_text,
    read_body,
    route_path,
    send_answer,
)

PREFIX = "/_mock"
#: Largest body of a call, in bytes.
MOST_BYTES = 1024 * 1024


class ControlTransport:
    """Everything below `/_mock` as a raw ASGI function.

    Without a token only callers are answered that name this machine, or the host that the mock was told to listen on,
    in their Host header, and pages of other sites are refused: so no page of a browser reaches the control API, not
    even by a name of its own that leads here.

    Args:
        carry_out: carries out the calls.
        origin: says under which address a caller reached us.
        token: what callers must show, or None.
        host: the address that the mock listens on.
    """

    def __init__(self, carry_out: CarryOut, origin: Origin, token: str | None, host: str) -> None:
        self._carry_out = carry_out
        self._origin = origin
        self._token = None if token is None else token.encode()
        self._host = host

    @staticmethod
    def knows(path: str) -> bool:
        """Say whether an address belongs to the control API."""
        return path == PREFIX or path.startswith(f"{PREFIX}/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; HEAD as GET, without the body."""
        is_head = scope["method"] == "HEAD"
        headers = headers_of(scope)
        told = self._refusal(headers)
        if told is None:
            try:
                body = await read_body(receive, headers.get(b"content-length", b""), MOST_BYTES)
            except Disconnected:
                return
            except BodyTooLarge:
                told = _refused(413, "tooLarge", f"a body has at most {MOST_BYTES} bytes")
            else:
                key = headers.get(b"x-mock-key")
                base_url = self._origin(scope.get("scheme", "http"), headers.get(b"host", b""), "")
                call = Call(
                    "GET" if is_head else scope["method"],
                    route_path(scope),
                    scope.get("query_string", b"").decode("latin-1"),
                    body,
                    None if key is None else key_text(key.strip()),
                    base_url,
                )
                told = await self._carry_out(call)
        await _send(send, told, is_head=is_head)

    def _refusal(self, headers: Mapping[bytes, bytes]) -> Told | None:
        """Say why a caller is not answered, or None."""
        host, origin = headers.get(b"host", b""), headers.get(b"origin")
        if self._token is not None:
            scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token):
                return None
            problem = "the header Authorization must show the control token, as in 'Bearer TOKEN'"
            return _refused(401, "wrongToken", problem)
        named = _hostname(f"//{host.decode('latin-1')}")
        if not self._is_here(named):
            problem = (
                f"without a control token only callers on this machine are answered, not at {named or 'no host'!r}"
            )
            return _refused(403, "wrongHost", f"{problem}; start the mock with --control-token")
        if any(name == b"forwarded" or name.startswith(b"x-forwarded-") for name in headers):
            problem = "without a control token nobody is answered through a proxy, as its headers say this came"
            return _refused(403, "wrongHost", f"{problem}; start the mock with --control-token")
        if origin is not None and not self._is_here(_hostname(origin.decode("latin-1"))):
            problem = f"pages of {origin.decode('latin-1')[:80]!r} may not control the mock"
            return _refused(403, "wrongOrigin", f"{problem}; start the mock with --control-token")
        return None

    def _is_here(self, name: str) -> bool:
        """Say whether a host name means this machine, or is the one that the mock listens on."""
        if name in ("localhost", self._host) or name.endswith(".localhost"):
            return bool(name)
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _hostname(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _refused(status: int, code: str, message: str) -> Told:
    return Told(status, {"errors": [{"code": code, "message": message}]})


async def _send(send: Send, told: Told, *, is_head: bool) -> None:
    if told.body is None:
        await send({"type": "http.response.start", "status": told.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    headers = [(b"cache-control", b"no-store")]
    if told.allowed:
        headers.append((b"allow", ", ".join(told.allowed).encode()))
    if told.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if told.status == 413:
        headers.append((b"connection", b"close"))
    await send_answer(send, told.status, orjson.dumps(told.body), headers=headers, is_head=is_head)
