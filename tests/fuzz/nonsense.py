"""What is sent: good requests, requests with mistakes, and both with their bytes changed."""

import json
from typing import Any

from hypothesis import strategies as st

from contracts.mistakes import mistakes
from contracts.strategies import valid_tasks
from mockserver.spec.load import load_spec

_SPEC = load_spec()
_BRANCHES = [*_SPEC.all_models, *_SPEC.tasks.values()]
_GOOD = st.one_of([valid_tasks(branch) for branch in _BRANCHES])
_WRONG = st.sampled_from([each for branch in _BRANCHES for each in mistakes(branch)]).flatmap(lambda each: each.spoilt)
_NAMES = st.sampled_from(sorted(_SPEC.names))
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(_NAMES, st.text()), inner, max_size=5)),
    max_leaves=20,
)  # fmt: skip
#: Pieces that readers trip over.
_PIECES = st.one_of(
    st.sampled_from(
        [
            *(b"", b'"', b"\\", b"{", b"]", b",", b":", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000"),
            *(b"NaN", b"-Infinity", b"1e999", b"9" * 400, b"-", b"[" * 50, b'{"a":' * 50, b"\r\n\r\n", b"\n", b"\x85"),
            *("\ud800".encode("utf-8", "surrogatepass"), "\u202e".encode(), b"[[serverError]]", b"[[mock:]]", b"0x1"),
        ]
    ),
    st.binary(max_size=8),
)


@st.composite
def changed(draw: Any, bytes_of: st.SearchStrategy[bytes]) -> bytes:
    """Draw bytes, then cut out, double or replace some of them."""
    body = bytearray(draw(bytes_of))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 12)))
        body[start:end] = draw(st.one_of(_PIECES, st.just(bytes(body[start:end]) * 2)))
    return bytes(body)


_BATCHES = st.lists(st.one_of(_GOOD, _WRONG), min_size=1, max_size=3).map(lambda tasks: json.dumps(tasks).encode())
_TREES = st.lists(_VALUES, max_size=3).map(lambda tasks: json.dumps(tasks).encode())
#: Bodies of requests, and messages.
BODIES = st.one_of(_BATCHES, changed(_BATCHES), _TREES, changed(_TREES), st.binary(max_size=200))

_HEADERS = st.sampled_from(
    [
        *(b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Host: b"),
        *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Expect: 100-continue", b"X: \xff\xfe"),
        *(b"Connection: close", b"Connection: Upgrade", b"Upgrade: websocket", b"Upgrade: h2c", b"Content-Type: a/b"),
        *(b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", b"Range: bytes=0-", b":"),
        *(b"Authorization: Bearer \xc3\xa9", b"Content-Encoding: gzip", b"Origin: null", b"Authorization: Basic eA=="),
    ]
)
_METHODS = st.sampled_from([b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", b"DELETE", b"CONNECT", b"PATCH", b"TRACE"])
_TARGETS = st.sampled_from(
    [
        *(
            b"/v1",
            b"/",
            b"*",
            b"//",
            b"/v1/../v1",
            b"/%00",
            b"/%ff",
            b"http://a/v1",
            b"/docs",
            b"/openapi.json",
            b"/health",
        ),
        *(
            b"/video/ws/vi/x.mp4",
            b"/image/ii/x",
            b"/_mock/journal",
            b"/_mock/clock",
            b"/_mock/rules",
            b"/resolve/x",
            b"/?",
        ),
    ]
)


@st.composite
def requests(draw: Any) -> bytes:
    """Draw a whole HTTP request, with a head that is mostly good."""
    body = draw(BODIES)
    lines = [draw(_METHODS) + b" " + draw(_TARGETS) + b" HTTP/1.1", b"Host: a", b"Content-Type: application/json"]
    lines += [b"Content-Length: %d" % len(body), b"Authorization: Bearer fuzz"]
    lines += draw(st.lists(_HEADERS, max_size=2))
    return b"\r\n".join([*lines, b"", body])


#: Whole HTTP requests.
REQUESTS = st.one_of(requests(), changed(requests()), st.binary(min_size=1, max_size=100))


@st.composite
def frames(draw: Any) -> bytes:
    """Draw a WebSocket frame as clients send them, with any header."""
    payload = draw(st.one_of(BODIES, st.binary(max_size=10)))
    first = draw(st.one_of(st.sampled_from([0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A]), st.integers(0, 255)))
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + length + bytes(4) + payload if size < 65_536 else b""


#: What is written to a WebSocket connection that is open.
FRAMES = st.one_of(frames(), changed(frames()), st.lists(frames(), max_size=4).map(b"".join))
