"""What a recording holds, over HTTP and WebSocket, and what single checks find in recordings made by hand.

Clients in here sleep in the virtual loop of a stage, where that takes no time.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect

from contracts.checks import CHECKS
from contracts.clients.base import Endpoint
from contracts.clients.command import CommandClient
from contracts.clients.python import PythonClient
from contracts.recording import Exchange, Outcome, Recording
from contracts.report import Broken
from contracts.reports import FORMATS
from contracts.reports.story import Way, steps
from contracts.runner import Runner
from contracts.stage import Stage
from tests.kit.sound import ApiError

KEY = "kit-key"
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
RESULT = {
    "taskType": "videoInference",
    "taskUUID": UUID,
    "status": "success",
    "videoUUID": "v1",
    "videoURL": "http://v",
}


async def over_websocket(task: dict[str, Any], endpoint: Endpoint) -> list[dict[str, Any]]:
    """Have a task done over WebSocket, as long as nothing goes wrong."""
    async with connect(endpoint.ws_url) as socket:

        async def ask(sent: dict[str, Any]) -> Any:
            await socket.send(json.dumps([sent]))
            reply = json.loads(await socket.recv())
            if reply.get("errors"):
                raise ApiError(reply["errors"][0]["code"], reply["errors"][0]["message"])
            return reply["data"]

        await ask({"taskType": "authentication", "apiKey": endpoint.api_key})
        uuid = str(uuid4())
        await ask({"taskType": "videoInference", "taskUUID": uuid, "deliveryMethod": "async", **task})
        pause_s = 1.0
        while True:
            await asyncio.sleep(pause_s)
            pause_s *= 1.5
            items = await ask({"taskType": "getResponse", "taskUUID": uuid})
            if all(item["status"] == "success" for item in items):
                return list(items)


async def without_a_key(task: dict[str, Any], endpoint: Endpoint) -> list[dict[str, Any]]:
    """Hand a task in over WebSocket without saying who it is."""
    async with connect(endpoint.ws_url) as socket:
        await socket.send(json.dumps([{"taskType": "videoInference", "taskUUID": str(uuid4()), **task}]))
        return [json.loads(await socket.recv())]


def test_nothing_is_found_in_a_sound_client_over_websocket() -> None:
    """Messages and frames are written down like requests and answers."""
    with Stage(PythonClient(over_websocket)) as stage:
        report = Runner(stage, profile="quick", seed=1).run(["words", "failing", "several"])
    assert not report.broken, FORMATS["text"](report, "over_websocket")


def test_a_client_that_authenticates_nowhere_is_found_out_over_websocket() -> None:
    """The story tells its message."""
    with Stage(PythonClient(without_a_key)) as stage:
        report = Runner(stage, ["shows-its-key"], "quick", 1).run(["words"])
    [broken] = report.broken
    assert broken.finding.said == "the first message on a connection is no authentication with the key"
    assert any(step.words.startswith("message: videoInference") for step in steps(broken))


def exchange(*tasks: Any, number: int = 1, answers: Sequence[Any] = (), **others: Any) -> Exchange:
    """Return an exchange as it goes when nothing is wrong."""
    facts: dict[str, Any] = {
        "transport": "http",
        "connection": 0,
        "at_ms": 0,
        "ended_at_ms": 1,
        "target": "/v1",
        "headers": (("authorization", f"Bearer {KEY}"), ("content-type", "application/json")),
        "status": 200,
    }
    told = [json.dumps(answer).encode() for answer in answers]
    return Exchange(number, **{**facts, **others}, body=json.dumps([*tasks]).encode(), answers=told)


def recording(outcome: Outcome, *exchanges: Exchange) -> Recording:
    """Return a recording of a task that asks for nothing but a lighthouse."""
    task = {"model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    return Recording(task, {"rules": []}, KEY, exchanges, outcome, 1000)


POLL = exchange({"taskType": "getResponse", "taskUUID": UUID}, answers=[{"data": [RESULT]}])
SHOWN = (("authorization", f"Bearer {KEY}"), ("x-key", KEY), ("content-type", "application/json"))


@pytest.mark.parametrize(
    ("check", "made", "said"),
    [
        ("reports-only-its-results", recording(Outcome(results=[RESULT]), POLL), []),
        (
            "reports-only-its-results",
            recording(Outcome(results=[{"status": "processing"}, {**RESULT, "videoUUID": "v2"}]), POLL),
            ["an item without a video is reported as a result", "result v2 is none of this task"],
        ),
        (
            "reports-only-its-results",
            recording(Outcome(results=[], value="done"), POLL),
            ["returned str, no list of objects"],
        ),
        ("keeps-its-key-to-itself", recording(Outcome(results=[RESULT]), POLL), []),
        (
            "keeps-its-key-to-itself",
            recording(
                Outcome(message=f"{KEY} is wrong"),
                exchange({"taskType": "ping", "key": KEY}, headers=SHOWN, target=f"/v1?k={KEY}"),
            ),
            [
                "the key is part of the address, which proxies and servers log",
                "the header x-key shows the key",
                "the parameter key shows the key",
                "the message of the error shows the key",
            ],
        ),
        (
            "shows-its-key",
            recording(Outcome(results=[]), exchange({"taskType": "authentication", "apiKey": KEY}, headers=())),
            [],
        ),
        (
            "shows-its-key",
            recording(Outcome(results=[]), exchange({"taskType": "ping"}, headers=())),
            ["the request does not show the key that the client was given"],
        ),
    ],
)
def test_a_check_finds_what_is_wrong_and_nothing_else(check: str, made: Recording, said: list[str]) -> None:
    """Recordings may be made by hand, and checked as often as one likes."""
    assert [finding.said for finding in CHECKS[check].find(made)] == said


#: A task over WebSocket, where there are no statuses: what is sent, and frames that may answer it.
TASK = {"taskType": "videoInference", "taskUUID": UUID, "deliveryMethod": "async"}
BUSY = {"errors": [{"code": "rateLimitExceeded", "message": "Too much.", "taskUUID": UUID}]}
HOPELESS = {"errors": [{"code": "insufficientCredits", "message": "No money.", "taskUUID": UUID}]}
GATEWAY = {"errors": [{"code": "providerBadGateway", "message": "Nonsense.", "taskUUID": UUID}]}
FAILED = {"errors": [{"code": "providerError", "message": "It failed.", "taskUUID": UUID, "status": "error"}]}
PONG = {"data": [{"taskType": "ping", "pong": True}]}


def message(*tasks: Any, answers: Sequence[Any] = (), number: int = 1) -> Exchange:
    """Return a message over WebSocket, with the frames that came after it."""
    return exchange(*tasks, number=number, answers=answers, transport="websocket", connection=1, status=0, headers=())


PING = message({"taskType": "ping", "ping": True}, answers=[PONG], number=9)
GAVE_UP = "which another try would have got over"


@pytest.mark.parametrize(
    ("check", "exchanges", "said"),
    [
        ("survives-refusals-for-now", [message(TASK, answers=[BUSY])], [f"gave up at an answer of rateLimitExceeded, {GAVE_UP}"]),
        ("survives-refusals-for-now", [message(TASK, answers=[BUSY]), PING], [f"gave up at an answer of rateLimitExceeded, {GAVE_UP}"]),
        ("survives-refusals-for-now", [message(TASK, answers=[GATEWAY])], [f"gave up at an answer of providerBadGateway, {GAVE_UP}"]),
        ("survives-refusals-for-now", [message(TASK, answers=[HOPELESS])], []),
        ("survives-refusals-for-now", [message({**TASK, "taskType": "getResponse"}, answers=[FAILED])], []),
        ("survives-broken-answers", [message(TASK), PING], [f"gave up at no answer, {GAVE_UP}"]),
        ("survives-broken-answers", [message(TASK, answers=["<html>"])], [f"gave up at an answer that is no JSON, {GAVE_UP}"]),
        ("survives-broken-answers", [message({**TASK, "taskUUID": "another"}), message(TASK)], []),
        ("survives-broken-answers", [message({"taskType": "authentication", "apiKey": KEY})], []),
        ("tries-nothing-hopeless", [message(TASK, answers=[HOPELESS]), message(TASK)], ["handed in again, although it was refused with insufficientCredits"]),
        ("tries-nothing-hopeless", [message(TASK, answers=[BUSY]), message(TASK)], []),
        ("tries-nothing-hopeless", [message(TASK), message(TASK)], []),
        ("delivers-what-was-made", [message(TASK), PING], []),
        ("delivers-what-was-made", [message(TASK, answers=[BUSY]), PING], []),
        ("delivers-what-was-made", [message(TASK, answers=[{"data": [TASK]}]), PING], ["the caller got an error ('it failed') after an answer in which all was well"]),
        ("delivers-what-was-made", [PING], ["the caller got an error ('it failed'), and no request came"]),
    ],
)  # fmt: skip
def test_a_client_over_websocket_is_judged_by_errors_where_there_is_no_status(
    check: str, exchanges: Sequence[Exchange], said: Sequence[str]
) -> None:
    """Heartbeats and authentications hide nothing, and what a provider failed at is no refusal for now."""
    made = recording(Outcome(message="it failed"), *exchanges)
    assert [finding.said for finding in CHECKS[check].find(made)] == said


def test_the_failures_of_a_task_over_websocket_are_those_that_stay() -> None:
    """A refusal for now is none, so that nobody has to report its code."""
    assert recording(Outcome(message="no"), message(TASK, answers=[BUSY])).failures == ()
    assert [each["code"] for each in recording(Outcome(message="no"), message(TASK, answers=[FAILED])).failures] == [
        "providerError"
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, []),
        ({"minimax": {}}, []),
        ({"minimax": {"promptOptimizer": False}}, ["providerSettings was asked for and not sent"]),
    ],
)
def test_what_asks_for_nothing_may_be_left_out(settings: dict[str, Any], said: Sequence[str]) -> None:
    """An object without members says no more than none; one with a member that is false says something."""
    asked = {"model": "minimax:3@1", "positivePrompt": "a reef", "providerSettings": settings}
    sent = {**TASK, "model": "minimax:3@1", "positivePrompt": "a reef"}
    made = Recording(asked, {"rules": []}, KEY, [exchange(sent)], Outcome(results=[]), 1000)
    assert [finding.said for finding in CHECKS["sends-what-was-asked"].find(made)] == said


@pytest.mark.parametrize(
    ("polls", "said"),
    [
        ([], "the call had not ended after 1 s; no poll"),
        ([POLL], "the call had not ended after 1 s; 1 poll, the last after 0 s"),
        ([POLL, POLL, PING], "the call had not ended after 1 s; 2 polls, the last after 0 s"),
    ],
)
def test_a_call_that_does_not_end_is_told_with_its_last_poll(polls: Sequence[Exchange], said: str) -> None:
    """Heartbeats that go on for ever are no polls."""
    [finding] = CHECKS["gives-up"].find(recording(Outcome(is_endless=True), *polls))
    assert finding.said == said


def test_a_long_story_is_cut_on_both_sides_of_its_place() -> None:
    """Every gap says how much is left out there."""
    exchanges = [exchange({"taskType": "getResponse", "taskUUID": UUID}, number=number) for number in range(1, 31)]
    made = recording(Outcome(is_endless=True), *exchanges)
    check = CHECKS["gives-up"]
    [finding] = check.find(made)
    told = [*steps(Broken(check, finding.__class__("here", 15), made, 1, 0.0))]
    assert [step.words for step in told if step.way is Way.LEFT_OUT] == [
        "… 8 exchanges like these …",
        "… 11 exchanges like these …",
    ]
    assert told[-1].words == "the caller was still waiting"
    assert [step.number for step in told if step.is_here] == [15]


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("exit 3", Outcome(message="the program ended with status 3 instead of answering")),
        ("read line; echo garbage; read line", Outcome(results=[], value="garbage")),
        ("read line; echo '[1]'; read line", Outcome(results=[], value=[1])),
        ("""read line; echo '{"error": "no"}'; read line""", Outcome(message="no")),
        ("""read line; echo '{"error": {"message": "no"}}'; read line""", Outcome(message="no")),
        ("""read line; echo '{"error": {"code": "c", "message": "no"}}'; read line""", Outcome(code="c", message="no")),
        ("""read line; echo '{"results": []}'; sleep 1000""", Outcome(results=[])),
    ],
)
def test_whatever_a_program_does_comes_to_an_outcome(program: str, outcome: Outcome) -> None:
    """It is ended with what it started, even if it does not listen."""

    async def live() -> Outcome:
        client = CommandClient(["sh", "-c", program])
        try:
            async with client.turn():
                return await client.perform({"model": "m"}, Endpoint("http://127.0.0.1:1", "ws://127.0.0.1:1", "k"))
        finally:
            await client.close()

    assert asyncio.run(live()) == outcome


def test_the_package_runs_as_a_program() -> None:
    """`python -m contracts` has the commands of the mock and of the kit."""
    done = subprocess.run([sys.executable, "-m", "contracts", "checks"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Duties of clients\n")
