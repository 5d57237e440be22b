"""What a reset forgets, and what it leaves."""

import asyncio
import json
from base64 import b64encode
from typing import Any

from contracts.pictures import png
from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.couriers import Outbox
from mockserver.ports import Shelf
from mockserver.spec.publish import control_document
from tests.support.control import KEY, OTHER, UUID, VIDEO, Controlled, controlled
from tests.support.couriers import SlowOutbox
from tests.support.loops import rest
from tests.support.sockets import SocketClient

PICTURE = f"data:image/png;base64,{b64encode(png(300, 300)).decode()}"
NOW_MS = ManualClock().now_ms()


def shelves(house: Controlled, owner: str | None) -> dict[Shelf, int]:
    """Return how many entries each shelf has, of an owner where its keys begin with one."""
    scanned = {shelf: house.mock.store.scan(shelf) for shelf in (Shelf.TASKS, Shelf.REFUSALS, Shelf.PLANS, Shelf.ACCOUNTS, Shelf.DELIVERIES)}  # fmt: skip
    return {shelf: sum(owner in (None, key[0]) for key, _ in found) for shelf, found in scanned.items()}


def lived() -> Controlled:
    """Return a mock on which two keys left something on every shelf."""
    house = controlled(settings={"webhook-attempts": "3", "balance": "1"}, courier=SlowOutbox())
    house.ask("PUT", "/scenario", b"rules: [{faults: [delay-webhook]}]")
    for key in (KEY, "other"):
        house.ask("PUT", "/scenario", b"rules: [{match: {nth: 9}, faults: [delay-webhook]}]", key=key)
        house.say({**VIDEO, "webhookURL": "http://127.0.0.1:9/hook"}, key=key)
        house.say({**VIDEO, "taskUUID": OTHER, "fps": 5}, key=key)
        house.say({"taskType": "mediaStorage", "taskUUID": OTHER, "operation": "upload", "media": PICTURE}, key=key)  # fmt: skip
    assert len(house.mock.store.scan(Shelf.MEDIA)) == 2
    return house


def test_what_belongs_to_a_key_is_forgotten() -> None:
    """The other key does not notice."""
    house = lived()
    mine, theirs = (house.mock.runtime.desk.keyring.owner(key) for key in (KEY, "other"))
    before = shelves(house, theirs)
    assert house.ask("POST", "/reset", key=KEY).status == 204
    assert not any(shelves(house, mine).values())
    assert shelves(house, theirs) == before
    assert house.entries(key=KEY) == []
    assert house.entries(key="other") != []
    assert [house.ask("GET", "/scenario", key=key).status for key in (KEY, "other", None)] == [404, 200, 200]
    house.say(VIDEO)
    assert house.ask("GET", "/tasks", key=KEY).body["tasks"][0]["status"] == "processing"


def test_everything_is_forgotten_but_the_time() -> None:
    """The rules are those that the mock began with, and videos have the UUIDs that they had the first time."""
    house = lived()
    house.ask("POST", "/clock/advance", {"ms": 5})
    assert house.ask("POST", "/reset").status == 204
    assert not any(shelves(house, None).values())
    assert house.mock.store.scan(Shelf.MEDIA) == []
    assert house.ask("GET", "/scenario").status == 404
    told = house.ask("GET", "").body
    assert (told["tasks"], told["owed"], told["clock"]["nowMs"]) == (0, 0, NOW_MS + 5)


