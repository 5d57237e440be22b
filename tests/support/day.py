"""A day in the life of a mock: webhooks that fail, files that expire, sockets that fall silent."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import httpx

from mockserver.adapters.clocks import ManualClock
from mockserver.app import Mock, server_app
from mockserver.engine.account import DAY_MS
from mockserver.journal import Entry
from mockserver.scenario import read_scenario
from mockserver.transports.websocket import IDLE_MS
from tests.support.couriers import Receivers
from tests.support.logs import Remarks
from tests.support.loops import rest
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

HOUR_MS = 3_600_000
SESSION_MS = 120_000
#: How long the address of a video is good.
GOOD_FOR_S = 60
HEADERS = {"Authorization": "Bearer a-key"}
SCENARIO = {
    "seed": 5,
    "rules": [
        {"match": {"probability": 0.3}, "faults": ["answer-503"]},
        {"match": {"probability": 0.3}, "faults": ["duplicate-webhook", "lag-polls"]},
        {"match": {"probability": 0.2}, "outcome": "providerError"},
    ],
}


class Day:
    """A mock for a day, a client over HTTP and one over WebSocket, and a receiver that refuses every webhook.

    Attributes:
        downloads: status of every download, in order.
        closed: how often a silent connection was closed.
        sessions: sessions of the client over WebSocket, in order.
    """

    def __init__(self) -> None:
        self.clock = ManualClock()
        settings = {"webhook-attempts": "100", "journal": "100000", "seed": "11", "media": "prerendered"}
        self.mock: Mock = still_mock(settings, self.clock, Receivers(lambda _: 503), Remarks())
        spec = self.mock.spec
        self.mock.runtime.plans.play(read_scenario(SCENARIO, spec.failures, spec.models))
        self.app = server_app(self.mock)
        self.downloads: list[int] = []
        self.sessions: list[str] = []
        self.closed = 0

    async def live(self) -> None:
        """Hand in a task an hour, look at its video while it is good and afterwards, and connect again and again."""
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test", headers=HEADERS) as client:
            for hour in range(DAY_MS // HOUR_MS):
                began_ms = self.clock.now_ms()
                await self.make_a_video(client, hour)
                await self.fall_silent()
                self.clock.advance(SESSION_MS + hour % 2)
                await self.fall_silent()
                self.clock.advance_to(began_ms + HOUR_MS)

    async def make_a_video(self, client: httpx.AsyncClient, hour: int) -> None:
        """Hand in a task until it is taken, wait for its result, and download it twice: in time, and too late."""
        uuid = f"24cd5dff-cb81-4db5-8506-{hour:012d}"
        about = {"model": "minimax:3@1", "positivePrompt": "a lighthouse", "ttl": GOOD_FOR_S}
        task = {"taskType": "videoInference", "taskUUID": uuid, "webhookURL": "http://127.0.0.1/hook", **about}
        while (await client.post("/v1", json=[task])).status_code == 503:
            self.clock.advance(1000)
        poll = {"taskType": "getResponse", "taskUUID": uuid}
        while _is_under_way(answer := (await client.post("/v1", json=[poll])).json()):
            self.clock.advance(10_000)
        for wait_ms in (0, GOOD_FOR_S * 1000):
            self.clock.advance(wait_ms)
            for item in answer["data"]:
                self.downloads.append((await client.get(item["videoURL"])).status_code)

    async def fall_silent(self) -> None:
        """Connect with the last session, and say nothing more until the connection is closed."""
        async with SocketClient(self.app) as socket:
            last: dict[str, Any] = {"connectionSessionUUID": self.sessions[-1]} if self.sessions else {}
            (frame,) = await socket.say(json.dumps([{"taskType": "authentication", "apiKey": "a-key", **last}]))
            self.sessions.append(json.loads(frame)["data"][0]["connectionSessionUUID"])
            self.clock.advance(IDLE_MS)
            await rest()
            self.closed += socket.close is not None


def _is_under_way(answer: Any) -> bool:
    return any(item["status"] == "processing" for item in answer["data"])


def day() -> tuple[Day, Sequence[Entry]]:
    """Return a day that has passed, and its journal."""
    made = Day()
    asyncio.run(made.live())
    assert made.mock.journal
    return made, made.mock.journal.entries()
