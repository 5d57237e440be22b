"""Couriers: one that really sends, under the outbound policy, and one that keeps what it was given."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mockserver.adapters.turns import Turns, receiver_of
from mockserver.adapters.web import Web
from mockserver.outbound import Outbound
from mockserver.ports import Delivery, NotAllowed, Parcel

if TYPE_CHECKING:
    import aiohttp

#: How much of an answer is read, and how much of it is kept.
MOST_READ_BYTES = 64 * 1024
MOST_SHOWN_BYTES = 1000
#: How long the body of an answer is waited for after its status, in seconds.
BODY_PATIENCE_S = 0.25


class Outbox:
    """Keeps every parcel and says what its receiver is taken to have answered. For a mock inside another program.

    Attributes:
        parcels: what was sent.
        statuses: status that a receiver answers, by address; 200 unless there is one.
    """

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.statuses: dict[str, int] = {}

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Keep a parcel."""
        self.parcels.append(parcel)
        done(_answered(parcel, self.statuses.get(parcel.url, 200)))

    async def close(self) -> None:
        """Nothing is under way."""


class HttpCourier:
    """Sends each parcel once over HTTP, where the outbound policy allows it, and follows no redirects.

    Parcels wait in a line for each receiver; the deadline of one begins when it is sent. Of an answer the status
    counts; of its body a beginning is read, for a moment.

    Args:
        web: connects under the outbound policy; to loopback alone unless given.
        turns: says who may send next.
    """

    def __init__(self, web: Web | None = None, turns: Turns | None = None) -> None:
        self._web = web or Web(Outbound())
        self._turns = turns or Turns()
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Send a parcel in the background of the running event loop, when it is its turn."""
        receiver = receiver_of(parcel.url)
        self._turns.join(receiver, partial(self._start, receiver, parcel, done))

    async def close(self) -> None:
        """Stop what is under way, forget what waits and let go of every connection."""
        self._turns.clear()
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._web.close()

    def _start(self, receiver: str, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(receiver, parcel, done))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, receiver: str, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        began = time.perf_counter()
        try:
            delivery = await self._attempt(parcel)
        finally:
            took_s = time.perf_counter() - began
            self._turns.leave(receiver, took_s >= parcel.deadline_s)
        done(replace(delivery, ms=took_s * 1000))

    async def _attempt(self, parcel: Parcel) -> Delivery:
        answered: list[int] = []
        excerpt = b""
        try:
            async with asyncio.timeout(parcel.deadline_s):
                headers = {"Content-Type": parcel.media_type, **parcel.headers}
                async with self._web.request(parcel.method, parcel.url, parcel.body, headers) as response:
                    answered.append(response.status)
                    excerpt = await _beginning(response)
        except TimeoutError:
            if not answered:
                return Delivery(parcel, None, f"no answer within {parcel.deadline_s:g} s")
        except (OSError, ValueError) as wrong:
            if not answered:
                is_hopeless = isinstance(wrong, NotAllowed | ValueError)
                return Delivery(parcel, None, str(wrong) or type(wrong).__name__, is_hopeless)
        return _answered(parcel, answered[0], excerpt)


#: What is wrong with an answer, by the first digit of its status.
_PROBLEMS = {2: "", 3: "the receiver answered {}, and redirects are not followed"}


def _answered(parcel: Parcel, status: int, body: bytes = b"") -> Delivery:
    problem = _PROBLEMS.get(status // 100, "the receiver answered {}").format(status)
    return Delivery(parcel, status, problem, excerpt=body[:MOST_SHOWN_BYTES].decode(errors="replace"))


async def _beginning(response: "aiohttp.ClientResponse") -> bytes:
    """Read a body to its end, but not for long and not much of it."""
    read = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_PATIENCE_S):
            async for chunk in response.content.iter_any():
                read += chunk
                if len(read) >= MOST_READ_BYTES:
                    break
    return bytes(read)
