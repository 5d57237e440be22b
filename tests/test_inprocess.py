"""The mock inside a program: httpx clients reach it at the real addresses, and nothing leaves the process."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import httpx2
import pytest

from mockserver import ManualClock, MockConfig, MockRunware, Rule, Scenario
from mockserver.adapters.couriers import Outbox
from mockserver.remote import ControlProblem
from mockserver.scenario import BadScenario

API = "https://api.runware.ai/v1"
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
HEADERS = {"Authorization": "Bearer a-key"}
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
INSTANT = MockConfig(speed=float("inf"), log="quiet")
LONG_ENOUGH_MS = 600_000


def post(*tasks: dict[str, Any], key: str = "a-key") -> httpx.Response:
    """Hand in tasks at the real address."""
    return httpx.post(API, json=tasks, headers={"Authorization": f"Bearer {key}"})


def test_a_client_gets_a_video_at_the_real_addresses() -> None:
    """Submit, poll and download as in production, without a network."""
    with MockRunware(INSTANT):
        assert post(VIDEO).json() == {"data": [{"taskType": "videoInference", "taskUUID": UUID}]}
        (item,) = post(POLL).json()["data"]
        assert item["videoURL"].startswith("https://api.runware.ai/video/")
        video = httpx.get(item["videoURL"], headers={"Range": "bytes=0-9"})
        assert (video.status_code, video.headers["content-type"], len(video.content)) == (206, "video/mp4", 10)


def test_rules_are_values_in_python() -> None:
    """What a file of rules says can be said in place, and is held against the same grammar."""
    rules = [Rule(match={"nth": 1}, faults=[{"answer-503": {"times": 1}}])]
    with MockRunware(MockConfig(speed=float("inf"), log="quiet", scenario=Scenario(rules))):
        assert [post(VIDEO).status_code for _ in range(2)] == [503, 200]
        assert post({**VIDEO, "taskUUID": str(uuid4())}).status_code == 200
    with pytest.raises(BadScenario) as told:
        MockRunware(MockConfig(scenario=Scenario([Rule(faults=["drop-webhok"])])))
    assert str(told.value) == (
        "scenario: /rules/0/faults/0: drop-webhok: there is no such fault; did you mean 'drop-webhook'?"
    )


def test_the_schema_service_is_there_as_well() -> None:
    """Official clients that ask the schema host are answered."""
    with MockRunware():
        assert "minimax:3@1" in httpx.get("https://schemas.runware.ai/registry.json").json()["models"]
        assert httpx.get("https://schemas.runware.ai/resolve/minimax%3A3%401").status_code == 200
        assert httpx.get("https://schemas.runware.ai/resolve/nonsense").status_code == 404


def test_async_clients_are_answered_in_their_own_loop() -> None:
    """Many requests at once from one event loop all come back."""

    async def live() -> list[int]:
        async with httpx.AsyncClient(headers=HEADERS) as client:
            uuids = [str(uuid4()) for _ in range(20)]
            submitted = [client.post(API, json=[{**VIDEO, "taskUUID": uuid}]) for uuid in uuids]
            polled = [client.post(API, json=[{**POLL, "taskUUID": uuid}]) for uuid in uuids]
            health = client.get("https://api.runware.ai/health")
            return [answer.status_code for answer in await asyncio.gather(*submitted, *polled, health)]

    with MockRunware(INSTANT):
        assert asyncio.run(live()) == [200] * 41


def test_other_hosts_are_neither_answered_nor_reached() -> None:
    """What the mock does not answer fails instead of leaving the process."""
    with MockRunware(), pytest.raises(AssertionError, match=r"example\.com"):
        httpx.get("https://example.com/")


def test_hosts_and_routes_can_be_others() -> None:
    """The mock answers the hosts that it is given, and its router takes further routes."""
    runware = MockRunware(hosts=("mock.test",))
    runware.router.get("https://example.com/").respond(204)
    with runware:
        assert httpx.get("http://mock.test:8080/health").status_code == 200
        assert httpx.get("https://example.com/").status_code == 204
        answer = httpx.post("http://mock.test:8080/v1?sdk=js", json=[VIDEO], headers=HEADERS)
        assert answer.status_code == 200


def test_after_leaving_clients_reach_the_network_again() -> None:
    """Outside of the block nothing is answered any more; entering again finds the same tasks."""
    runware = MockRunware(INSTANT)
    with runware:
        post(VIDEO)
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:1/")
    with runware:
        assert post(POLL).json()["data"][0]["status"] == "success"


def test_an_exception_in_the_block_is_not_hidden() -> None:
    """The mock goes away quietly when its user fails."""
    with pytest.raises(ZeroDivisionError), MockRunware():
        _ = 1 / 0


@pytest.mark.parametrize("log", ["pretty", "json", "quiet"])
def test_requests_are_logged_without_an_event_loop(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A synchronous client is answered whatever is logged, and each line is there at once."""
    with MockRunware(MockConfig(log=log)):
        assert post(VIDEO).status_code == 200
        assert capsys.readouterr().out.count("accepted") == (0 if log == "quiet" else 1)
        assert post(VIDEO).status_code == 400
        assert capsys.readouterr().out.count("accepted under it") == (0 if log == "quiet" else 1)


