"""Whether a mock can do its work: what has to be good for that, each under a name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from mockserver.ports import StoreAway

#: Returns if something is good, and raises what is wrong with it.
Ask = Callable[[], Awaitable[object]]

#: How long one thing may take to say that it is good, in seconds; longer is as bad as a failure.
PATIENCE_S = 2.0
GOOD = "ok"


class NotGood(Exception):
    """What is wrong, in words that anybody may read."""


class Readiness:
    """What has to be good before requests should be sent here.

    Args:
        checks: what is asked each time, by name.
        patience_s: how long each may take, in seconds.

    Attributes:
        checks: the same; further things are added here.
        is_stopping: whether the mock has been told to end.
    """

    def __init__(self, checks: Mapping[str, Ask], patience_s: float = PATIENCE_S) -> None:
        self.checks = dict(checks)
        self.is_stopping = False
        self._patience_s = patience_s

    async def look(self) -> dict[str, str]:
        """Return how each thing is: `GOOD`, or in a word what is wrong.

        Of exceptions only the text of a store that is away is told, which holds no secret: anybody may ask.
        """
        found = await asyncio.gather(*map(self._ask, self.checks.values()))
        return {"accepting": "stopping" if self.is_stopping else GOOD, **dict(zip(self.checks, found, strict=True))}

    async def _ask(self, ask: Ask) -> str:
        try:
            async with asyncio.timeout(self._patience_s):
                await ask()
        except TimeoutError:
            return "no answer in time"
        except StoreAway as problem:
            return f"failed: {problem}"
        except NotGood as problem:
            return str(problem)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, it is told
            return f"failed: {type(problem).__name__}"
        return GOOD
