"""Receivers that hang, refuse, drip, flood or send elsewhere are in nobody's way: on real sockets, as ratios in one run."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx

from mockserver.adapters.couriers import HttpCourier
from mockserver.ports import Delivery, Parcel
from tests.support.receivers import Answer, Receiver, silence, status
from tests.support.server import Served, served

#: Receivers of each kind, and deliveries to each.
RECEIVERS = 200
EACH = 2
#: How often the deliveries are timed, with and without the hanging receivers, before more time is believed to be needed:
#: other programs only ever add to the shortest time.
MOST_ROUNDS = 60
#: The good ones' deliveries may take so much longer beside the hanging ones.
MOST_GROWTH = 1.2
LONG_S = 60.0


class Delivering:
    """A courier to good receivers, and to hanging ones that it has begun to wait for."""

    def __init__(self, good: Sequence[Receiver], hanging: Sequence[Receiver]) -> None:
        self.courier = HttpCourier()
        self._good = good
        self._hanging = hanging

    async def begin(self) -> None:
        """Let every hanging receiver hang, and every good one answer once."""
        for receiver in self._hanging:
            for _ in range(EACH):
                self.courier.send(post(receiver, LONG_S), lambda _: None)
        for receiver in self._hanging:
            await receiver.wait_for(1)
        await self.time()

    async def time(self) -> float:
        """Return how long it takes until every good receiver has its deliveries, in seconds."""
        ended: list[Delivery] = []
        are_through = asyncio.Event()

        def done(delivery: Delivery) -> None:
            ended.append(delivery)
            if len(ended) == EACH * len(self._good):
                are_through.set()

        began_s = time.perf_counter()
        for receiver in self._good:
            for _ in range(EACH):
                self.courier.send(post(receiver, LONG_S), done)
        await asyncio.wait_for(are_through.wait(), LONG_S)
        took_s = time.perf_counter() - began_s
        assert all(delivery.is_delivered for delivery in ended)
        return took_s


def post(receiver: Receiver, deadline_s: float) -> Parcel:
    """Return a webhook call."""
    return Parcel("POST", f"{receiver.base}/hook", b"{}", "application/json", deadline_s=deadline_s)


def test_two_hundred_hanging_receivers_slow_two_hundred_good_ones_by_a_fifth_at_most() -> None:
    """The good ones' deliveries are timed by turns with and without hanging ones, and the shortest times compared."""

    async def live() -> None:
        async with AsyncExitStack() as stack:
            good = [await stack.enter_async_context(Receiver()) for _ in range(RECEIVERS)]
            hanging = [await stack.enter_async_context(Receiver(silence)) for _ in range(RECEIVERS)]
            alone, beside = Delivering(good, []), Delivering(good, hanging)
            took: dict[Delivering, list[float]] = {alone: [], beside: []}
            for delivering in took:
                stack.push_async_callback(delivering.courier.close)
                await delivering.begin()
            growth = 100.0
            while growth > MOST_GROWTH and len(took[alone]) < MOST_ROUNDS:
                for delivering, times in took.items():
                    times.append(await delivering.time())
                growth = min(took[beside]) / min(took[alone])
            assert growth <= MOST_GROWTH
            assert all(receiver.open_now == 1 for receiver in hanging), "they are still hanging"

    asyncio.run(live())


async def drip(writer: asyncio.StreamWriter) -> None:
    """Answer a byte of the head now and then."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Padding: x\r\n" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.01)


async def flood(writer: asyncio.StreamWriter) -> None:
    """Answer gigabytes, as fast as they are taken."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        writer.write(bytes(1_000_000))
        await writer.drain()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without an answer."""
    writer.close()


UNPLEASANT: Sequence[Answer] = (silence, drip, flood, hang_up, status(500), status(302, "Location: /elsewhere"))
#: Tasks handed in, each with a webhook and an upload.
TASKS = 240
#: No poll takes so long, in seconds; one that waited for a receiver would take longer.
WELL_BELOW_A_DEADLINE_S = 2.5


def video(number: int, address: str) -> dict[str, Any]:
    """Return a submission."""
    return {
        "taskType": "videoInference",
        "taskUUID": f"24cd5dff-cb81-4db5-8506-{number:012d}",
        "model": "minimax:3@1",
        "positivePrompt": "a lighthouse",
        "webhookURL": f"{address}/hook",
        "uploadEndpoint": f"{address}/put",
    }


def test_no_poll_waits_for_any_receiver() -> None:
    """While hundreds of deliveries hang, drip, flood and fail, every poll is answered at once; what is good arrives."""

    async def live(server: Served) -> None:
        async with AsyncExitStack() as stack:
            kinds = [await stack.enter_async_context(Receiver(answer)) for answer in UNPLEASANT]
            pleasant = await stack.enter_async_context(Receiver())
            refusing = "http://127.0.0.1:1"
            client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=LONG_S))
            client.headers["Authorization"] = "Bearer a-key"
            addresses = [*(receiver.base for receiver in kinds), refusing, pleasant.base]
            tasks = [video(number, addresses[number % len(addresses)]) for number in range(TASKS)]
            await client.post(server.http_url, json=tasks)
            slowest_s, answers = 0.0, 0
            until_s = time.perf_counter() + 3
            while time.perf_counter() < until_s:
                poll = {"taskType": "getResponse", "taskUUID": tasks[answers % TASKS]["taskUUID"]}
                began_s = time.perf_counter()
                answer = await client.post(server.http_url, json=[poll])
                slowest_s = max(slowest_s, time.perf_counter() - began_s)
                assert answer.status_code == 200
                answers += 1
            assert slowest_s < WELL_BELOW_A_DEADLINE_S
            requests = await pleasant.wait_for(2 * TASKS // len(addresses))
            called = {json.loads(each.body)["data"][0]["taskUUID"] for each in requests if each.line.startswith("POST")}
            assert called == {task["taskUUID"] for task in tasks if task["webhookURL"].startswith(pleasant.base)}

    with served("--speed", "instant", "--log", "quiet", "--media", "prerendered") as server:
        asyncio.run(live(server))
