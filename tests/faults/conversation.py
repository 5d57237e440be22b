"""One conversation, from submission to download, told in words: as it should go, and how a fault changes it."""

import asyncio
from functools import cache
from typing import Any

from mockserver.ports import Shelf
from tests.faults.wire import Client, Place, client_of, seconds

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
TASK = {
    "taskType": "videoInference",
    "taskUUID": UUID,
    "model": "minimax:3@1",
    "width": 1366,
    "height": 768,
    "numberResults": 3,
    "webhookURL": "http://127.0.0.1:9/hook",
    "uploadEndpoint": "http://127.0.0.1:9/put",
}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
HOUR_MS = 3_600_000

Words = dict[str, str]


def converse(transport: str, magic: str = "") -> Words:
    """Return what a client sees that submits, polls at once, when all should be done and an hour later, and downloads.

    Args:
        transport: a key of `tests.faults.wire.CLIENTS`.
        magic: what its prompt holds besides.
    """
    lasts_ms = _lasts_ms()

    async def live() -> Words:
        async with client_of(transport) as (place, client):
            return await _talk(place, client, magic, lasts_ms)

    return asyncio.run(live())


async def _talk(place: Place, client: Client, magic: str, lasts_ms: int) -> Words:
    task = {**TASK, "positivePrompt": f"a lighthouse {magic}".strip()}
    told: Words = {"submit": await client.say(task)}
    begun_ms, sent_first = place.clock.now_ms(), len(place.notebook.sent)
    if not told["submit"].endswith("acknowledged"):
        told["submit again"] = await client.say(task)
    told["poll at once"] = await client.say(POLL)
    place.clock.advance_to(begun_ms + lasts_ms)
    told["poll when due"] = await client.say(POLL)
    place.clock.advance(HOUR_MS)
    told["poll an hour later"] = await client.say(POLL)
    if url := _address(client.last):
        told["download"] = await client.get(url)
        told["download again"] = await client.get(url)
    told |= _parcels(place, begun_ms, sent_first)
    return told


def _address(answer: Any) -> str:
    items = (answer or {}).get("data", ())
    return next((item["videoURL"] for item in items if "videoURL" in item), "")


def _due_ms(place: Place) -> int:
    """Return when the last result of the task is made."""
    owner = place.mock.runtime.desk.keyring.owner("a-key")
    task = place.mock.store.get(Shelf.TASKS, (str(owner), UUID))
    assert task
    due_ms: int = task.due_at_ms[-1]
    return due_ms


@cache
def _lasts_ms() -> int:
    """Return how long the task takes when nothing goes wrong."""

    async def live() -> int:
        async with client_of("HTTP") as (place, client):
            begun_ms = place.clock.now_ms()
            await client.say({**TASK, "positivePrompt": "a lighthouse"})
            return _due_ms(place) - begun_ms

    return asyncio.run(live())


def _parcels(place: Place, begun_ms: int, sent_first: int) -> Words:
    """Return the uploads and webhooks that were sent, and when."""
    told = {}
    for name, method in (("uploads", "PUT"), ("webhooks", "POST")):
        times = [
            f"after {seconds(sent.at_ms - begun_ms)}" if number >= sent_first else "before the answer to the submission"
            for number, sent in enumerate(place.notebook.sent)
            if sent.parcel.method == method
        ]
        told[name] = ", ".join(times) or "none"
    return told


def differences(told: Words, usual: Words) -> Words:
    """Return the steps of a conversation that are not as usual."""
    steps = [*usual, *(told.keys() - usual.keys())]
    return {step: told.get(step, "not possible") for step in steps if told.get(step) != usual.get(step)}
