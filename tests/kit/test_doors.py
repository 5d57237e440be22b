"""The short way for clients of httpx shows what sockets show."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from contracts.clients.base import Endpoint
from contracts.clients.python import PythonClient
from contracts.doors import ShortDoor
from contracts.recording import Recording
from contracts.runner import Runner
from contracts.stage import Stage
from mockserver.transports.asgi import Receive, Scope, Send
from tests.kit.example import in_a_hurry
from tests.kit.sound import client

TASK = {"model": "minimax:3@1", "positivePrompt": "a lighthouse", "numberResults": 2}
#: Faults of each sort: none, refusals, answers that break in each way, lost ones, results that fail.
BEHAVIOURS: Sequence[Any] = (
    [],
    ["reset-before-answer"],
    [{"reset-while-answering": {"on": "submit", "times": 1}}],
    [{"truncate-body": {"on": "poll", "times": 1}}],
    [{"empty-body": {"on": "submit", "times": 1}}],
    [{"garble-body": {"on": "poll", "times": 1}}],
    [{"answer-503": {"on": "submit", "times": 2}}],
    [{"limit-rate": {"on": "poll", "times": 1}}],
    [{"fail-one-result": {"index": 0}}],
    [{"fail-generation": {"code": "providerError"}}],
    [{"refuse-submit": {"code": "insufficientCredits", "times": 9}}],
)


def played(faults: Sequence[Any], *, is_short: bool) -> Recording:
    """Play one example."""
    with Stage(PythonClient(client), is_short=is_short) as stage:
        return stage.run(stage.play(TASK, {"rules": [{"faults": faults}] if faults else []}, "tried"))


def told(recording: Recording) -> Any:
    """Return what went over the wire, without what differs from example to example."""
    outcome = recording.outcome
    said = [
        (
            [task.get("taskType") for task in exchange.tasks],
            exchange.target,
            exchange.status,
            exchange.faults,
            exchange.retry_after_s,
            [[item.get("status") for item in reply.get("data", ())] for reply in exchange.replies],
            [error.get("code") for error in exchange.errors],
        )
        for exchange in recording.exchanges
    ]
    return said, outcome.code, outcome.results is None, len(outcome.results or ())


@pytest.mark.parametrize("faults", BEHAVIOURS, ids=lambda faults: str(faults[0]) if faults else "none")
def test_the_short_way_shows_what_sockets_show(faults: Sequence[Any]) -> None:
    """The same is sent, answered and reported, whatever goes wrong."""
    assert told(played(faults, is_short=True)) == told(played(faults, is_short=False))


def test_a_client_in_a_thread_goes_the_long_way() -> None:
    """A synchronous client reaches the mock although the door is open."""
    with Stage(PythonClient(in_a_hurry), is_short=True) as stage:
        recording = stage.run(stage.play(TASK, {"rules": []}, "tried"))
    assert recording.outcome.results
    assert len(recording.outcome.results) == 2


def test_other_addresses_are_left_alone() -> None:
    """What a client sends elsewhere is no business of the kit's."""
    elsewhere: list[str] = []

    async def strays(task: dict[str, Any], endpoint: Endpoint) -> Any:
        async with httpx.AsyncClient(trust_env=False) as http:
            try:
                await http.post("http://127.0.0.1:9/", content=endpoint.api_key)
            except httpx.ConnectError as problem:
                elsewhere.append(str(problem))
        return await client(task, endpoint)

    with Stage(PythonClient(strays), is_short=True) as stage:
        report = Runner(stage, ["delivers-what-was-made"], "quick", seed=1).run(["words"])
    assert not report.broken
    assert len(elsewhere) == report.examples


def test_an_answer_that_does_not_come_is_waited_for_as_long_as_the_client_says() -> None:
    """A client's time limit for reading holds on the short way too."""

    async def silent(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.Future()

    async def ask() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=0.01) as http:
            await http.post("http://127.0.0.1:9/v1", content=b"[]")

    door = ShortDoor(silent, "127.0.0.1", 9)
    door.open()
    try:
        with pytest.raises(httpx.ReadTimeout):
            asyncio.run(ask())
    finally:
        door.close()
