"""When the mock itself fails, the client is told so in the API's words, the log has the details, and it lives on."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
import pytest

from mockserver.adapters.clocks import ManualClock, SteeredClock
from mockserver.app import Mock, create_app, server_app
from mockserver.config import MockConfig
from mockserver.inprocess import MockRunware
from mockserver.ports import StoreAway
from mockserver.transports.asgi import App, Receive, Scope, Send
from tests.support.couriers import BrokenCourier
from tests.support.express import ExpressServer, request
from tests.support.logs import Remarks
from tests.support.loops import rest
from tests.support.mocks import rebuilt, still_mock
from tests.support.sockets import SocketClient
from tests.support.stores import STRIKE, FailingStore

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
PING = {"taskType": "ping", "ping": True}
AUTHENTICATION = {"taskType": "authentication", "apiKey": "a-key"}


class Patient:
    """A mock whose memory can be made to fail."""

    def __init__(self, problem: Exception = STRIKE, **settings: Any) -> None:
        self.clock, self.log = ManualClock(), Remarks()
        self.store = FailingStore(self.clock, problem=problem)
        whole = still_mock({"profile": "compat", "speed": "10", **settings}, self.clock, log=self.log)
        self.mock: Mock = rebuilt(whole, store=self.store)

    def check(self, document: Any) -> None:
        """Make sure that an answer is the one to a failure, and that the log has what it points to."""
        (error,) = document["errors"]
        (remark,) = self.log.remarks
        assert error["code"] == "internalServerError"
        assert re.fullmatch(
            r"Something failed inside the server\. It is a mistake of the mock itself: its log has the details under "
            r"number [0-9a-f]{8}\.",
            error["message"],
        )
        first, *details = remark.splitlines()
        assert first.startswith("internal failure ")
        assert first.split()[-1] in error["message"]
        assert any("the memory is on strike" in line for line in details)
        assert "strike" not in json.dumps(document)
        self.log.remarks.clear()


def run(live: Coroutine[Any, Any, None]) -> None:
    """Run a test to its end; nothing is left running."""

    async def whole() -> None:
        await live
        await rest()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(whole())


def client_of(app: App) -> httpx.AsyncClient:
    """Return a client of an application."""
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(
        transport=transport, base_url="http://mock.test", headers={"Authorization": "Bearer a-key"}
    )


Ask = Callable[..., Awaitable[Any]]


async def over_http(patient: Patient, live: Callable[[Ask], Awaitable[None]]) -> None:
    """Let something ask over HTTP."""
    async with client_of(server_app(patient.mock)) as client:

        async def ask(*tasks: Any) -> Any:
            answer = await client.post("/v1", json=tasks)
            assert (answer.status_code == 500) == ("internalServerError" in answer.text)
            return answer.json()

        await live(ask)


async def over_express(patient: Patient, live: Callable[[Ask], Awaitable[None]]) -> None:
    """Let something ask over one connection to the express protocol."""
    connection = ExpressServer(patient.mock).connect()

    async def ask(*tasks: Any) -> Any:
        answer = await connection.ask(request(json.dumps(tasks).encode()))
        assert (answer.status == 500) == (b"internalServerError" in answer.body)
        return json.loads(answer.body)

    await live(ask)
    connection.drop()


async def over_socket(patient: Patient, live: Callable[[Ask], Awaitable[None]]) -> None:
    """Let something ask over one WebSocket."""
    async with SocketClient(server_app(patient.mock)) as client:
        await client.say(json.dumps([AUTHENTICATION]))

        async def ask(*tasks: Any) -> Any:
            (frame,) = await client.say(json.dumps(tasks))
            return json.loads(frame)

        await live(ask)


@pytest.mark.parametrize("over", [over_http, over_express, over_socket])
def test_a_failure_is_told_with_a_number_and_the_next_request_is_answered(
    over: Callable[[Patient, Callable[[Ask], Awaitable[None]]], Coroutine[Any, Any, None]],
) -> None:
    """A memory that fails at any one call costs one answer: 500 or an error frame, and nothing that was accepted."""

    async def live() -> None:
        for number in range(1, 100):
            patient = Patient()

            async def converse(ask: Ask, patient: Patient = patient, number: int = number) -> None:
                patient.store.fail_at(number)
                for tasks in ([VIDEO], [POLL], [{**VIDEO, "duration": 7}], [{**POLL, "taskType": "getTaskDetails"}]):
                    document = await ask(*tasks)
                    if patient.log.remarks:
                        patient.check(document)
                        document = await ask(*tasks)
                    assert "internalServerError" not in json.dumps(document)

            await over(patient, converse)
            if not patient.store.has_failed:
                assert number > 4
                return
        raise AssertionError("the conversation never got through")

    run(live())


def test_a_failure_while_an_answer_is_held_is_told() -> None:
    """A held answer that cannot be given is a failure like any other, over HTTP as on the express way."""

    async def live() -> None:
        patient = Patient()
        async with client_of(server_app(patient.mock)) as client:
            waiting = asyncio.ensure_future(client.post("/v1", json=[{**VIDEO, "deliveryMethod": "sync"}]))
            await rest()
            patient.store.fail_at(1)
            patient.clock.advance(60_000)
            answer = await waiting
            assert answer.status_code == 500
            patient.check(answer.json())

    run(live())


def test_a_failure_while_an_answer_is_held_is_told_on_the_socket() -> None:
    """The connection that waits for held results learns that they cannot be had, and lives on."""

    async def live() -> None:
        patient = Patient()
        async with SocketClient(server_app(patient.mock)) as client:
            await client.say(json.dumps([AUTHENTICATION]))
            assert await client.say(json.dumps([{**VIDEO, "deliveryMethod": "sync"}])) == []
            patient.store.fail_at(1)
            patient.clock.advance(60_000)
            await rest()
            (frame,) = client.take()
            patient.check(json.loads(frame))
            assert await client.say(json.dumps([PING])) == ['{"data":[{"taskType":"ping","pong":true}]}']

    run(live())


@pytest.mark.parametrize("path", [f"/video/ws/vi/{UUID}.mp4", f"/image/ii/{UUID}"])
def test_a_failure_of_a_download_is_told(path: str) -> None:
    """Downloads that make the mock fail are answered in the API's words as well."""

    async def live() -> None:
        patient = Patient()
        async with client_of(server_app(patient.mock)) as client:
            patient.store.fail_at(1)
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
            patient.check(answer.json())
            assert (await client.get(path)).status_code == 404

    run(live())


