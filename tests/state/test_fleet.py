"""Mocks that share a Redis serve the same tasks, and whichever of them dies nobody outside sees anything of it."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.clients.sdks import RUNWARE, RUNWARE_SDK, RUNWARE_SDK_REST, SDK_JS, Outcome, Sdk, video
from tests.support.loops import until
from tests.support.ports import free_port
from tests.support.programs import running
from tests.support.proxy import Balancer, balanced
from tests.support.redis import RedisServer, redis_server
from tests.support.server import served

ROOT = Path(__file__).parents[2]
LIMIT_S = 120
KEY = {"Authorization": "Bearer any"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server."""
    with redis_server(tmp_path) as server:
        yield server


class Fleet:
    """Two mocks behind a balancer.

    Attributes:
        balancer: the way to them.
        mocks: the two.
    """

    def __init__(self, stack: ExitStack, *options: str) -> None:
        words = ("--log", "quiet", "--media", "prerendered", *options)
        self.mocks = [stack.enter_context(served(*words)) for _ in range(2)]
        self.balancer: Balancer = stack.enter_context(balanced(*((mock.host, mock.port) for mock in self.mocks)))

    def kill(self, number: int) -> None:
        """End one as nothing else would."""
        self.mocks[number].process.kill()
        self.mocks[number].process.wait()


def a_task(**parameters: Any) -> dict[str, Any]:
    """Return a task."""
    return {
        "taskType": "videoInference",
        "taskUUID": str(uuid4()),
        "model": "minimax:3@1",
        "positivePrompt": "a reef",
        "width": 1366,
        "height": 768,
        "duration": 6,
        **parameters,
    }


def post(url: str, *tasks: Mapping[str, Any]) -> dict[str, Any]:
    """Hand tasks in, and return the answer."""
    answer: dict[str, Any] = httpx.post(url, json=tasks, headers=KEY, trust_env=False, timeout=LIMIT_S).json()
    return answer


def poll(url: str, uuid: str) -> dict[str, Any]:
    """Ask how far a task is."""
    return post(url, {"taskType": "getResponse", "taskUUID": uuid})


def test_what_one_mock_took_on_another_one_knows(server: RedisServer) -> None:
    """The task, its conflict, its video under the same UUID, and who may see it."""
    with ExitStack() as stack:
        one, other = Fleet(stack, "--state", server.url(), "--speed", "instant").mocks
        task = a_task()
        assert "errors" not in post(one.http_url, task)
        [seen], [also_seen] = (poll(mock.http_url, task["taskUUID"])["data"] for mock in (one, other))
        assert (seen["status"], seen["videoUUID"]) == ("success", also_seen["videoUUID"])
        assert post(other.http_url, task)["errors"][0]["code"] == "conflictTaskUUID"
        found = httpx.get(seen["videoURL"], trust_env=False, timeout=LIMIT_S)
        assert (found.status_code, found.headers["content-type"]) == (200, "video/mp4")


def test_a_video_lies_at_the_mock_that_is_asked(server: RedisServer) -> None:
    """The one that took its task on may be gone: its address is good all the same, and the same at each poll."""
    with ExitStack() as stack:
        fleet = Fleet(stack, "--state", server.url(), "--speed", "instant")
        one, other = fleet.mocks
        task = a_task()
        post(one.http_url, task)
        first = poll(one.http_url, task["taskUUID"])["data"][0]["videoURL"]
        assert first.startswith(f"http://{one.host}:{one.port}/")
        fleet.kill(0)
        seen = [poll(other.http_url, task["taskUUID"])["data"][0]["videoURL"] for _ in range(2)]
        assert seen == [first.replace(f":{one.port}/", f":{other.port}/")] * 2
        asked = {"taskType": "getTaskDetails", "taskUUID": task["taskUUID"]}
        details = post(other.http_url, asked)["data"][0]["response"]["data"]
        assert [each["videoURL"] for each in details] == seen[:1]
        assert httpx.get(seen[0], trust_env=False, timeout=LIMIT_S).status_code == 200


def test_the_address_of_the_balancer_is_that_of_all_videos(server: RedisServer) -> None:
    """Where a fleet is told it, whichever mock is asked."""
    with ExitStack() as stack:
        words = ("--state", server.url(), "--speed", "instant", "--public-url", "http://balancer.test")
        mocks = Fleet(stack, *words).mocks
        post(mocks[0].http_url, task := a_task())
        seen = [poll(mock.http_url, task["taskUUID"])["data"][0]["videoURL"] for mock in mocks]
        assert seen[0] == seen[1]
        assert seen[0].startswith("http://balancer.test/video/")


