"""How a mock is and what it did, as those who watch it ask: without a key, and without learning one."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mockserver.adapters.clocks import ManualClock
from mockserver.adapters.stores import MemoryStore
from mockserver.app import Mock
from mockserver.health import Readiness
from mockserver.log import at_once, make_log
from mockserver.ports import Key, Shelf, StoreAway
from tests.support.mocks import rebuilt, still_mock
from tests.support.sockets import SocketClient

KEY = "a-very-secret-key"
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a secret prompt"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}


async def get(mock: Mock, path: str) -> httpx.Response:
    """Ask something of a mock, with no key."""
    transport = httpx.ASGITransport(app=mock.front(None))
    async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
        return await client.get(path)


async def post(mock: Mock, *tasks: Mapping[str, Any], key: str = KEY) -> int:
    """Hand in tasks and return the status."""
    transport = httpx.ASGITransport(app=mock.front(None))
    async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
        return (await client.post("/v1", json=tasks, headers={"Authorization": f"Bearer {key}"})).status_code


async def numbers(mock: Mock) -> Mapping[tuple[str, ...], float]:
    """Return what /metrics tells, by name and the values of labels in the order of their names."""
    answer = await get(mock, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_mock_that_is_well_says_so() -> None:
    """It lives, it is ready, and it tells what it imitates."""

    async def live() -> list[tuple[int, Any]]:
        mock = still_mock()
        answers = [await get(mock, path) for path in ("/health/live", "/health/ready", "/health")]
        assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
        return [(answer.status_code, answer.json()) for answer in answers]

    checks = {"accepting": "ok", "store": "ok"}
    alive, ready, whole = asyncio.run(live())
    assert alive == (200, {"status": "ok"})
    assert ready == (200, {"status": "ok", "checks": checks})
    assert whole[0] == 200
    assert {"status": "ok", "checks": checks, "profile": "strict"}.items() <= whole[1].items()


async def _fail() -> None:
    raise OSError(f"cannot reach redis://:{KEY}@host")


async def _be_away() -> None:
    raise StoreAway("The shelf does not answer; put it up")


async def _hang() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (_fail, "failed: OSError"),
        (_be_away, "failed: The shelf does not answer; put it up"),
        (_hang, "no answer in time"),
    ],
    ids=["failing", "away", "hanging"],
)
def test_what_cannot_be_used_makes_the_mock_unready_and_not_dead(ask: Any, told: str) -> None:
    """Each thing is told under its name; what a failure says is not, for that may hold a secret, unless a store is away."""

    async def live() -> list[httpx.Response]:
        mock = still_mock()
        mock.readiness.checks["state"] = ask
        return [await get(mock, path) for path in ("/health/live", "/health/ready", "/health")]

    alive, ready, whole = asyncio.run(live())
    assert (alive.status_code, ready.status_code, whole.status_code) == (200, 503, 503)
    assert ready.json() == {"status": "unavailable", "checks": {"accepting": "ok", "store": "ok", "state": told}}
    assert KEY not in whole.text


def test_things_are_asked_at_once() -> None:
    """Two that hang cost as much time as one: each waits for the other here."""

    async def live() -> dict[str, str]:
        meeting = asyncio.Barrier(2)
        return await Readiness({"one": meeting.wait, "two": meeting.wait}).look()

    assert asyncio.run(live()) == {"accepting": "ok", "one": "ok", "two": "ok"}


def test_a_mock_that_is_told_to_stop_is_not_ready() -> None:
    """Whoever routes requests sends no more here; it lives until it is gone."""

    async def live() -> list[httpx.Response]:
        mock = still_mock()
        mock.readiness.is_stopping = True
        return [await get(mock, path) for path in ("/health/live", "/health/ready", "/health")]

    alive, ready, whole = asyncio.run(live())
    assert (alive.status_code, ready.status_code, whole.status_code) == (200, 503, 503)
    assert ready.json()["checks"]["accepting"] == "stopping"


def test_metrics_count_what_happened() -> None:
    """Requests by status, tasks by state, attempts by outcome, what is owed, and how long answers took."""

    async def live() -> Mapping[tuple[str, ...], float]:
        clock = ManualClock()
        mock = still_mock({"speed": "instant", "journal": "10"}, clock)
        other = {**VIDEO, "taskUUID": UUID.replace("d1", "d2"), "webhookURL": "http://127.0.0.1:9/hook?token=secret"}
        assert [await post(mock, VIDEO), await post(mock, other), await post(mock, {**VIDEO, "width": 1})] == [
            200,
            200,
            400,
        ]
        assert (await get(mock, "/nowhere")).status_code == 404
        async with SocketClient(mock.front(None)) as socket:
            await socket.say("[]")
        before = await numbers(mock)
        assert [before["runware_mock_tasks", state] for state in ("processing", "success")] == [1, 1]
        clock.advance(1000)
        text = (await get(mock, "/metrics")).text
        assert not [word for word in (KEY, UUID, "secret", "127.0.0.1") if word in text]
        return await numbers(mock)

    told = asyncio.run(live())
    name = "runware_mock_requests_total"
    assert (told[name, "200", "http"], told[name, "400", "http"], told[name, "404", "http"]) == (4, 1, 1)
    assert told[name, "0", "websocket"] == 1
    assert told["runware_mock_request_seconds_count", "http"] == 3
    assert told["runware_mock_request_seconds_bucket", "+Inf", "http"] == 3
    assert told["runware_mock_request_seconds_sum", "http"] > 0
    assert [told["runware_mock_tasks", state] for state in ("processing", "success", "error")] == [0, 2, 0]
    assert told["runware_mock_deliveries_total", "webhook", "delivered"] == 1
    assert (told["runware_mock_deliveries_owed",], told["runware_mock_deliveries_under_way",]) == (0, 0)


class AwayStore(MemoryStore):
    """A store that nobody can look into while it is away."""

    is_away = False

    def scan(self, shelf: Shelf) -> Sequence[tuple[Key, Any]]:
        """Return all that a shelf keeps."""
        if self.is_away:
            raise StoreAway("The shelf does not answer; put it up")
        return super().scan(shelf)

    def count(self, shelf: Shelf) -> int:
        """Return how many entries a shelf holds."""
        if self.is_away:
            raise StoreAway("The shelf does not answer; put it up")
        return super().count(shelf)


def test_metrics_tell_what_they_can_while_the_store_is_away() -> None:
    """What only the store knows is left out then, rather than told wrong, and one number says why."""

    async def live() -> None:
        clock = ManualClock()
        store = AwayStore(clock)
        mock = rebuilt(still_mock(clock=clock), store=store)
        of_the_store = {"runware_mock_tasks", "runware_mock_deliveries_owed"}
        assert await post(mock, VIDEO) == 200
        well = await numbers(mock)
        assert (well["runware_mock_store_up",], of_the_store <= {name for name, *_ in well}) == (1, True)
        store.is_away = True
        away = await numbers(mock)
        assert (away["runware_mock_store_up",], of_the_store & {name for name, *_ in away}) == (0, set())
        assert away["runware_mock_requests_total", "200", "http"] == 2

    asyncio.run(live())


@pytest.mark.parametrize("log", ["pretty", "json"])
def test_what_watches_a_mock_does_not_fill_its_log(log: str) -> None:
    """Good answers are no news; a mock that is not ready is."""

    async def live() -> str:
        out = StringIO()
        mock = still_mock({"log": log}, log=make_log(log, out, at_once))
        for path in ("/health", "/health/live", "/health/ready", "/metrics"):
            assert (await get(mock, path)).status_code == 200
        assert out.getvalue() == ""
        mock.readiness.is_stopping = True
        await get(mock, "/health/ready")
        return out.getvalue()

    told = asyncio.run(live())
    assert "GET /health/ready" in told
    assert "503" in told


def test_the_client_library_is_loaded_when_somebody_asks() -> None:
    """A mock that nobody watches starts without it."""
    program = "import sys, mockserver.app; mockserver.app.server_app; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
