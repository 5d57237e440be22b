"""What makes the head of an HTTP message mean one thing to everybody on its way. Pure.

Source: RFC 9112, 2.3, 3.2, 6.1 and 6.3; RFC 6455, 4.2.1 (stated)
"""

from base64 import b64decode
from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]

VERSIONS = frozenset({"1.0", "1.1"})
#: Longest line of a head that asks for a WebSocket, its end aside. Source: websockets.http11.MAX_LINE_LENGTH
SOCKET_LINE_BYTES = 8190
_KEY_BYTES = 16


def ambiguity(version: str, method: bytes, headers: Headers) -> str:
    """Say, in half a sentence, why servers could take a message for different things; "" where they cannot.

    Args:
        version: version of HTTP, as in "1.1".
        method: its method.
        headers: its headers, names in lower case.
    """
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if version not in VERSIONS:
        return "only HTTP/1.0 and HTTP/1.1 are spoken."
    if hosts > 1 or (not hosts and version == "1.1"):
        return "there must be exactly one Host header."
    if method == b"CONNECT":
        return "CONNECT is a word for proxies."
    if b"transfer-encoding" in names:
        return _of_transfer(version, headers, names)
    return ""


def _of_transfer(version: str, headers: Headers, names: Sequence[bytes]) -> str:
    if version == "1.0":
        return "HTTP/1.0 has no Transfer-Encoding."
    if b"content-length" in names:
        return "Content-Length and Transfer-Encoding exclude each other."
    if [value.strip().lower() for name, value in headers if name == b"transfer-encoding"] != [b"chunked"]:
        return "the only Transfer-Encoding is chunked."
    return ""


def handshake_flaw(method: bytes, target: bytes, headers: Headers) -> str:
    """Say, in half a sentence, why a request is no handshake of a WebSocket; "" where it is one.

    Args:
        method: its method.
        target: its target.
        headers: its headers, names in lower case.
    """
    keys = [value for name, value in headers if name == b"sec-websocket-key"]
    versions = [value.strip() for name, value in headers if name == b"sec-websocket-version"]
    longest = max(len(name) + len(value) + len(": ") for name, value in headers)
    if method != b"GET" or not target.isascii():
        return "a WebSocket is asked for with GET and an address in ASCII."
    if versions != [b"13"]:
        return "there must be one Sec-WebSocket-Version header, and it must say 13."
    if len(keys) != 1 or not _is_key(keys[0]):
        return "there must be one Sec-WebSocket-Key header of 16 bytes in Base64."
    if any(name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers):
        return "a request for a WebSocket has no body."
    if max(longest, len(target) + len("GET  HTTP/1.1")) > SOCKET_LINE_BYTES:
        return f"a line of a request for a WebSocket may have {SOCKET_LINE_BYTES:,} bytes."
    return ""


def _is_key(value: bytes) -> bool:
    try:
        return len(b64decode(value.strip(), validate=True)) == _KEY_BYTES
    except ValueError:
        return False