def test_two_mocks_draw_nothing_twice(server: RedisServer) -> None:
    """Though they draw from one secret: the videos of two tasks are two."""
    with ExitStack() as stack:
        mocks = Fleet(stack, "--state", server.url(), "--speed", "instant", "--seed", "1").mocks
        tasks = [a_task() for _ in mocks]
        for mock, task in zip(mocks, tasks, strict=True):
            post(mock.http_url, task)
        videos = {poll(mocks[0].http_url, task["taskUUID"])["data"][0]["videoUUID"] for task in tasks}
        assert len(videos) == 2


@pytest.mark.parametrize("sdk", [RUNWARE_SDK, RUNWARE_SDK_REST, RUNWARE, SDK_JS], ids=lambda sdk: sdk.name)
def test_an_sdk_sees_nothing_of_a_mock_that_is_killed_in_the_middle(sdk: Sdk, server: RedisServer) -> None:
    """It has its video from the other one, made once."""

    async def story(fleet: Fleet) -> Outcome:
        call = video()
        calling = asyncio.create_task(asyncio.to_thread(sdk.call, fleet.balancer, call, in_haste=True))
        uuid = call["task"]["taskUUID"]
        await until(lambda: "errors" not in poll(fleet.mocks[1].http_url, uuid))
        await asyncio.to_thread(fleet.kill, 0)
        outcome = (await calling)[0]
        shown = await asyncio.to_thread(poll, fleet.mocks[1].http_url, uuid)
        assert [each["videoUUID"] for each in shown["data"]] == [each["videoUUID"] for each in outcome.videos]
        return outcome

    with ExitStack() as stack:
        fleet = Fleet(stack, "--state", server.url(), "--speed", "10")
        assert len(asyncio.run(story(fleet)).videos) == 1


def test_the_fleet_of_the_readme_runs(tmp_path: Path) -> None:
    """As it stands there, but for the ports."""
    _, readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## A fleet on Redis")
    [block, *_] = re.findall(r"^```bash\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    for port in ("6379", "8081", "8082"):
        block = block.replace(port, str(free_port()))
    redis, *mocks, submit, ask = map(shlex.split, block.splitlines())
    with ExitStack() as stack:
        begun = stack.enter_context(running([*redis, "--dir", str(tmp_path)]))
        begun.wait_for_line("Ready to accept connections")
        for _, *words in mocks:
            stack.enter_context(running([sys.executable, "-m", "mockserver", *words])).wait_for_line("is ready")
        answers = [json.loads(subprocess.check_output(words, text=True)) for words in (submit, ask)]
    assert [answer["data"][0]["taskUUID"] for answer in answers] == ["24cd5dff-cb81-4db5-8506-b72a9425f9d1"] * 2
    assert answers[1]["data"][0]["status"] in ("processing", "success")


def test_a_mock_outlives_a_redis_that_is_away(server: RedisServer) -> None:
    """Requests are answered with an error meanwhile that names it, and as ever when it is back."""
    with served("--log", "pretty", "--state", server.url()) as mock:
        server.stop()
        answer = httpx.post(mock.http_url, json=[a_task()], headers=KEY, trust_env=False)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (500, "internalServerError")
        told = re.search(rf"(Redis at 127\.0\.0\.1:{server.port}, .+)\. .+ number (\w+)\.$", error["message"])
        assert told
        assert mock.wait_for_line("internal failure").endswith(f" internal failure {told[2]}: {told[1]}")
        assert "POST /v1" in mock.wait_for_line(r"POST /v1|Traceback")
        pages = [httpx.get(mock.http_url.replace("/v1", path), trust_env=False) for path in ("/metrics", "/health")]
        assert [page.status_code for page in pages] == [200, 503]
        assert "\nrunware_mock_store_up 0.0\n" in pages[0].text
        assert f"failed: Redis at 127.0.0.1:{server.port}, database 0 does not answer" in pages[1].text
        server.start()
        for _ in range(100):
            again = post(mock.http_url, task := a_task())
            if "errors" not in again:
                break
        assert again == {"data": [{"taskType": "videoInference", "taskUUID": task["taskUUID"]}]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--state", "redis://127.0.0.1:1/0"], "Redis at 127.0.0.1:1, database 0 does not answer"),
        (["--state", "redis://127.0.0.1:port/0"], "that is no address of a Redis"),
        (["--state", "redis://127.0.0.1:1/0", "--clock", "2"], "lives in real time; leave --clock out"),
    ],
    ids=["nobody", "no-address", "a-clock"],
)
def test_what_cannot_be_shared_is_refused_at_the_start(
    options: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a sentence that says where and how to mend it."""
    from contracts.cli import main

    assert main(["serve", "--port", "0", *options]) == 2
    assert said in capfd.readouterr().err
