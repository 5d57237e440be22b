"""Addresses of files lead to files that a client was told of, and to nothing else on the machine."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from tests.support.mocks import still_mock
from tests.support.server import Served, served

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
CANARY = "nobody may read this"

#: Ways out of a folder, as clients and proxies spell them. `{up}` is put in for one step up.
STEPS = ("..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%00", "..;", "...", "%c0%ae%c0%ae", "%uff0e%uff0e", "．．")
PATTERNS = (
    "/video/{up}/{up}/{up}/canary.mp4",
    "/video/os/a12d13/ws/5/vi/{up}/{up}/{up}/{up}/{up}/{up}/canary.mp4",
    "/image/ii/{up}/{up}/canary.mp4",
)
TRICKS = [pattern.replace("{up}", step) for pattern in PATTERNS for step in STEPS]
OTHERS = [
    "/video//etc/passwd",
    "/video/..\\..\\canary.mp4",
    "/video/%5c..%5ccanary.mp4",
    "/video/vi/24cd5dff-cb81-4db5-8506-b72a9425f9d1%00.mp4",
    "/media/ii/file:%2f%2f%2fetc%2fpasswd",
    "/image/ii/....//....//canary.mp4",
    "//etc/passwd",
    "/video/vi/~/canary.mp4",
]


def answer(mock: Served, target: str) -> bytes:
    """Return what comes back for a target, sent byte for byte."""
    with socket.create_connection((mock.host, mock.port), timeout=30) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_no_spelling_of_a_path_leaves_the_media(tmp_path: Path) -> None:
    """Each of 41 is answered 4xx, and none with a file that lies beside the folder of the media or is the system's."""
    assert len({*TRICKS, *OTHERS}) == 41
    (tmp_path / "canary.mp4").write_text(CANARY)
    (cache := tmp_path / "cache").mkdir()
    (cache / "canary.mp4").write_text(CANARY)
    with served("--speed", "instant", "--media-cache", str(cache), "--log", "quiet", cwd=tmp_path) as mock:
        for target in (*TRICKS, *OTHERS):
            told = answer(mock, target)
            assert told.startswith(b"HTTP/1.1 4"), (target, told[:100])
            assert CANARY.encode() not in told, target
            assert b"root:" not in told, target
        assert mock.process.poll() is None


def test_addresses_of_videos_cannot_be_guessed() -> None:
    """Without a seed two mocks make other addresses for the very same task of the very same key."""

    async def address() -> str:
        mock = still_mock({"speed": "instant", "seed": None})
        transport = httpx.ASGITransport(app=mock.front(None))
        poll = {"taskType": "getResponse", "taskUUID": UUID}
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
            answer = await client.post("/v1", json=[VIDEO, poll], headers={"Authorization": "Bearer key"})
        return str(answer.json()["data"][1]["videoURL"])

    addresses = {asyncio.run(address()) for _ in range(5)}
    assert len(addresses) == 5
    assert not [each for each in addresses if UUID in each]


@pytest.mark.parametrize("path", ["/video/", "/video/vi/", "/image/ii/", "/media/ii/"])
def test_files_are_not_listed(path: str) -> None:
    """A folder has no page."""

    async def live() -> int:
        transport = httpx.ASGITransport(app=still_mock().front(None))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
            return (await client.get(path)).status_code

    assert asyncio.run(live()) == 404