def test_after_a_reset_everything_comes_again(tmp_path: Any) -> None:
    """The same tasks make the same videos, and the rules of the start count from the first task on."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{match: {nth: 2}, faults: [refuse-submit]}]")
    house = controlled(settings={"scenario": str(rules)})

    def tell() -> list[bytes]:
        said = [house.say({**VIDEO, "taskUUID": uuid}).body for uuid in (UUID, OTHER)]
        house.ask("POST", "/clock/advance", {"untilIdle": True})
        return [*said, house.say({"taskType": "getResponse", "taskUUID": UUID}).body]

    first = tell()
    house.ask("PUT", "/scenario", b"rules: []")
    house.ask("POST", "/reset")
    assert tell() == first
    house.ask("POST", "/reset", key=KEY)
    assert tell() == first


def test_a_task_that_was_forgotten_does_not_wake_the_next_one_of_its_name() -> None:
    """Tests that use one taskUUID after the other do not disturb each other."""
    house = controlled(courier=Outbox())
    hooked = {**VIDEO, "webhookURL": "http://127.0.0.1:9/hook"}
    house.say(hooked)
    [old] = house.ask("GET", "/tasks").body["tasks"]
    house.ask("POST", "/clock/advance", {"ms": 1000})
    house.ask("POST", "/reset")
    house.say(hooked)
    house.ask("POST", "/clock/advance", {"ms": old["dueAtMs"][0] - NOW_MS - 1000})
    assert house.ask("GET", "/tasks").body["tasks"][0]["status"] == "processing"
    house.ask("POST", "/clock/advance", {"ms": 1000})
    assert house.ask("GET", "/tasks").body["tasks"][0]["status"] == "success"


def test_a_delivery_that_was_forgotten_does_not_end_the_next_one_of_its_name() -> None:
    """An attempt that was under way ends as it may; what is owed now is another thing."""

    async def live() -> None:
        courier = SlowOutbox()
        house = controlled(settings={"webhook-attempts": "1"}, courier=courier)
        for _ in range(2):
            await house.send({**VIDEO, "webhookURL": "http://127.0.0.1:9/hook"})
            moving = asyncio.ensure_future(house.call("POST", "/clock/advance", {"untilIdle": True}))
            await rest()
            if len(courier.sent) == 1:
                moving.cancel()
                await asyncio.gather(moving, return_exceptions=True)
                await house.call("POST", "/reset")
        courier.deliver(0, 500)
        await rest()
        assert (await house.call("GET", "")).body["owed"] == 1
        assert (await house.call("GET", "/journal", query="kind=webhook")).body["entries"] == []
        courier.deliver(0, 200)
        await moving
        told = await house.call("GET", "/journal", query="kind=webhook")
        assert [entry["outcome"] for entry in told.body["entries"]] == ["delivered"]

    asyncio.run(live())


def test_whoever_waits_for_a_task_that_is_forgotten_is_told_when_time_is_up() -> None:
    """A synchronous submission does not hang for ever."""

    async def live() -> None:
        house = controlled(settings={"profile": "compat"})
        waiting = asyncio.ensure_future(house.send({**VIDEO, "deliveryMethod": "sync"}))
        await rest()
        await house.call("POST", "/reset")
        await house.call("POST", "/clock/advance", {"untilIdle": True})
        envelope = await waiting
        [error] = json.loads(envelope.body)["errors"]
        assert error["taskUUID"] == UUID
        assert house.mock.clock.now_ms() == NOW_MS + 120_000

    asyncio.run(live())


def test_an_open_connection_outlives_a_reset() -> None:
    """Its session is forgotten, and it goes on."""

    async def live() -> None:
        house = controlled()
        async with SocketClient(house.mock.front(None)) as client:
            await client.say(json.dumps([{"taskType": "authentication", "apiKey": KEY}]))
            await house.call("POST", "/reset", key=KEY)
            [frame] = await client.say(json.dumps([VIDEO]))
            assert json.loads(frame)["data"][0]["taskUUID"] == UUID

    asyncio.run(live())


def test_every_operation_is_described_with_what_may_be_answered() -> None:
    """Bodies, queries and keys that cannot be used have their answers in the description too."""
    for path, methods in control_document()["paths"].items():
        for method, about in methods.items():
            assert "default" in about["responses"], f"{method} {path}"
            assert about["summary"]
