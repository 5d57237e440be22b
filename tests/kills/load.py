"""Clients that submit tasks with webhooks as fast as they are acknowledged, and the receiver of the webhooks."""

import asyncio
import uuid
from collections import Counter
from typing import Any, Self

import aiohttp
from aiohttp import web

#: How long a client waits for an answer, in seconds: the mock may have been killed after it read the request.
PATIENCE_S = 5.0
#: Pause before a client tries again where nobody listens, in seconds.
AGAIN_S = 0.02
#: Pause of a client between two tasks, in seconds.
PAUSE_S = 0.01


class Load:
    """Clients, each with a key of its own, and a receiver.

    Args:
        url: where tasks are handed in.
        clients: how many submit at a time.

    Attributes:
        acknowledged: UUID of each task that was acknowledged, and the key that handed it in.
        received: how often the webhook of each task came.
        answers: how many answers of which status came.
    """

    def __init__(self, url: str, clients: int) -> None:
        self.acknowledged: dict[str, str] = {}
        self.received: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self._url, self._clients = url, clients
        self._tasks: list[asyncio.Task[None]] = []
        self._hook = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self._hook = f"http://{host}:{port}/hook"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._session.close()
        await self._runner.cleanup()

    def begin(self) -> None:
        """Begin to submit."""
        self._tasks = [asyncio.create_task(self._submit_for_ever(f"key-{number}")) for number in range(self._clients)]

    async def stop(self) -> None:
        """Submit nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _receive(self, request: web.Request) -> web.Response:
        for item in (await request.json())["data"]:
            self.received[item["taskUUID"]] += 1
        return web.Response()

    async def _submit_for_ever(self, key: str) -> None:
        while True:
            task_uuid = str(uuid.uuid4())
            task = {
                "taskType": "videoInference",
                "taskUUID": task_uuid,
                "model": "minimax:3@1",
                "positivePrompt": "a sea",
            }
            told = await self.ask(key, {**task, "webhookURL": self._hook})
            if told is not None and told.get("data") == [{"taskType": "videoInference", "taskUUID": task_uuid}]:
                self.acknowledged[task_uuid] = key
            await asyncio.sleep(AGAIN_S if told is None else PAUSE_S)  # real time, as real clients have it

    async def ask(self, key: str, *tasks: dict[str, Any]) -> dict[str, Any] | None:
        """Send tasks and return the answer, or None where there was none."""
        headers = {"Authorization": f"Bearer {key}"}
        try:
            async with self._session.post(self._url, json=tasks, headers=headers) as response:
                self.answers[response.status] += 1
                told: dict[str, Any] = await response.json()
                return told
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
