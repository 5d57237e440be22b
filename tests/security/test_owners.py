"""A key sees its own, and of what others have it learns not even that it is there."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.support.mocks import still_mock

MINE, YOURS = "my-key", "your-key"
UUID, UNKNOWN = "24cd5dff-cb81-4db5-8506-b72a9425f9d1", "24cd5dff-cb81-4db5-8506-b72a9425f9d2"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
#: The smallest picture there is, as clients send one.
PICTURE = (
    "data:image/gif;base64,"
    + base64.b64encode(
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    ).decode()
)


class House:
    """A mock that several keys use."""

    def __init__(self) -> None:
        self._transport = httpx.ASGITransport(app=still_mock({"speed": "instant"}).front(None))

    async def say(self, key: str, *tasks: Mapping[str, Any]) -> httpx.Response:
        """Hand in tasks."""
        async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1:8080") as client:
            return await client.post("/v1", json=tasks, headers={"Authorization": f"Bearer {key}"})

    async def look(self, path: str, key: str) -> Any:
        """Ask the control API about what belongs to a key."""
        async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1:8080") as client:
            return (await client.get(f"/_mock{path}", headers={"X-Mock-Key": key})).json()


@pytest.mark.parametrize("task_type", ["getResponse", "getTaskDetails"])
def test_the_task_of_another_key_is_answered_like_one_that_never_was(task_type: str) -> None:
    """Byte for byte, but for the UUID that was asked for."""

    async def live() -> list[httpx.Response]:
        house = House()
        await house.say(MINE, VIDEO)
        asked = [{"taskType": task_type, "taskUUID": uuid} for uuid in (UUID, UNKNOWN)]
        return [await house.say(YOURS, each) for each in asked] + [await house.say(MINE, asked[0])]

    foreign, unknown, own = asyncio.run(live())
    assert foreign.status_code == unknown.status_code != own.status_code == 200
    assert foreign.content == unknown.content.replace(UNKNOWN.encode(), UUID.encode())


def test_the_same_uuid_of_two_keys_is_two_tasks() -> None:
    """Nobody is told by a conflict that somebody else uses it."""

    async def live() -> list[Any]:
        house = House()
        await house.say(MINE, VIDEO)
        await house.say(YOURS, VIDEO)
        poll = {"taskType": "getResponse", "taskUUID": UUID}
        return [(await house.say(key, poll)).json()["data"][0]["videoUUID"] for key in (MINE, YOURS)]

    mine, yours = asyncio.run(live())
    assert mine != yours


def test_media_of_another_key_are_answered_like_those_that_never_were() -> None:
    """They can be neither used in a task nor deleted by UUID."""

    async def live() -> tuple[list[httpx.Response], httpx.Response]:
        house = House()
        store = {"taskType": "mediaStorage", "taskUUID": UNKNOWN, "operation": "upload", "media": PICTURE}
        stored = (await house.say(MINE, store)).json()["data"][0]["mediaUUID"]
        delete = {"taskType": "mediaStorage", "taskUUID": UNKNOWN, "operation": "delete"}
        answers = [await house.say(YOURS, {**delete, "media": each}) for each in (stored, UUID)]
        return answers, await house.say(MINE, {**delete, "media": stored})

    (foreign, unknown), own = asyncio.run(live())
    assert own.status_code == 200
    assert foreign.status_code == unknown.status_code
    assert [error["code"] for error in foreign.json()["errors"]] == [
        error["code"] for error in unknown.json()["errors"]
    ]


@pytest.mark.parametrize(("path", "member"), [("/journal", "entries"), ("/tasks", "tasks")])
def test_the_journal_and_the_tasks_of_a_key_are_its_own(path: str, member: str) -> None:
    """With a key in X-Mock-Key the control API shows what belongs to it; the archive does likewise."""

    async def live() -> tuple[Any, Any, Any, Any]:
        house = House()
        await house.say(MINE, VIDEO)
        shown = [await house.look(path, key) for key in (MINE, YOURS)]
        archives = [await house.look("/journal.har", key) for key in (MINE, YOURS)]
        return (*shown, *archives)

    mine, yours, my_archive, your_archive = asyncio.run(live())
    assert (len(mine[member]), len(yours[member])) == (1, 0)
    assert (len(my_archive["log"]["entries"]), len(your_archive["log"]["entries"])) == (1, 0)
