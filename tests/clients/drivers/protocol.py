"""What every driver in Python has in common: a job comes in as JSON, the outcome goes out as JSON.

Runs inside an SDK's own environment, so that it may import nothing but the standard library.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

Json = dict[str, Any]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Client(Protocol):
    """An SDK, as its driver uses it."""

    async def call(self, call: Json) -> list[Json]:
        """Do what one call of a job says and return its results."""


Connect = Callable[[Json], AbstractAsyncContextManager[Client]]
DescribeError = Callable[[Exception], Json]


def drive(connect: Connect, describe_error: DescribeError) -> None:
    """Read a job from standard input, do it, write the outcome to standard output.

    Args:
        connect: opens the SDK for a job.
        describe_error: returns what the SDK's caller can read from an exception.
    """
    strayed: list[str] = []
    sys.addaudithook(lambda event, arguments: _note_addresses(event, arguments, strayed))
    outcome = asyncio.run(_do(json.load(sys.stdin), connect, describe_error))
    json.dump({**outcome, "strayed": strayed}, sys.stdout)


async def _do(job: Json, connect: Connect, describe_error: DescribeError) -> Json:
    async def attempt(client: Client, call: Json) -> Json:
        return await _outcome(client.call(call), describe_error)

    try:
        async with connect(job) as client:
            return {
                "rounds": [await asyncio.gather(*(attempt(client, call) for call in calls)) for calls in job["rounds"]]
            }
    except Exception as problem:  # noqa: BLE001 - whatever the SDK raises is the outcome
        return {"error": describe_error(problem)}


async def _outcome(work: Awaitable[list[Json]], describe_error: DescribeError) -> Json:
    try:
        return {"results": await work}
    except Exception as problem:  # noqa: BLE001 - whatever the SDK raises is the outcome
        return {"error": describe_error(problem)}


def _note_addresses(event: str, arguments: tuple[Any, ...], strayed: list[str]) -> None:
    """Take note of every host that is looked up or connected to and is not this machine."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in LOOPBACK:
        strayed.append(str(host))
