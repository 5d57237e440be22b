"""A sound client over WebSocket: it connects, asks and hands in again as often as that may help.

It leaves its session alone, so that after a new connection nothing comes that it did not ask for.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from contracts.clients.base import Endpoint
from tests.kit.sound import ApiError, Item, Task, Unfinished

#: Codes after which another try may go well.
AGAIN = frozenset(
    {
        "rateLimitExceeded",
        "inferenceRateLimitExceeded",
        "internalServerError",
        "serviceUnavailable",
        "providerBadGateway",
    }
)
TRIES = 5
#: How long an answer is waited for, how long its further frames, and how long a task, in seconds.
ANSWER_S, REST_S, TASK_S = 20, 0.3, 20 * 60


class Line:
    """A connection that is made anew where it has broken.

    Attributes:
        tried: how often the last request was sent.
    """

    tried = 0

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def ask(self, task: Task) -> Mapping[str, Any]:
        """Send a task and return the answer that names it."""
        for self.tried in range(1, TRIES + 1):
            try:
                reply = await self._once(task)
            except (ConnectionClosed, OSError, TimeoutError):
                await self._close()
            else:
                if not any(error["code"] in AGAIN for error in reply.get("errors", ())):
                    return reply
            await asyncio.sleep(2.0**self.tried)
        raise Unfinished("no try went well")

    async def _once(self, task: Task) -> Mapping[str, Any]:
        if self._socket is None:
            self._socket = await connect(self._endpoint.ws_url)
            await self._exchange({"taskType": "authentication", "apiKey": self._endpoint.api_key}, "taskType")
        return await self._exchange(task, "taskUUID")

    async def _exchange(self, task: Task, name: str) -> Mapping[str, Any]:
        """Send a task and return what names it by the same member: items and errors come in a frame each."""
        if self._socket is None:
            raise AssertionError("the line is not connected")
        await self._socket.send(json.dumps([task]))
        data: list[Item] = []
        errors: list[Item] = []
        until_s: float = ANSWER_S
        while True:
            try:
                async with asyncio.timeout(until_s):
                    reply = _parsed(await self._socket.recv())
            except TimeoutError:
                if not data and not errors:
                    raise
                return {"data": data, "errors": errors}
            data += [item for item in reply.get("data", ()) if item.get(name) == task[name]]
            errors += [error for error in reply.get("errors", ()) if error.get(name) == task[name]]
            until_s = REST_S if data or errors else ANSWER_S

    async def _close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None


def _parsed(frame: str | bytes) -> Mapping[str, Any]:
    """Return a frame as an object; one that is no JSON says nothing."""
    try:
        reply = json.loads(frame)
    except ValueError:
        return {}
    return reply if isinstance(reply, dict) else {}


async def client(task: Task, endpoint: Endpoint) -> Sequence[Item]:
    """Have a task done."""
    uuid = str(uuid4())
    async with Line(endpoint) as line:
        reply = await line.ask({"taskType": "videoInference", "taskUUID": uuid, "deliveryMethod": "async", **task})
        if reply.get("errors") and not (line.tried > 1 and reply["errors"][0]["code"] == "conflictTaskUUID"):
            raise ApiError(reply["errors"][0]["code"], reply["errors"][0]["message"])
        async with asyncio.timeout(TASK_S):
            return await _results(line, uuid)


async def _results(line: Line, uuid: str) -> Sequence[Item]:
    """Poll until every result has ended, and return those that were made."""
    pause_s = 1.0
    while True:
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 10.0)
        reply = await line.ask({"taskType": "getResponse", "taskUUID": uuid})
        items = reply.get("data", [])
        if any(item["status"] == "processing" for item in items):
            continue
        if reply.get("errors") and not items:
            raise ApiError(reply["errors"][0]["code"], reply["errors"][0]["message"])
        return list(items)
