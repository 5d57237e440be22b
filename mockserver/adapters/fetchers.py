"""Fetchers: one that really fetches, under the outbound policy, and one that reaches nothing."""

import asyncio

from mockserver.adapters.web import Lookup, Web, look_up, read_up_to
from mockserver.outbound import Outbound
from mockserver.ports import Fetched, NotAllowed, TooLarge

DEADLINE_S = 10.0
#: Downloads under way at a time; more are refused, for each may last as long as the deadline.
MOST_AT_ONCE = 64


class WebFetcher:
    """Fetches over HTTP, where the outbound policy allows it, and follows no redirects.

    Args:
        policy: what may be connected to.
        lookup: says what host names stand for.
        deadline_s: longest time for a download, in seconds.
    """

    def __init__(self, policy: Outbound, lookup: Lookup = look_up, deadline_s: float = DEADLINE_S) -> None:
        self._policy = policy
        self._lookup = lookup
        self._deadline_s = deadline_s
        self._under_way = 0

    async def fetch(self, url: str, most_bytes: int, /) -> Fetched:
        """Fetch a file."""
        if self._under_way >= MOST_AT_ONCE:
            raise OSError("too many downloads are under way")
        self._under_way += 1
        web = Web(self._policy, self._lookup)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await _fetch(web, url, most_bytes)
        except TimeoutError:
            raise OSError(f"it did not arrive within {self._deadline_s:g} s") from None
        finally:
            self._under_way -= 1
            await web.close()


async def _fetch(web: Web, url: str, most_bytes: int) -> Fetched:
    async with web.request("GET", url, headers={"Accept-Encoding": "identity"}) as response:
        if 300 <= response.status < 400:
            raise OSError(f"the server answered {response.status}, and redirects are not followed")
        if response.status != 200:
            raise OSError(f"the server answered {response.status}")
        if (response.content_length or 0) > most_bytes:
            raise TooLarge
        content = await read_up_to(response, most_bytes + 1)
        if len(content) > most_bytes:
            raise TooLarge
        return Fetched(content, response.headers.get("Content-Type", "").partition(";")[0].strip().lower())


class Nowhere:
    """Fetches nothing. For a mock inside another program, which nothing is to leave."""

    async def fetch(self, _url: str, _most_bytes: int, /) -> Fetched:
        """Refuse to fetch a file."""
        raise NotAllowed("not fetched: a mock inside a program reaches no network")
