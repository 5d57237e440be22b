"""What the benchmark asks, and what an answer must begin with and hold to be right."""

import json
import secrets
from collections.abc import Iterator
from itertools import count, repeat
from random import Random
from typing import Any, NamedTuple

OK, REFUSED = b"HTTP/1.1 200 ", b"HTTP/1.1 400 "
#: A whole WebSocket message of text.
TEXT = b"\x81"
#: Tasks in one request when many are handed in: as many as are still read the quick way.
BATCH = 38

TASK: dict[str, Any] = {
    "taskType": "videoInference",
    "taskUUID": "",
    "model": "minimax:3@1",
    "positivePrompt": "a lighthouse at dusk, waves breaking on the rocks, slow dolly in, golden light on the water",
    "width": 1366,
    "height": 768,
    "duration": 6,
    "fps": 25,
    "numberResults": 1,
    "outputFormat": "MP4",
    "outputQuality": 85,
    "deliveryMethod": "async",
    "includeCost": True,
}
#: What is wrong with the task that is refused: six mistakes, one of them a misspelt name.
MISTAKES: dict[str, Any] = {
    "positivePrompt": "A",
    "width": "1366",
    "duration": 7,
    "numberResults": 21,
    "outputFromat": "MP4",
    "outputQuality": 5,
}


class Ask(NamedTuple):
    """One request and what makes its answer right.

    Attributes:
        request: the bytes that are sent.
        opening: how the answer begins.
        parts: what it holds besides.
    """

    request: bytes
    opening: bytes
    parts: tuple[bytes, ...]


Asks = Iterator[Ask]


def http(body: bytes, key: str = "bench") -> bytes:
    """Return a POST request with that body, by the client of a key."""
    return (
        b"POST /v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b" % (key.encode(), len(body), body)
    )


def frame(payload: bytes) -> bytes:
    """Return a WebSocket message as clients send it. Its mask is all zeros, so that masking changes nothing."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return TEXT + length + bytes(4) + payload


def uuid_of(number: int, run: str = "24cd5dff") -> str:
    """Return the taskUUID with that number, from 0.

    Args:
        number: which.
        run: eight hexadecimal digits that tell series of numbers apart.
    """
    return f"{run}-cb81-4db5-8506-{number:012x}"


def submits() -> Asks:
    """Yield good tasks, each with a UUID of its own."""
    return (_http_ask(body, OK, (uuid,)) for uuid, body in _tasks(TASK))


def refusals() -> Asks:
    """Yield tasks with every mistake, each with a UUID of its own; the answer must name every parameter at fault."""
    wrong = {**TASK, **MISTAKES}
    del wrong["outputFormat"]
    pointers = tuple(f'"pointer":"/{name}"'.encode() for name in MISTAKES)
    return (_http_ask(body, REFUSED, (uuid, *pointers)) for uuid, body in _tasks(wrong))


def polls(uuid: str, part: bytes) -> Asks:
    """Yield the same poll again and again; the answer must hold the part."""
    return repeat(_http_ask(_poll(uuid), OK, (uuid.encode(), part)))


def random_polls(live: int) -> Asks:
    """Yield polls of any of the first tasks, which must all be running."""
    draw = Random(0).randrange
    while True:
        uuid = uuid_of(draw(live))
        yield _http_ask(_poll(uuid), OK, (uuid.encode(), b'"status":"processing"'))


def clients(tasks: int, keys: int, run: str = "24cd5dff") -> tuple[list[Ask], list[Ask]]:
    """Return the submissions of so many tasks, handed in under so many keys in turn, and a poll of each.

    Every task must be running when it is polled.
    """
    asks: tuple[list[Ask], list[Ask]] = ([], [])
    for index in range(tasks):
        uuid, key = uuid_of(index, run), f"client-{run}-{index % keys}"
        bodies = (json.dumps([{**TASK, "taskUUID": uuid}]).encode(), _poll(uuid))
        for each, body, parts in zip(asks, bodies, ((), (b'"status":"processing"',)), strict=True):
            each.append(Ask(http(body, key), OK, (uuid.encode(), *parts)))
    return asks


def batches(number: int) -> Asks:
    """Yield good tasks with the first UUIDs, many in a request; every one must be taken."""
    for start in range(0, number, BATCH):
        uuids = [uuid_of(index) for index in range(start, min(start + BATCH, number))]
        body = json.dumps([{**TASK, "taskUUID": uuid} for uuid in uuids]).encode()
        yield _http_ask(body, OK, tuple(uuid.encode() for uuid in uuids))


def socket_submits() -> Asks:
    """Yield good tasks as WebSocket messages, each with a UUID of its own."""
    return (Ask(frame(body), TEXT, (uuid,)) for uuid, body in _tasks(TASK))


def socket_pings() -> Asks:
    """Yield the same ping again and again."""
    return repeat(Ask(frame(b'[{"taskType":"ping","ping":true}]'), TEXT, (b'"pong":true',)))


def echoed(asks: Asks, opening: bytes) -> Asks:
    """Yield the same requests for a server that does little more than echo which task it was.

    Args:
        asks: requests for the mock.
        opening: how each answer begins.
    """
    return (Ask(ask.request, opening, _ECHO) for ask in asks)


_ECHO = (b'"taskUUID":"',)


def _tasks(task: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """Yield UUIDs never used before, each with a body that holds the task under it."""
    run = secrets.token_hex(4)
    mark = "the-uuid"
    before, after = json.dumps([{**task, "taskUUID": mark}], separators=(",", ":")).encode().split(mark.encode())
    for number in count():
        uuid = uuid_of(number, run).encode()
        yield uuid, before + uuid + after


def _poll(uuid: str) -> bytes:
    return b'[{"taskType":"getResponse","taskUUID":"%b"}]' % uuid.encode()


def _http_ask(body: bytes, opening: bytes, parts: tuple[bytes, ...]) -> Ask:
    return Ask(http(body), opening, parts)
