"""A stage leaves nothing open, whatever fails; and a client may be cancelled, or raise what looks like it."""

import asyncio
import gc
import socket
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from contracts.clients.base import Endpoint
from contracts.clients.python import PythonClient
from contracts.recording import Outcome
from contracts.stage import Stage
from tests.kit.sound import client

TASK = {"model": "minimax:3@1", "positivePrompt": "a lighthouse"}
ENDPOINT = Endpoint("http://127.0.0.1:9/v1", "ws://127.0.0.1:9/v1", "key")


class Unclosable(PythonClient):
    """A client that cannot be closed, and notes its port."""

    def __init__(self) -> None:
        super().__init__(client)
        self.port = 0

    async def perform(self, task: Any, endpoint: Endpoint) -> Outcome:
        """Note where the service is."""
        self.port = int(endpoint.http_url.split(":")[2].split("/")[0])
        return await super().perform(task, endpoint)

    async def close(self) -> None:
        """Fail."""
        raise LookupError("it cannot be closed")


class Deaf(Stage):
    """A stage that cannot listen."""

    async def _serve(self) -> None:
        raise LookupError("it cannot listen")


class Absent(Stage):
    """A stage that fails when it listens."""

    async def _serve(self) -> None:
        await super()._serve()
        raise LookupError("it fails")


def unclosable() -> None:
    """Play an example with a client that cannot be closed; nobody listens any more."""
    made = Unclosable()
    with pytest.raises(LookupError, match="closed"), Stage(made) as stage:
        stage.run(stage.play(TASK, {"rules": []}, "words"))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", made.port))


def unopened(kind: type[Stage]) -> None:
    """Open a stage that fails."""
    with pytest.raises(LookupError), kind(PythonClient(client), is_short=True):
        raise AssertionError("it is open")


@pytest.mark.parametrize(
    "fail", [unclosable, lambda: unopened(Deaf), lambda: unopened(Absent)], ids=["unclosable", "deaf", "absent"]
)
def test_what_was_opened_is_closed_whatever_fails(fail: Callable[[], None]) -> None:
    """Neither a socket nor a loop is left behind, by a client that cannot be closed or a stage that cannot open."""
    gc.collect()
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        fail()
        gc.collect()
    assert not [str(each.message) for each in left]


async def awaits_what_was_cancelled(_task: Any, _endpoint: Endpoint) -> None:
    """Cancel something, and wait for it."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel("somebody else's")
    await future


async def never_ends(_task: Any, _endpoint: Endpoint) -> None:
    """Wait for ever."""
    await asyncio.Future()


def test_a_client_that_raises_for_something_cancelled_has_failed() -> None:
    """As with a future that two calls share: that is part of the outcome, as whatever else it raises."""
    with Stage(PythonClient(awaits_what_was_cancelled)) as stage:
        outcome = stage.run(stage.play(TASK, {"rules": []}, "words")).outcome
    assert outcome == Outcome(message="somebody else's")


def test_a_client_can_be_cancelled() -> None:
    """Whoever waits for it no longer is no mistake of the client."""

    async def play() -> None:
        call = asyncio.ensure_future(PythonClient(never_ends).perform(TASK, ENDPOINT))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(play())


def test_a_client_that_comes_to_no_end_is_endless() -> None:
    """The patience of the stage ends it, which is no failure of the client's own."""
    with Stage(PythonClient(never_ends)) as stage:
        assert stage.run(stage.play(TASK, {"rules": []}, "words")).outcome.is_endless