def test_time_stands_still_with_a_manual_clock() -> None:
    """A test decides when a video is ready."""
    clock = ManualClock()
    with MockRunware(clock=clock):
        post(VIDEO)
        assert post(POLL).json()["data"][0]["status"] == "processing"
        clock.advance(LONG_ENOUGH_MS)
        assert post(POLL).json()["data"][0]["status"] == "success"


def test_webhooks_and_uploads_are_kept_in_the_outbox() -> None:
    """What would be sent is there to be looked at, at the latest with the next request."""
    addresses = {"webhookURL": "https://example.com/hook", "uploadEndpoint": "https://example.com/put"}
    with MockRunware(INSTANT) as runware:
        post({**VIDEO, **addresses})
        (item,) = post(POLL).json()["data"]
        assert isinstance(runware.outbox, Outbox)
        upload, call = runware.outbox.parcels
        assert (upload.method, upload.url, upload.media_type) == ("PUT", addresses["uploadEndpoint"], "video/mp4")
        assert (call.method, call.url) == ("POST", addresses["webhookURL"])
        assert json.loads(call.body)["data"][0]["videoUUID"] == item["videoUUID"]


def test_the_mock_inside_can_be_controlled_like_one_that_is_served() -> None:
    """Its clock is moved, its rules are changed, and its journal is verified, without a network."""
    with MockRunware(MockConfig(log="quiet", speed=1), ManualClock()) as runware:
        runware.control.play(Scenario([Rule(match={"nth": 2}, faults=["answer-503"])]))
        assert [post({**VIDEO, "taskUUID": uuid}).status_code for uuid in (UUID, str(uuid4()))] == [200, 503]
        runware.control.advance_until_finished(UUID)
        assert post(POLL).json()["data"][0]["status"] == "success"
        runware.control.verify(1, taskType="videoInference", outcome="accepted")
        with pytest.raises(AssertionError, match='expected no requests with transport "http", found 3'):
            runware.control.verify(0, transport="http")


def test_a_clock_that_nobody_moves_says_so() -> None:
    """Real time inside a program is read, and the way out is named."""
    with MockRunware() as runware, pytest.raises(ControlProblem, match="cannot be moved; give the mock a ManualClock"):
        runware.control.advance(1)