@pytest.mark.parametrize("over", [over_http, over_express, over_socket])
def test_a_store_that_is_away_is_named_and_not_the_mock_blamed(
    over: Callable[[Patient, Callable[[Ask], Awaitable[None]]], Coroutine[Any, Any, None]],
) -> None:
    """The answer has the store's own words and a number, under which the log has one line."""

    async def live() -> None:
        patient = Patient(StoreAway("The shelf at the wall does not answer; put it up"))

        async def converse(ask: Ask) -> None:
            patient.store.fail_at(1)
            (error,) = (await ask(VIDEO))["errors"]
            (remark,) = patient.log.remarks
            number = remark.removeprefix("internal failure ").partition(":")[0]
            assert remark == f"internal failure {number}: The shelf at the wall does not answer; put it up"
            assert (error["code"], error["message"]) == (
                "internalServerError",
                "Something failed inside the server. What the mock remembers is out of its reach: The shelf at the wall "
                f"does not answer; put it up. Its log has this under number {number}.",
            )
            assert "errors" not in await ask(VIDEO)

        await over(patient, converse)

    run(live())


def test_a_failure_inside_the_application_is_told_in_the_same_words() -> None:
    """What the mock leaves to others is guarded too, unless they have begun to answer."""

    async def others(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] == "/begun":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise OSError("the memory is on strike")

    async def live() -> None:
        patient = Patient()
        async with client_of(patient.mock.front(others)) as client:
            answer = await client.get("/elsewhere")
            assert answer.status_code == 500
            patient.check(answer.json())
            with pytest.raises(OSError, match="strike"):
                await client.get("/begun")

    run(live())


def test_a_courier_that_raises_costs_its_parcel_and_nothing_else() -> None:
    """A broken courier is not noticed by any request: the loop reports it and the task goes on to its end."""

    async def live() -> None:
        reports: asyncio.Queue[Any] = asyncio.Queue()
        asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.put_nowait(report))
        mock = still_mock({"speed": "instant"}, SteeredClock(), BrokenCourier())
        async with client_of(create_app(mock=mock)) as client:
            hook = {"webhookURL": "https://example.com/hook"}
            assert (await client.post("/v1", json=[{**VIDEO, **hook, "numberResults": 2}])).status_code == 200
            for _ in range(2):
                report = await asyncio.wait_for(reports.get(), 10)
                assert "the courier is broken" in str(report["exception"])
            answer = (await client.post("/v1", json=[POLL])).json()
            assert [item["status"] for item in answer["data"]] == ["success", "success"]

    run(live())


def test_a_failure_inside_httpx_clients_is_told_with_the_number_in_the_log() -> None:
    """A mock inside a program fails as a served one does: 500, a number that is in the log, and it lives on."""
    with MockRunware(MockConfig(log="quiet", media="prerendered"), ManualClock()) as inside:
        patient = Patient()
        inside.mock = patient.mock
        inside._desk, inside._front = patient.mock.http_desk(), patient.mock.front(None)
        with httpx.Client(base_url="https://api.runware.ai", headers={"Authorization": "Bearer a-key"}) as client:
            for path, tasks in (("/v1", [VIDEO]), ("/v1", [{**VIDEO, "deliveryMethod": "sync"}])):
                patient.store.fail_at(1)
                answer = client.post(path, json=tasks)
                assert answer.status_code == 500
                patient.check(answer.json())
            patient.store.fail_at(1)
            answer = client.get(f"/image/ii/{UUID}")
            assert answer.status_code == 500
            patient.check(answer.json())
            assert client.post("/v1", json=[VIDEO]).status_code == 200


@pytest.mark.parametrize("path", ["/v1", "/v1?long-way"])
def test_a_failure_inside_the_protocol_class_is_told_in_the_same_words(path: str) -> None:
    """Our mistakes between the bytes and the desk are no mistakes of the client: 500 with a number, and one connection."""

    async def live() -> None:
        patient = Patient()
        server = ExpressServer(patient.mock)
        connection = server.connect()
        server.protocol = type("Striking", (server.protocol,), {"on_message_complete": _strike})
        striking = server.connect()
        answer = await striking.ask(request(json.dumps([PING]).encode(), path=path))
        assert (answer.status, answer.headers["connection"]) == (500, "close")
        patient.check(json.loads(answer.body))
        assert (await connection.ask(request(json.dumps([PING]).encode(), path=path))).status == 200
        connection.drop()

    run(live())


def _strike(_: object) -> None:
    raise OSError("the memory is on strike")
