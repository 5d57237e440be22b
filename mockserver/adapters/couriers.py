"""Couriers: one that really sends, to loopback only, and one that keeps what it was given."""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.ports import Delivery, Parcel

if TYPE_CHECKING:
    import aiohttp

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
    """Sends each parcel once over HTTP, to loopback addresses only, without following redirects.

    The address that was checked is the one connected to, whatever a name resolves to a moment later. Proxy
    settings of the environment are not looked at. One deadline covers a whole delivery.

    Args:
        deadline_s: longest time for a delivery, in seconds.
    """

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._client: aiohttp.ClientSession | None = None
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
        if self._client is not None:
            await self._client.close()

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
        import aiohttp
        import yarl

        if self._client is None:
            connector = aiohttp.TCPConnector(socket_factory=_loopback_socket, limit_per_host=16)
            self._client = aiohttp.ClientSession(
                connector=connector, trust_env=False, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with self._client.request(
                parcel.method,
                yarl.URL(parcel.url, encoded=True),
                data=parcel.body,
                headers={"Content-Type": parcel.media_type},
                skip_auto_headers=("User-Agent", "Accept"),
                allow_redirects=False,
            ) as response:
                await response.content.read(MOST_READ_BYTES)
                return response.status
        except aiohttp.ClientError as problem:
            raise OSError(str(problem)) from problem


class NotLoopback(OSError):
    """A parcel would have left the machine.

    Attributes:
        address: where it would have gone.
    """

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} is not a loopback address, and the mock sends nowhere else")
        self.address = address


def _loopback_socket(address: tuple[Any, ...]) -> socket.socket:
    """Open a socket for an address that was resolved, unless it leads off this machine.

    Raises:
        NotLoopback: it does.
    """
    family, kind, protocol, _, (host, *_) = address
    if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        raise NotLoopback(host)
    return socket.socket(family, kind, protocol)