def test_real_time_passes_between_requests_and_while_an_answer_is_held() -> None:
    """Without a clock of its own the mock is as quick as its speed says."""
    config = MockConfig(profile="compat", speed=4000, log="quiet")
    with MockRunware(config):
        (item,) = post({**VIDEO, "deliveryMethod": "sync"}).json()["data"]
        assert item["videoURL"]
        post({**VIDEO, "taskUUID": str(uuid4())})
        other = {**VIDEO, "taskUUID": str(uuid4()), "webhookURL": "https://example.com/hook"}
        post(other)
        deadline = time.monotonic() + 10
        while post({**POLL, "taskUUID": other["taskUUID"]}).json()["data"][0]["status"] != "success":
            assert time.monotonic() < deadline


def test_a_body_over_the_limit_is_refused() -> None:
    """The limits hold in the process as well."""
    with MockRunware(MockConfig(max_body_bytes=1000, log="quiet")):
        answer = httpx.post(API, content=b"x" * 1001, headers={**HEADERS, "Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "valueTooLarge")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1", 405), ("GET", "/nowhere", 404), ("HEAD", "/health", 200)]
)
def test_other_addresses_are_answered_as_over_the_network(method: str, path: str, status: int) -> None:
    """Errors of routes look the same in the process."""
    with MockRunware():
        assert httpx.request(method, f"https://api.runware.ai{path}").status_code == status


def test_threads_share_one_mock() -> None:
    """Of many threads that submit under one UUID exactly one is accepted; those with their own all are."""
    threads, each = 8, 5
    start = threading.Barrier(threads)

    def submit(_: int) -> list[int]:
        start.wait()
        own = [post({**VIDEO, "taskUUID": str(uuid4())}).status_code for _ in range(each)]
        return [post(VIDEO, key=f"key-{turn}").status_code for turn in range(each)] + own

    with MockRunware(), ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(submit, range(threads)))
    for turn in range(each):
        assert sorted(outcome[turn] for outcome in outcomes) == [200] + [400] * (threads - 1)
    assert all(outcome[each:] == [200] * each for outcome in outcomes)


def test_clients_of_httpx2_are_answered_as_well() -> None:
    """The successor of httpx has its own transport underneath; sync and async clients of it are served."""

    async def live() -> int:
        async with httpx2.AsyncClient(headers=HEADERS) as client:
            return (await client.post(API, json=[POLL])).status_code

    for _ in range(2):
        with MockRunware(INSTANT):
            assert httpx2.post(API, json=[VIDEO], headers=HEADERS).status_code == 200
            assert post(POLL).status_code == 200
            assert asyncio.run(live()) == 200


def test_nothing_of_httpx2_leaves_the_process_either() -> None:
    """Hosts that the mock does not answer are refused, and after leaving the network is there again."""
    with MockRunware(), pytest.raises(AssertionError, match=r"example\.com"):
        httpx2.get("https://example.com/")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get("http://127.0.0.1:1/")


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_each_library_gets_the_exceptions_that_it_knows(library: Any) -> None:
    """An answer that does not come in time is a timeout in the words of the client's own library."""
    task = {**VIDEO, "deliveryMethod": "sync"}
    with MockRunware(MockConfig(profile="compat", log="quiet"), ManualClock()), pytest.raises(library.ReadTimeout):
        library.post(API, json=[task], headers=HEADERS, timeout=0.01)


def test_of_two_mocks_the_inner_one_answers() -> None:
    """A test may enter a mock of its own inside of another one; the outer one comes back afterwards."""
    with MockRunware(INSTANT):
        post(VIDEO)
        with MockRunware(INSTANT):
            assert post(POLL).json()["errors"][0]["code"] == "taskNotFound"
            assert httpx2.post(API, json=[POLL], headers=HEADERS).status_code == 404
        assert post(POLL).json()["data"][0]["status"] == "success"
        assert httpx2.post(API, json=[POLL], headers=HEADERS).status_code == 200


def test_it_can_be_entered_asynchronously() -> None:
    """Programs that are all async use it as they use their clients."""

    async def live() -> int:
        async with MockRunware(INSTANT), httpx.AsyncClient(headers=HEADERS) as client:
            return (await client.post(API, json=[VIDEO])).status_code

    assert asyncio.run(live()) == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:1/")
