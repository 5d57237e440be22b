"""Sound clients whose calls share something, as many do: a connection, or one poll for all tasks."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from contracts.clients.base import Endpoint
from tests.kit.sound import Item, SoundClient, Task, Unfinished
from tests.kit.sound_websocket import AGAIN

#: How long an answer is waited for over a connection, in seconds.
ANSWER_S = 30.0
#: What stands for an answer that did not come.
LOST = {"errors": [{"code": "serviceUnavailable"}]}


class Line:
    """A WebSocket connection that calls share. Each waits for the answer that has its taskUUID.

    Args:
        socket: the connection.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.reader = asyncio.create_task(self._read())

    async def ask(self, task: Task) -> dict[str, Any]:
        """Send a task and wait for its answer."""
        answer = self.waiting[task.get("taskUUID", "")] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps([task]))
        async with asyncio.timeout(ANSWER_S):
            reply: dict[str, Any] = await answer
        return reply

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self.take(json.loads(text))
        except (WebSocketException, ValueError):
            await self._socket.close()
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the connection is lost"))

    def take(self, reply: dict[str, Any]) -> None:
        """Hand an answer to whoever waits for it."""
        for item in [*reply.get("data", []), *reply.get("errors", [])]:
            answer = self.waiting.get(item.get("taskUUID", ""))
            if answer is not None and not answer.done():
                answer.set_result(reply)

    async def close(self) -> None:
        """End it."""
        await self._socket.close()
        await self.reader


class OverOneConnection(SoundClient):
    """Has all tasks done over one WebSocket connection, which is made again when it is lost."""

    line_type = Line

    def __init__(self) -> None:
        self._lines: dict[str, asyncio.Task[Line]] = {}
        self._calls: dict[str, int] = {}

    async def __call__(self, task: Task, endpoint: Endpoint) -> Sequence[Item]:
        """Have a task done. The last call that is under way closes the connection."""
        key = endpoint.api_key
        self._calls[key] = self._calls.get(key, 0) + 1
        try:
            return await super().__call__(task, endpoint)
        finally:
            self._calls[key] -= 1
            if not self._calls[key] and key in self._lines:
                await (await self._lines.pop(key)).close()

    async def ask(self, http: httpx.AsyncClient, endpoint: Endpoint, task: Task) -> dict[str, Any]:  # noqa: ARG002
        """Send one task and return the answer, over a new connection where the old one is lost."""
        for number in range(1, self.tries + 1):
            self.tried = number
            try:
                reply = await (await self._line(endpoint)).ask(task)
            except (OSError, WebSocketException):
                reply = LOST
            if not any(error["code"] in AGAIN for error in reply.get("errors", ())):
                return reply
            await asyncio.sleep(self.pause_before_try_s(number))
        raise self.given_up("no answer")

    async def _line(self, endpoint: Endpoint) -> Line:
        made = self._lines.get(endpoint.api_key)
        if made is None or (made.done() and (made.exception() or made.result().reader.done())):
            made = self._lines[endpoint.api_key] = asyncio.create_task(self._connect(endpoint))
        return await made

    async def _connect(self, endpoint: Endpoint) -> Line:
        line = self.line_type(await connect(endpoint.ws_url, proxy=None))
        await line.ask({"taskType": "authentication", "apiKey": endpoint.api_key})
        return line


class PollsForAll(SoundClient):
    """Polls for all tasks that are under way with one request, every few seconds."""

    pause_s = 5.0

    def __init__(self) -> None:
        #: What is waited for, by key and taskUUID.
        self._waiting: dict[str, dict[str, asyncio.Future[dict[str, Any]]]] = {}
        self._pollers: dict[str, asyncio.Task[None]] = {}

    async def wait(self, http: httpx.AsyncClient, endpoint: Endpoint, uuid: str, task: Task) -> Sequence[Item]:  # noqa: ARG002
        """Be told by the one who polls for all."""
        waiting = self._waiting.setdefault(endpoint.api_key, {})
        answer = waiting[uuid] = asyncio.get_running_loop().create_future()
        if endpoint.api_key not in self._pollers:
            self._pollers[endpoint.api_key] = asyncio.create_task(self._poll(endpoint, waiting))
        try:
            async with asyncio.timeout(self.patience_s):
                return self.results(await answer, uuid)
        except TimeoutError:
            raise Unfinished("not done in time") from None
        finally:
            waiting.pop(uuid, None)

    async def _poll(self, endpoint: Endpoint, waiting: dict[str, asyncio.Future[dict[str, Any]]]) -> None:
        async with self.connect(endpoint) as http:
            while True:
                await asyncio.sleep(self.pause_s)
                uuids = [*waiting]
                if not uuids:
                    del self._pollers[endpoint.api_key]
                    return
                try:
                    body = self.body([self.poll(uuid) for uuid in uuids])
                    answer = await http.post(self.address(endpoint), content=body)
                    reply = self.read(answer)
                except (httpx.TransportError, ValueError):
                    continue
                if answer.status_code in self.again:
                    await asyncio.sleep(self.told_to_wait_s(answer))
                    continue
                for uuid, own in self.split(reply, uuids).items():
                    if uuid in waiting and not self.is_under_way(own, {}) and not waiting[uuid].done():
                        waiting[uuid].set_result(own)

    def split(self, reply: Mapping[str, Any], uuids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what an answer says of each task."""
        return {
            uuid: {
                name: [item for item in reply.get(name, []) if item.get("taskUUID") == uuid]
                for name in ("data", "errors")
            }
            for uuid in uuids
        }
