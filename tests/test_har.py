"""The journal as an HTTP Archive: what HAR 1.2 asks for, whatever was said."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.couriers import Outbox
from mockserver.ports import Courier
from tests.support.archives import HAR
from tests.support.control import BASE_URL, KEY, UUID, VIDEO, Controlled
from tests.support.couriers import Receivers
from tests.support.loops import rest
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

POLL = {"taskType": "getResponse", "taskUUID": UUID}
HOOK = "http://127.0.0.1:9/hook?a=1&b=&b=%C3%BC"


def archive(talk: Callable[[Controlled], Any], courier: Courier | None = None, **settings: Any) -> list[dict[str, Any]]:
    """Return the entries of the archive of what was said, which is as HAR has it and shows no key."""
    house = Controlled(still_mock(settings, courier=courier or Outbox()))
    talk(house)
    document = house.ask("GET", "/journal.har").body
    whole = json.dumps(document)
    HAR.validate(json.loads(whole))
    assert KEY not in whole
    entries: list[dict[str, Any]] = document["log"]["entries"]
    return entries


def test_an_empty_journal_is_an_archive_too() -> None:
    """With nothing in it."""
    assert archive(lambda _: None) == []


def test_a_request_is_told_with_its_body_and_its_answer() -> None:
    """Tasks and answer as they were, and the time of the mock."""
    [entry] = archive(lambda house: house.say({**VIDEO, "positivePrompt": "ein Türmchen 😀"}))
    request, response = entry["request"], entry["response"]
    assert (request["method"], request["url"]) == ("POST", f"{BASE_URL}/v1")
    assert json.loads(request["postData"]["text"])[0]["positivePrompt"] == "ein Türmchen 😀"
    assert request["bodySize"] == len(request["postData"]["text"].encode())
    assert json.loads(response["content"]["text"])["data"][0]["taskUUID"] == UUID
    assert (response["status"], entry["startedDateTime"]) == (200, "2027-01-15T08:00:00.000Z")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe{", b"{", b"[1]", "[\ud800".encode("utf-8", "surrogatepass"), b"\x00" * 999, b"[" * 999])  # fmt: skip
def test_a_body_that_could_not_be_read_is_told_as_far_as_it_can_be(body: bytes) -> None:
    """Whatever the bytes are."""
    [entry] = archive(lambda house: house.say(body=body))
    assert entry["response"]["status"] in (400, 413)


def test_no_key_stands_in_it() -> None:
    """Neither one that was accepted nor one in a task that was refused."""

    def talk(house: Controlled) -> None:
        house.say({"taskType": "authentication", "apiKey": KEY}, VIDEO)
        house.say({"taskType": "authentication", "apiKey": KEY, "colour": "red"})
        house.say(body=json.dumps([{"apiKey": KEY}]).encode()[:-1])

    assert len(archive(talk)) == 3


def test_attempts_at_deliveries_are_requests_of_the_mock() -> None:
    """With address, query and status, and why they failed."""
    answers = iter([500, None, 204])

    def talk(house: Controlled) -> None:
        house.say({**VIDEO, "webhookURL": HOOK})
        house.ask("POST", "/clock/advance", {"untilIdle": True})

    _, *attempts = archive(talk, Receivers(lambda _: next(answers)), **{"webhook-attempts": "3"})
    assert [(each["request"]["method"], each["request"]["url"]) for each in attempts] == [("POST", HOOK)] * 3
    assert attempts[0]["request"]["queryString"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": ""},
        {"name": "b", "value": "ü"},
    ]
    assert [each["response"]["status"] for each in attempts] == [500, 0, 204]
    assert [each["_entry"]["outcome"] for each in attempts] == ["retry", "retry", "delivered"]
    assert attempts[0]["response"]["content"]["text"] == "answer 500"
    assert all(each.get("comment") for each in attempts[:2])
    assert "postData" not in attempts[0]["request"]


@pytest.mark.parametrize("url", ["http://[::1]:9/", "http://127.0.0.1:9/?%ff=%00&=&&", "http://127.0.0.1:9/?a;b#c"])
def test_any_address_that_is_delivered_to_can_be_told(url: str) -> None:
    """Also with a query that is hardly one."""

    def talk(house: Controlled) -> None:
        house.say({**VIDEO, "webhookURL": url})
        house.ask("POST", "/clock/advance", {"untilIdle": True})

    assert archive(talk)[-1]["request"]["url"] == url


def test_messages_are_told_as_browsers_tell_them() -> None:
    """What was sent and every frame that came, with results that came later by themselves."""

    async def live(house: Controlled, clock: ManualClock) -> list[str]:
        async with SocketClient(house.mock.front(None)) as client:
            frames = await client.say(json.dumps([{"taskType": "authentication", "apiKey": KEY}]))
            frames += await client.say("[]")
            frames += await client.say("nöt")
            frames += await client.say(json.dumps([{**VIDEO, "deliveryMethod": "sync"}, {**POLL, "taskUUID": KEY}]))
            clock.advance(600_000)
            await rest()
            frames += client.take()
        return frames

    clock = ManualClock()
    house = Controlled(still_mock({"profile": "compat"}, clock))
    frames = asyncio.run(live(house, clock))
    document = house.ask("GET", "/journal.har").body
    HAR.validate(json.loads(json.dumps(document)))
    entries = document["log"]["entries"]
    assert {(each["request"]["url"], each["response"]["status"]) for each in entries} == {("ws://mock.test/v1", 101)}
    assert {each["_resourceType"] for each in entries} == {"websocket"}
    ways = [[message["type"] for message in each["_webSocketMessages"]] for each in entries]
    assert ways == [["send", "receive"]] * 4 + [["receive"]]
    assert [each["_webSocketMessages"][0]["data"] for each in entries][1:3] == ["[]", "nöt"]
    told = [each["data"] for entry in entries for each in entry["_webSocketMessages"] if each["type"] == "receive"]
    assert sorted(map(json.loads, told), key=str) == sorted(map(json.loads, frames), key=str)
    assert entries[0]["_webSocketMessages"][0]["time"] == ManualClock().now_ms() / 1000
