"""Mistakes that no single call shows: what calls share, and should not.

Their sleeps are those of clients, and pass in the virtual loop of a stage.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx

from contracts.clients.base import Endpoint
from tests.kit.sound import Item, SoundClient, Task
from tests.kit.sound_together import Line, OverOneConnection, PollsForAll


class KeepsTheTaskOnItself(SoundClient):
    """Keeps the current task's UUID in an attribute, where the next call overwrites it."""

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        self.current = uuid
        return await super().wait(http, endpoint, uuid, task)

    def poll(self, uuid: str) -> Task:  # noqa: ARG002, that is the mistake
        return super().poll(self.current)

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:  # noqa: ARG002, that is the mistake
        return super().results(reply, self.current)


class KeepsTheLastAnswer(SoundClient):
    """Keeps the last answer in an attribute, and reads it when it has slept."""

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        self.answer: dict[str, Any] = {"data": [{"status": "processing"}]}
        pause_s = self.first_pause_s
        while self.is_under_way(self.answer, task):
            self.answer = await self.ask(http, endpoint, self.poll(uuid))
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * self.growth, self.longest_pause_s)
        return self.results(self.answer, self.answer["data"][0]["taskUUID"] if self.answer.get("data") else uuid)


class GathersInOneList(SoundClient):
    """Gathers results in a list that all calls have, which each empties when it begins."""

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:
        self.made: list[Item] = []
        return await super().wait(http, endpoint, uuid, task)

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        self.made += super().results(reply, uuid)
        return self.made


class _EveryFrame(Line):
    def take(self, reply: dict[str, Any]) -> None:
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_result(reply)


class TakesAnyFrame(OverOneConnection):
    """Takes the next frame on a connection for the answer, whatever its taskUUID."""

    line_type = _EveryFrame

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        names = [item["taskUUID"] for item in reply.get("data", []) if item.get("videoURL")]
        return super().results(reply, names[0] if names else uuid)


class HandsOutByPosition(PollsForAll):
    """Polls for all tasks at once, and takes the n-th item for the n-th of them."""

    def split(self, reply: Mapping[str, Any], uuids: Sequence[str]) -> dict[str, dict[str, Any]]:
        items, errors = list(reply.get("data", [])), list(reply.get("errors", []))
        return {
            uuid: {"data": items[place : place + 1], "errors": [] if items[place : place + 1] else errors}
            for place, uuid in enumerate(uuids)
        }

    def results(self, reply: Mapping[str, Any], uuid: str) -> Sequence[Item]:
        return super().results(reply, reply["data"][0]["taskUUID"] if reply["data"] else uuid)


class NamesTasksByTheMillisecond(SoundClient):
    """Draws UUIDs from a generator that is seeded with the time."""

    def new_uuid(self) -> str:
        return str(UUID(int=random.Random(int(time.time() * 1000)).getrandbits(128), version=4))


class HoldsALockWhileItWaits(SoundClient):
    """Does one task at a time, as a lock is held until it is done."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    async def __call__(self, task: Task, endpoint: Endpoint) -> Sequence[Item]:
        async with self._locks.setdefault(endpoint.api_key, asyncio.Lock()):
            return await super().__call__(task, endpoint)


class ReturnsAllAtOnce(SoundClient):
    """Hands results out when every task under way is done."""

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}

    async def __call__(self, task: Task, endpoint: Endpoint) -> Sequence[Item]:
        key = endpoint.api_key
        self._under_way[key] = self._under_way.get(key, 0) + 1
        try:
            return await super().__call__(task, endpoint)
        finally:
            self._under_way[key] -= 1
            while self._under_way[key]:  # noqa: ASYNC110, that is how it is done
                await asyncio.sleep(1)


class FailsAllTogether(SoundClient):
    """Keeps the last error in an attribute, and every call that looks at it raises it."""

    def __init__(self) -> None:
        self._errors: dict[str, Sequence[Mapping[str, Any]]] = {}

    async def ask(self, http: httpx.AsyncClient, endpoint: Endpoint, task: Task) -> dict[str, Any]:
        reply = await super().ask(http, endpoint, task)
        if reply.get("errors") and not self.is_known(reply["errors"]) and not reply.get("data"):
            self._errors[endpoint.api_key] = reply["errors"]
        if endpoint.api_key in self._errors:
            raise self.error(self._errors[endpoint.api_key])
        return reply


class CancelsTheOthers(SoundClient):
    """Does tasks in a group, so that the first that fails cancels those beside it."""

    def __init__(self) -> None:
        self._group: dict[str, set[asyncio.Future[Sequence[Item]]]] = {}

    async def __call__(self, task: Task, endpoint: Endpoint) -> Sequence[Item]:
        group = self._group.setdefault(endpoint.api_key, set())
        own = asyncio.ensure_future(super().__call__(task, endpoint))
        group.add(own)
        try:
            return await own
        except asyncio.CancelledError:
            raise RuntimeError("cancelled") from None
        except Exception:
            for other in group - {own}:
                other.cancel()
            raise
        finally:
            group.discard(own)


class KeepsThePauseOnItself(SoundClient):
    """Keeps how long the service asked to wait in an attribute, which the next request of any call sets back."""

    async def ask(self, http: httpx.AsyncClient, endpoint: Endpoint, task: Task) -> dict[str, Any]:
        for number in range(1, self.tries + 1):
            self.tried, self.told_s = number, 0.0
            pause_s = self.pause_before_try_s(number)
            try:
                answer = await http.post(self.address(endpoint), content=self.body([task]))
                reply = self.read(answer)
            except (httpx.TransportError, ValueError):
                await asyncio.sleep(pause_s)
                continue
            if answer.status_code not in self.again:
                return reply
            self.told_s = self.told_to_wait_s(answer)
            await asyncio.sleep(pause_s)
            await asyncio.sleep(max(0.0, self.told_s - pause_s))
        raise self.given_up("no answer")
