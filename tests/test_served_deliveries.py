"""Webhooks and uploads of a mock that runs as users run it, to a real receiver."""

import asyncio
import json
import re
from typing import Any

import httpx

from tests.support.receivers import Receiver, status
from tests.support.server import Served, served

KEY = "the-secret-key"
#: How long a download may take on a machine that is busy with other tests.
RENDERED_WITHIN_S = 60
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"


def video(**parameters: Any) -> dict[str, Any]:
    """Return a submission."""
    task = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    return {**task, **parameters}


async def ask(server: Served, *tasks: dict[str, Any]) -> Any:
    """Post tasks and return the answer."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(server.http_url, json=tasks, headers={"Authorization": f"Bearer {KEY}"})
        return answer.json()


async def poll(server: Served) -> Any:
    """Poll the task and return the answer."""
    return await ask(server, {"taskType": "getResponse", "taskUUID": UUID})


def test_each_result_is_uploaded_and_then_posted() -> None:
    """For each result the receiver gets one PUT with the video and then one POST with what a poll has."""

    async def live(server: Served) -> None:
        async with Receiver() as receiver:
            hook, put = "/hook?token=a%2Fb&x=~", "/put?X-Amz-Signature=a%2Bb&n=1"
            addresses = {"webhookURL": receiver.base + hook, "uploadEndpoint": receiver.base + put}
            assert await ask(server, video(numberResults=2, outputFormat="WEBM", **addresses)) == {
                "data": [{"taskType": "videoInference", "taskUUID": UUID}]
            }
            requests = await receiver.wait_for(4)
            polled = (await poll(server))["data"]
            async with httpx.AsyncClient(trust_env=False, timeout=RENDERED_WITHIN_S) as client:
                files = [(await client.get(item["videoURL"])).content for item in polled]
            uploads = [request for request in requests if request.line.startswith("PUT")]
            calls = [request for request in requests if request.line.startswith("POST")]
            assert {request.line for request in uploads} == {f"PUT {put} HTTP/1.1"}
            assert {request.line for request in calls} == {f"POST {hook} HTTP/1.1"}
            assert [request.headers["content-type"] for request in uploads] == ["video/webm"] * 2
            assert sorted(request.body for request in uploads) == sorted(files)
            assert files[0] != files[1]
            told = [json.loads(request.body) for request in calls]
            wanted = [{"data": [{name: item[name] for name in item if name != "status"}]} for item in polled]
            assert sorted(told, key=str) == sorted(wanted, key=str)
            assert not [request for request in requests if KEY in str(request) or "authorization" in request.headers]
            for call in calls:
                assert any(requests.index(upload) < requests.index(call) for upload in uploads)

    with served("--speed", "instant", "--log", "quiet") as server:
        asyncio.run(live(server))


def test_a_receiver_that_refuses_costs_lines_in_the_log_and_nothing_else() -> None:
    """A refused upload and a refused webhook leave the task a success; the log names both without their queries."""

    async def live(server: Served) -> None:
        async with Receiver(status(503)) as receiver:
            addresses = {
                "webhookURL": f"{receiver.base}/hook?token=1",
                "uploadEndpoint": f"{receiver.base}/put?token=1",
            }
            await ask(server, video(**addresses))
            await receiver.wait_for(3)
            upload, first, last = [server.wait_for_line(f"(PUT|POST) {receiver.base}")[10:] for _ in range(3)]
            assert upload == f"task {UUID[:8]}: PUT {receiver.base}/put failed: the receiver answered 503"
            failed = f"task {UUID[:8]}: POST {receiver.base}/hook failed: the receiver answered 503"
            assert re.fullmatch(rf"{failed}; attempt 2 in 0\.[23] s", first)
            assert last == f"{failed}; given up after 2 attempts"
            assert len(receiver.requests) == 3
            assert [item["status"] for item in (await poll(server))["data"]] == ["success"]

    with served("--speed", "instant", "--log", "quiet", "--webhook-attempts", "2") as server:
        asyncio.run(live(server))


def test_an_address_off_this_machine_is_accepted_and_not_called() -> None:
    """Requests as they go to the real service work offline: the log says what was not sent, and what would open it."""

    async def live(server: Served) -> None:
        await ask(server, video(webhookURL="http://10.0.0.1/hook", uploadEndpoint="https://bucket.example.com/x?sig=a"))
        lines = {server.wait_for_line(r"^\d\d:\d\d:\d\d  task \w{8}: (PUT|POST) http")[10:] for _ in range(2)}
        assert lines == {
            f"task {UUID[:8]}: POST http://10.0.0.1/hook failed: not allowed: --allow-outbound 10.0.0.1 would open it",
            f"task {UUID[:8]}: PUT https://bucket.example.com/x failed: not allowed: --allow-outbound bucket.example.com would open it",
        }
        assert [item["status"] for item in (await poll(server))["data"]] == ["success"]

    with served("--speed", "instant", "--log", "quiet") as server:
        asyncio.run(live(server))


def test_an_address_that_nobody_honest_writes_is_refused_at_submit() -> None:
    """Credentials of a cloud, this server itself, and spellings that hide a host: the error says what and why."""

    async def live(server: Served) -> None:
        addresses = {
            "webhookURL": "http://169.254.169.254/latest",
            "uploadEndpoint": f"http://localhost:{server.port}/",
        }
        told = (await ask(server, video(**addresses)))["errors"]
        assert [(error["code"], error["parameter"]) for error in told] == [
            ("invalidWebhookURL", "webhookURL"),
            ("invalidUploadEndpoint", "uploadEndpoint"),
        ]
        assert "credentials" in told[0]["message"]
        assert told[1]["message"].endswith("The mock itself listens there.")
        assert (await poll(server))["errors"][0]["code"] == "taskNotFound"

    with served("--speed", "instant", "--log", "quiet") as server:
        asyncio.run(live(server))
