"""Pictures sent to a mock that runs as users run it: nobody else waits for them, and they cost little."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from contracts.pictures import as_base64, as_data_uri, png
from tests.support.hostile import PHOTOS, scan_bomb
from tests.support.receivers import Receiver, answering
from tests.support.server import Served, served

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
MOST_BYTES = 200 * 1024 * 1024
HEADERS = {"Authorization": "Bearer any"}


def video(*images: Any, uuid: str = UUID) -> dict[str, Any]:
    """Return a submission with pictures."""
    task = {"taskType": "videoInference", "taskUUID": uuid, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    return {**task, "inputs": {"frameImages": list(images)}} if images else task


def client() -> httpx.AsyncClient:
    """Return a client of its own connection."""
    return httpx.AsyncClient(trust_env=False, headers=HEADERS, timeout=60)


async def ask(speaker: httpx.AsyncClient, mock: Served, *tasks: dict[str, Any]) -> Any:
    """Post tasks and return the answer."""
    return (await speaker.post(mock.http_url, json=tasks)).json()


def memory_of(mock: Served, name: str) -> int:
    """Return a figure of the memory of the mock's process, in bytes."""
    lines = Path(f"/proc/{mock.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def test_polls_are_answered_while_a_picture_is_looked_at() -> None:
    """A picture that keeps the decoder busy for as long as it may costs nobody else an answer."""
    poll = {"taskType": "getResponse", "taskUUID": UUID.replace("24cd", "34cd")}

    async def live(mock: Served) -> None:
        async with client() as busy, client() as other:
            await ask(other, mock, video(uuid=poll["taskUUID"]))
            slow = asyncio.ensure_future(ask(busy, mock, video(as_base64(scan_bomb()))))
            for _ in range(100):
                assert (await ask(other, mock, poll))["data"][0]["status"] == "success"
            quick = await ask(other, mock, video(uuid=UUID.replace("24cd", "44cd")))
            assert "errors" not in quick
            assert not slow.done(), "the picture was too easy"
            (error,) = (await slow)["errors"]
            assert error["code"] == "invalidImage"
            assert error["message"].endswith("It takes too long to decode; save it anew.")

    with served("--speed", "instant", "--log", "quiet", "--media", "prerendered") as mock:
        asyncio.run(live(mock))


def test_large_pictures_cost_the_mock_little_memory_and_leave_it() -> None:
    """Request and decoding together stay within bounds, also for several that come at once."""

    async def live(mock: Served) -> None:
        async with client() as speaker:

            async def store(image: str) -> Any:
                task = {"taskType": "imageUpload", "taskUUID": UUID, "image": image}
                return await ask(speaker, mock, task)

            await store(as_base64(png(300, 300)))
            before = memory_of(mock, "VmRSS")
            for name in ("a progressive photo", "a transparent photo", "a photo as WEBP", "a large photo"):
                content = PHOTOS[name][1]()
                told = await asyncio.gather(*(store(as_base64(content)) for _ in range(3)))
                assert all("data" in answer and "errors" not in answer for answer in told), name
            assert memory_of(mock, "VmHWM") - before < MOST_BYTES

    with served("--log", "quiet", "--media", "prerendered") as mock:
        asyncio.run(live(mock))


def test_a_picture_on_this_machine_is_fetched_and_one_outside_is_not() -> None:
    """Loopback is open; for an address outside a placeholder stands in, and the log says so."""
    picture = png(300, 300)
    answer = answering(f"HTTP/1.1 200 OK\r\nContent-Length: {len(picture)}\r\n\r\n".encode() + picture)

    async def live(mock: Served) -> None:
        async with client() as speaker, Receiver(answer) as receiver:
            address = f"{receiver.base}/a.png?token=a%2Fb"
            assert "errors" not in await ask(speaker, mock, video(address, "https://example.com/b.png?token=x"))
            assert [request.line for request in receiver.requests] == ["GET /a.png?token=a%2Fb HTTP/1.1"]
            line = mock.wait_for_line("placeholder")
            assert "the picture at https://example.com/b.png is a placeholder" in line
            assert "token" not in line
            mine = {"taskType": "imageUpload", "taskUUID": UUID, "image": as_data_uri("image/png", picture)}
            (item,) = (await ask(speaker, mock, mine))["data"]
            stored = await ask(speaker, mock, video(item["imageURL"], uuid=UUID.replace("24cd", "34cd")))
            assert "errors" not in stored
            assert (await speaker.get(item["imageURL"])).content == picture

    with served("--speed", "instant", "--media", "prerendered") as mock:
        asyncio.run(live(mock))


def test_a_picture_outside_is_refused_where_the_setting_says_so() -> None:
    """The error says what would open the address."""

    async def live(mock: Served) -> None:
        async with client() as speaker:
            (error,) = (await ask(speaker, mock, video("https://example.com/b.png")))["errors"]
            assert error["code"] == "downloadFailed"
            assert error["message"].endswith("not allowed: --allow-outbound example.com would open it.")

    with served("--outside-images", "refuse", "--log", "quiet") as mock:
        asyncio.run(live(mock))
