"""Couriers: one that really sends, under the outbound policy, and one that keeps what it was given."""

import asyncio
from collections.abc import Callable

from mockserver.adapters.web import Web
from mockserver.outbound import Outbound
from mockserver.ports import Delivery, Parcel

DEADLINE_S = 10.0
MOST_READ_BYTES = 64 * 1024


class Outbox:
    """Keeps every parcel and says that it was delivered. For tests and for a mock inside another program."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Keep a parcel."""
        self.parcels.append(parcel)
        done(Delivery(parcel, 200))

    async def close(self) -> None:
        """Nothing is under way."""


class HttpCourier:
    """Sends each parcel once over HTTP, where the outbound policy allows it, and follows no redirects.

    One deadline covers a whole delivery.

    Args:
        deadline_s: longest time for a delivery, in seconds.
        web: connects under the outbound policy; to loopback alone unless given.
    """

    def __init__(self, deadline_s: float = DEADLINE_S, web: Web | None = None) -> None:
        self._deadline_s = deadline_s
        self._web = web or Web(Outbound())
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        """Send a parcel in the background of the running event loop."""
        task = asyncio.get_running_loop().create_task(self._deliver(parcel, done))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Stop what is under way and let go of every connection."""
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._web.close()

    async def _deliver(self, parcel: Parcel, done: Callable[[Delivery], None]) -> None:
        try:
            async with asyncio.timeout(self._deadline_s):
                status = await self._send(parcel)
        except TimeoutError:
            done(Delivery(parcel, None, f"no answer within {self._deadline_s:g} s"))
        except (OSError, ValueError) as problem:
            done(Delivery(parcel, None, str(problem) or type(problem).__name__))
        else:
            done(Delivery(parcel, status, "" if 200 <= status < 300 else f"the receiver answered {status}"))

    async def _send(self, parcel: Parcel) -> int:
        headers = {"Content-Type": parcel.media_type}
        async with self._web.request(parcel.method, parcel.url, parcel.body, headers) as response:
            await response.content.read(MOST_READ_BYTES)
            return response.status
