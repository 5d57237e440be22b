"""How long the address of a video leads to its file."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock, server_app
from mockserver.engine.values import Task
from mockserver.ports import Shelf
from tests.support.mocks import still_mock

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
SUBMIT = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
HOUR_MS = 3_600_000


class Viewer:
    """Somebody who hands in one task and looks at its videos."""

    def __init__(self, parameters: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.clock = ManualClock()
        self.mock: Mock = still_mock(settings, self.clock)
        self.ask({**SUBMIT, **parameters})

    def ask(self, task: Mapping[str, Any]) -> Any:
        """Send one task and return the body of the answer."""
        return self._request("POST", "/v1", json=[task], headers={"Authorization": "Bearer a-key"}).json()

    def told(self) -> list[dict[str, Any]]:
        """Poll and return the finished results."""
        return [item for item in self.ask(POLL)["data"] if item["status"] == "success"]

    def look(self, address: str, method: str = "GET") -> tuple[int, str, str]:
        """Ask for a video and return status, code of the error and Cache-Control."""
        answer = self._request(method, address)
        code = "" if answer.is_success or method == "HEAD" else answer.json()["errors"][0]["code"]
        return answer.status_code, code, answer.headers.get("cache-control", "")

    def go_to(self, at_ms: int) -> None:
        """Let it be a time."""
        self.clock.advance_to(at_ms)

    @property
    def due_at_ms(self) -> tuple[int, ...]:
        """When the results are ready."""
        task = self.mock.store.get(Shelf.TASKS, (self.mock.runtime.desk.keyring.owner("a-key") or "", UUID))
        assert isinstance(task, Task)
        return task.due_at_ms

    def _request(self, method: str, address: str, **rest: Any) -> httpx.Response:
        async def whole() -> httpx.Response:
            transport = httpx.ASGITransport(app=server_app(self.mock))
            async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
                return await client.request(method, address, **rest)

        return asyncio.run(whole())


GOOD, EXPIRED, UNKNOWN = (200, ""), (410, "mediaExpired"), (404, "routeNotFound")


@pytest.mark.parametrize(
    ("parameters", "settings", "good_for_ms"),
    [
        ({"ttl": 60}, {}, 60_000),
        ({"ttl": 61.0}, {}, 61_000),
        ({"ttl": 3600}, {"keep-media-hours": "0"}, HOUR_MS),
        ({"ttl": 60, "webhookURL": "https://example.com/hook"}, {}, 60_000),
        ({"ttl": 60, "uploadEndpoint": "https://example.com/put"}, {}, 60_000),
        ({}, {"keep-media-hours": "1"}, HOUR_MS),
        ({}, {"keep-media-hours": "0.5"}, HOUR_MS // 2),
        ({}, {"keep-hours": "100"}, 24 * HOUR_MS),
    ],
    ids=str,
)
def test_an_address_is_good_for_its_ttl_to_the_millisecond(
    parameters: dict[str, Any], settings: dict[str, Any], good_for_ms: int
) -> None:
    """Until then it leads to the file, from then on it is answered with 410 in the API's words; polls stay as they are."""
    viewer = Viewer(parameters, settings)
    (due_ms,) = viewer.due_at_ms
    viewer.go_to(due_ms)
    (item,) = viewer.told()
    viewer.go_to(due_ms + good_for_ms - 1)
    assert viewer.look(item["videoURL"])[:2] == GOOD
    viewer.go_to(due_ms + good_for_ms)
    assert viewer.look(item["videoURL"])[:2] == EXPIRED
    assert viewer.look(item["videoURL"], "HEAD")[0] == 410
    assert viewer.told() == [item]


def test_an_address_is_unknown_when_its_task_is() -> None:
    """While the task is kept, an address that was good once is gone; afterwards nobody knows that it ever was."""
    viewer = Viewer({"ttl": 60}, {"keep-hours": "1"})
    (due_ms,) = viewer.due_at_ms
    viewer.go_to(due_ms)
    (item,) = viewer.told()
    viewer.go_to(due_ms + HOUR_MS)
    assert viewer.look(item["videoURL"])[:2] == EXPIRED
    viewer.go_to(due_ms + HOUR_MS + 1)
    assert viewer.look(item["videoURL"])[:2] == UNKNOWN


def test_a_task_that_is_dropped_early_takes_its_address_with_it() -> None:
    """A ttl keeps no task alive: past the limits of the mock the address is unknown, however long its ttl."""
    viewer = Viewer({"ttl": 2_592_000}, {"keep-hours": "1"})
    viewer.go_to(viewer.due_at_ms[0])
    (item,) = viewer.told()
    viewer.clock.advance(HOUR_MS)
    assert viewer.look(item["videoURL"])[:2] == GOOD
    viewer.clock.advance(1)
    assert viewer.look(item["videoURL"])[:2] == UNKNOWN


def test_an_address_lasts_as_long_as_the_task_under_a_long_retention() -> None:
    """Results that were told of early are still found when the task is kept for days."""
    viewer = Viewer({"ttl": 2_592_000, "numberResults": 3}, {"keep-hours": "200"})
    first, *_, last = viewer.due_at_ms
    viewer.go_to(first)
    (item,) = viewer.told()
    viewer.go_to(last + 200 * HOUR_MS)
    assert viewer.look(item["videoURL"])[:2] == GOOD


def test_the_results_of_a_task_go_one_after_the_other() -> None:
    """Each address counts from when its own result was made."""
    viewer = Viewer({"ttl": 60, "numberResults": 3}, {})
    due_ms = viewer.due_at_ms
    viewer.go_to(due_ms[-1])
    addresses = [item["videoURL"] for item in viewer.told()]
    for index, at_ms in enumerate(due_ms):
        viewer.go_to(at_ms + 60_000)
        statuses = [viewer.look(address)[0] for address in addresses]
        assert statuses == [410 if ready_ms + 60_000 <= viewer.clock.now_ms() else 200 for ready_ms in due_ms]
        assert statuses[index] == 410


def test_only_the_very_address_is_gone() -> None:
    """With another extension the address never led anywhere."""
    viewer = Viewer({"ttl": 60}, {})
    viewer.go_to(viewer.due_at_ms[0])
    (item,) = viewer.told()
    viewer.clock.advance(60_000)
    assert viewer.look(item["videoURL"].replace(".mp4", ".mov"))[:2] == UNKNOWN


@pytest.mark.parametrize(("left_ms", "fresh_s"), [(7_200_000, 3600), (3_600_000, 3600), (59_999, 59), (1, 0)])
def test_nobody_is_told_to_keep_a_file_longer_than_its_address_is_good(left_ms: int, fresh_s: int) -> None:
    """The time for which browsers may use their copy unasked ends with the address, after an hour at the latest."""
    viewer = Viewer({"ttl": 7200}, {})
    (due_ms,) = viewer.due_at_ms
    viewer.go_to(due_ms)
    (item,) = viewer.told()
    viewer.go_to(due_ms + 7_200_000 - left_ms)
    assert viewer.look(item["videoURL"]) == (200, "", f"private, max-age={fresh_s}")
