"""One conversation, from submission to download, told in words: as it should go, and how a fault changes it."""

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from mockserver.engine.results import result_of
from mockserver.engine.values import Task
from mockserver.ports import Parcel, Shelf
from tests.faults.wire import KEY, Client, Place, client_of, seconds

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
MakeLoop = Callable[[], asyncio.AbstractEventLoop]


def converse(transport: str, magic: str = "", make_loop: MakeLoop | None = None) -> Words:
    """Return what a client sees that submits, polls at once, when all should be done and an hour later, and downloads.

    Args:
        transport: a key of `tests.faults.wire.CLIENTS`.
        magic: what its prompt holds besides.
        make_loop: makes the event loop; the standard one unless given.
    """
    lasts_ms = _lasts_ms()

    async def live() -> Words:
        async with client_of(transport) as (place, client):
            return await _talk(place, client, magic, lasts_ms)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        return runner.run(live())


async def _talk(place: Place, client: Client, magic: str, lasts_ms: int) -> Words:
    task = {**TASK, "positivePrompt": f"a lighthouse {magic}".strip()}
    begun_ms = place.clock.now_ms()
    told: Words = {"submit": await client.say(task)}
    sent_first = len(place.notebook.sent)
    if "acknowledged" not in told["submit"]:
        told["submit again"] = await client.say(task)
    told["poll at once"] = await client.say(POLL)
    place.clock.advance_to(begun_ms + lasts_ms)
    told["poll when due"] = await client.say(POLL)
    place.clock.advance(HOUR_MS)
    told["poll an hour later"] = await client.say(POLL)
    told["results"] = _order(place, [item for item in (client.last or {}).get("data", ()) if "videoUUID" in item])
    if url := _address(client.last):
        told["download"] = await client.get(url)
        told["download again"] = await client.get(url)
    return told | _parcels(place, begun_ms, sent_first)


def _order(place: Place, items: Sequence[dict[str, Any]]) -> str:
    """Return which results these are, in their order, 1 being the first."""
    return ", ".join(str(_names(place).index(item["videoUUID"]) + 1) for item in items) or "none"


def _names(place: Place) -> list[str]:
    task = _task(place)
    return [result_of(task, index).video_uuid for index in range(len(task.outcomes))]


def _address(answer: Any) -> str:
    items = (answer or {}).get("data", ())
    return next((item["videoURL"] for item in items if "videoURL" in item), "")


def _task(place: Place) -> Task:
    owner = place.mock.runtime.desk.keyring.owner(KEY)
    task = place.mock.store.get(Shelf.TASKS, (str(owner), UUID))
    assert isinstance(task, Task)
    return task


@cache
def _lasts_ms() -> int:
    """Return how long the task takes when nothing goes wrong."""

    async def live() -> int:
        async with client_of("HTTP") as (place, client):
            begun_ms = place.clock.now_ms()
            await client.say({**TASK, "positivePrompt": "a lighthouse"})
            return _task(place).due_at_ms[-1] - begun_ms

    return asyncio.run(live())


def _parcels(place: Place, begun_ms: int, sent_first: int) -> Words:
    """Return the uploads and webhooks that were sent, and when."""
    told: Words = {}
    for name, method in (("uploads", "PUT"), ("webhooks", "POST")):
        words = [
            _gist(place, sent.parcel)
            + (f"after {seconds(sent.at_ms - begun_ms)}" if number >= sent_first else "before the answer")
            for number, sent in enumerate(place.notebook.sent)
            if sent.parcel.method == method
        ]
        told[name] = ", ".join(words) or "none"
    return told


def _gist(place: Place, parcel: Parcel) -> str:
    if parcel.method == "PUT":
        return ""
    body = json.loads(parcel.body)
    return f"{_order(place, body['data'])} " if "data" in body else f"{body['errors'][0]['code']} "


def differences(told: Words, usual: Words) -> Words:
    """Return the steps of a conversation that are not as usual."""
    steps = [*usual, *(told.keys() - usual.keys())]
    return {step: told.get(step, "not possible") for step in steps if told.get(step) != usual.get(step)}
