"""A mock that is told to stop: what is under way is answered, and nobody keeps it from ending."""

import json
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest

from tests.support.server import Served, served

KEY = "a-key"
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
#: Longest end of a mock with hanging peers, whose answers may take one second, on a busy machine.
GONE_WITHIN_S = 15


def request(*tasks: Mapping[str, object], missing: int = 0) -> bytes:
    """Return a request.

    Args:
        tasks: what it hands in.
        missing: how many bytes of its body never come.
    """
    body = json.dumps(tasks).encode()
    head = f"POST /v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) - missing]


def is_there(mock: Served) -> bool:
    """Say whether the task was taken on."""
    answer = httpx.post(mock.http_url, json=[POLL], headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)
    return bool(answer.json()["data"])


@contextmanager
def asking(mock: Served, *parts: bytes) -> Iterator[socket.socket]:
    """Connect to a mock and send something."""
    with socket.create_connection((mock.host, mock.port), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        yield connection


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_gets_its_answer(number: signal.Signals) -> None:
    """A result that is waited for comes, whole, although the mock was told to stop; then the mock is gone."""
    with served("--speed", "60", "--profile", "compat", "--grace-seconds", "60", "--media", "prerendered") as mock:
        with asking(mock, request({**VIDEO, "deliveryMethod": "sync"})) as waiting:
            while not is_there(mock):
                pass
            mock.process.send_signal(number)
            answer = b"".join(iter(lambda: waiting.recv(65536), b""))
        assert mock.process.wait(GONE_WITHIN_S) == 0
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body)["data"][0]["videoURL"]


def test_hanging_peers_do_not_keep_it_from_ending() -> None:
    """Neither half a request, nor a silent connection, a result that takes minutes, or a receiver that never answers."""
    upgrade = b"GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    upgrade += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as receiver, ExitStack() as peers:
        receiver.settimeout(GONE_WITHIN_S)
        hook = f"http://127.0.0.1:{receiver.getsockname()[1]}/hook"
        with served("--speed", "1", "--profile", "compat", "--media", "prerendered") as mock:
            hooked = {**VIDEO, "taskUUID": UUID.replace("d1", "d2"), "webhookURL": hook}
            advance = json.dumps({"ms": 3_600_000}).encode()
            head = f"POST /_mock/clock/advance HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(advance)}\r\n\r\n"
            peers.enter_context(asking(mock, request(hooked)))
            peers.enter_context(asking(mock, head.encode() + advance))
            peers.enter_context(receiver.accept()[0])
            for parts in (
                (),
                (b"POST /v1 HTTP/1.1\r\nHo",),
                (request(VIDEO, missing=5),),
                (request({**VIDEO, "deliveryMethod": "sync"}),),
                (upgrade,),
            ):
                peers.enter_context(asking(mock, *parts))
            while not is_there(mock):
                pass
            mock.process.send_signal(signal.SIGTERM)
            assert mock.process.wait(GONE_WITHIN_S) == 0
        rest = [mock.lines.get_nowait() for _ in range(mock.lines.qsize())]
    assert not [line for line in rest if "Traceback" in line]


def test_a_mock_that_is_told_to_stop_is_never_ready_again() -> None:
    """Whoever goes on asking is told 503, if anything, until the connection is closed."""
    statuses: list[int] = []
    with served("--log", "quiet") as mock, httpx.Client(trust_env=False) as client:
        url = f"http://{mock.host}:{mock.port}/health/ready"
        assert client.get(url).status_code == 200
        mock.process.send_signal(signal.SIGTERM)
        with suppress(httpx.TransportError):
            while True:
                statuses.append(client.get(url).status_code)
        assert mock.process.wait(GONE_WITHIN_S) == 0
    # The signal may come a few answers later than it was sent.
    assert statuses == sorted(statuses)
    assert {*statuses} <= {200, 503}
