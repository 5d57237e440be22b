"""HTTP to addresses that clients chose, under the outbound policy.

An address is judged as it is written; its name is looked up once; every IP address that came back is held against the
policy, and so is every socket before it is connected. Redirects are not followed, proxy settings of the environment
are not looked at, and cookies are not kept.
"""

import asyncio
import errno
import importlib
import io
import os
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mockserver.outbound import Outbound, Reach
from mockserver.ports import NotAllowed

if TYPE_CHECKING:
    import aiohttp
    import yarl

#: Connections that are open to one receiver at a time, and to all. Deliveries have narrower bounds of their own.
MOST_PER_RECEIVER = 16
MOST_CONNECTIONS = 1024
#: Bodies up to so many bytes are written at once; longer ones in pieces, or the event loop would stand still.
WHOLE_BYTES = 1024 * 1024
#: IP addresses that are remembered as opened by a host name.
MOST_REMEMBERED = 4096
NOTHING: Mapping[str, str] = MappingProxyType({})

#: Returns the IP addresses that a host name stands for; raises OSError where it stands for none.
Lookup = Callable[[str], Awaitable[Sequence[str]]]


async def look_up(name: str) -> Sequence[str]:
    """Ask the system which IP addresses a host name stands for."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


class Web:
    """A client for HTTP under a policy. For one event loop; opened at the first request.

    Args:
        policy: what may be connected to.
        lookup: says what host names stand for.
    """

    def __init__(self, policy: Outbound, lookup: Lookup = look_up) -> None:
        self._policy = policy
        self._lookup = lookup
        self._client: aiohttp.ClientSession | None = None
        #: IP addresses that a host name stood for which was opened by name.
        self._vouched: OrderedDict[str, None] = OrderedDict()

    @asynccontextmanager
    async def request(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = NOTHING
    ) -> AsyncIterator["aiohttp.ClientResponse"]:
        """Send one request and open the answer; how long that may take, and how much is read, is the caller's to say.

        Args:
            method: HTTP method.
            url: the address, used byte for byte.
            body: what is sent, or None for nothing.
            headers: what is sent beside Host and Content-Length.

        Raises:
            NotAllowed: the policy forbids it.
            OSError: it failed; says why.
        """
        target = self._target(url)
        if self._client is None:
            # A quarter of a second of importing, which must not hold up whoever is being answered meanwhile.
            await asyncio.to_thread(importlib.import_module, "aiohttp")
        if self._client is None:
            self._client = self._open()
        import aiohttp

        try:
            async with self._client.request(
                method,
                target,
                data=body if body is None or len(body) <= WHOLE_BYTES else io.BytesIO(body),
                headers=dict(headers),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
                allow_redirects=False,
            ) as response:
                yield response
        except aiohttp.ClientConnectorError as problem:
            if isinstance(problem.os_error, NotAllowed):
                raise problem.os_error from None
            raise OSError(f"no connection: {_words_of(problem.os_error)}") from problem
        except aiohttp.ClientError as problem:
            raise OSError(str(problem) or type(problem).__name__) from problem

    async def close(self) -> None:
        """Let go of every connection."""
        if self._client is not None:
            await self._client.close()

    def _target(self, url: str) -> "yarl.URL":
        """Return an address that is open, for the client library.

        Raises:
            NotAllowed: it is not open, or the library reads another host or port in it than the policy did.
        """
        import yarl

        verdict = self._policy.judge(url)
        if verdict.reach is not Reach.OPEN:
            raise NotAllowed(verdict.reason)
        target = yarl.URL(url, encoded=True)
        if ((target.raw_host or "").lower(), target.port) != (verdict.host, verdict.port):
            raise NotAllowed("its host and port cannot be told apart with certainty")
        return target

    def _open(self) -> "aiohttp.ClientSession":
        import aiohttp
        from aiohttp.abc import AbstractResolver, ResolveResult

        resolve = self._resolve

        class Resolver(AbstractResolver):
            async def resolve(
                self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
            ) -> list[ResolveResult]:
                return [
                    ResolveResult(hostname=host, host=ip, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
                    for ip, kind in await resolve(host)
                    if family in (kind, socket.AF_UNSPEC)
                ]

            async def close(self) -> None:
                """Nothing is held."""

        connector = aiohttp.TCPConnector(
            resolver=Resolver(),
            socket_factory=self._socket,
            limit=MOST_CONNECTIONS,
            limit_per_host=MOST_PER_RECEIVER,
        )
        return aiohttp.ClientSession(
            connector=connector, trust_env=False, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def _resolve(self, name: str) -> Sequence[tuple[str, socket.AddressFamily]]:
        """Return the IP addresses that a name stands for and that may be connected to.

        Raises:
            NotAllowed: there are none among them.
        """
        found = [ip_address(text.partition("%")[0]) for text in await self._lookup(name)]
        good = [ip for ip in dict.fromkeys(found) if self._policy.allows(ip, name)]
        if not good:
            shown = ", ".join(map(str, found[:3])) or "nothing"
            raise NotAllowed(f"not allowed: {name} stands for {shown}; --allow-outbound {name} would open it")
        if name in self._policy.names:
            for ip in good:
                self._vouched[str(ip)] = None
                self._vouched.move_to_end(str(ip))
            while len(self._vouched) > MOST_REMEMBERED:
                self._vouched.popitem(last=False)
        return [(str(ip), socket.AF_INET if ip.version == 4 else socket.AF_INET6) for ip in good]

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Open a socket for an address that is about to be connected to.

        Raises:
            NotAllowed: the policy forbids it.
        """
        family, kind, protocol, _, (host, port, *_) = address
        ip = ip_address(host)
        if not self._policy.allows(ip) and str(ip) not in self._vouched:
            raise NotAllowed(f"not allowed: --allow-outbound {ip} would open it")
        if port in self._policy.own_ports and _is_here(host, family):
            raise NotAllowed("not allowed: the mock itself listens there")
        return socket.socket(family, kind, protocol)


def _words_of(problem: OSError) -> str:
    """Return what the system says, in a few words."""
    is_named = problem.errno in errno.errorcode
    return os.strerror(problem.errno) if is_named and problem.errno else problem.strerror or str(problem)


def _is_here(host: str, family: int) -> bool:
    """Say whether an IP address belongs to this machine: only then can it be bound."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
        return True


async def read_up_to(response: "aiohttp.ClientResponse", most_bytes: int) -> bytes:
    """Read a body to its end, or so many bytes of it."""
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) >= most_bytes:
            break
    return bytes(read[:most_bytes])
