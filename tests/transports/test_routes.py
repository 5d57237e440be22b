"""What lives at which address, and how the rest is answered."""

import asyncio
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from mockserver.app import Mock, create_app, server_app
from mockserver.inprocess import MockRunware
from mockserver.release import VERSION
from mockserver.transports.asgi import App
from tests.support.mocks import still_config, still_mock

#: What is asked about the state of the mock.
WATCHED = ("/health", "/health/live", "/health/ready", "/metrics")
AIR, SLUG = "minimax:3@1", "minimax-hailuo-02"


def mounted(mock: Mock) -> App:
    """Return an application below which the mock is mounted."""
    host = FastAPI()
    host.mount("/below", create_app(mock=mock))
    return host


#: The ways to an ASGI application with the mock in it, and the path below which it is there.
DOORS: Mapping[str, tuple[Callable[[Mock], App], str]] = MappingProxyType(
    {
        "served": (server_app, ""),
        "alone": (lambda mock: mock.front(None), ""),
        "application": (lambda mock: create_app(mock=mock), ""),
        "mounted": (mounted, "/below"),
    }
)

doors = pytest.mark.parametrize("door", [*DOORS, "in-process"])


def ask(door: str, method: str, path: str, settings: Mapping[str, Any] | None = None, **options: Any) -> httpx.Response:
    """Send one request through a door and return the answer."""
    if door == "in-process":
        with MockRunware(still_config(settings), hosts=("mock.test",)), httpx.Client() as client:
            return client.request(method, f"http://mock.test{path}", **options)

    async def live() -> httpx.Response:
        make, below = DOORS[door]
        transport = httpx.ASGITransport(app=make(still_mock(settings)))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
            return await client.request(method, f"{below}{path}", **options)

    return asyncio.run(live())


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the only error of an answer in the API's envelope."""
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    (error,) = document["errors"]
    assert document == {"data": [], "errors": [error]}
    return dict(error)


@doors
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/v1", "/v1/", "/"])
def test_tasks_are_handed_in_with_post_alone(door: str, path: str, method: str) -> None:
    """Any other method at an address for tasks is answered with 405 and the method that is."""
    answer = ask(door, method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert error_of(answer)["code"] == "unsupportedMethod"
    assert f"{method} was used, POST is answered" in error_of(answer)["message"]


@doors
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", [*WATCHED, "/registry.json", f"/resolve/{AIR}", "/video/x", "/image/ii/x", "/media/ii/x"]
)
def test_the_other_addresses_are_for_reading(door: str, path: str, method: str) -> None:
    """Whatever is not for tasks answers GET and HEAD, and files what a browser asks before them."""
    answer = ask(door, method, path)
    allowed = "GET, HEAD, OPTIONS" if "x" in path.rpartition("/")[2:] else "GET, HEAD"
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert error_of(answer)["code"] == "unsupportedMethod"


@doors
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/v2", "/v1/tasks", "/V1", "/healthy", "/resolve", "/videos"])
def test_unknown_addresses_are_told_in_the_api_s_own_words(door: str, path: str, method: str) -> None:
    """Where nothing lives the answer is 404 in the usual envelope, with a hint where tasks go."""
    answer = ask(door, method, path)
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "routeNotFound"
    assert "POST /v1" in error_of(answer)["message"]


@doors
def test_health_says_what_is_imitated(door: str) -> None:
    """The state of the mock names profile, models and the choices that differ from the default."""
    settings = {"profile": "compat", "failed-result": "both", "reasons": "all"}
    answer = ask(door, "GET", "/health", settings)
    document = answer.json()
    assert (answer.status_code, document["status"], document["version"]) == (200, "ok", VERSION)
    assert (document["profile"], document["models"]) == ("compat", [AIR, "minimax:4@1"])
    assert document["choices"]["failed-result"] == "both"
    assert document["choices"]["delivery"] == "sync-too"
    assert "reasons" not in document["choices"]


@doors
def test_health_of_a_mock_that_keeps_to_the_defaults_names_no_choice(door: str) -> None:
    """Without settings nothing differs."""
    assert ask(door, "GET", "/health").json()["choices"] == {}


@doors
def test_the_registry_lists_the_models(door: str) -> None:
    """Official clients find the task type of each model."""
    document = ask(door, "GET", "/registry.json").json()
    assert document["models"][AIR] == {"taskType": "videoInference", "id": SLUG}
    assert document["modalityTaskTypes"] == {"video": "videoInference"}
    assert document["architectureTaskTypes"] == {"hailuo": "videoInference"}


@doors
@pytest.mark.parametrize("name", [AIR, quote(AIR, safe=""), quote(AIR), SLUG])
def test_a_model_is_resolved_by_its_names(door: str, name: str) -> None:
    """AIR, encoded or not, and slug lead to the schemas of the model."""
    answer = ask(door, "GET", f"/resolve/{name}")
    document = answer.json()
    assert (answer.status_code, list(document)) == (200, ["requestSchema", "responseSchema", "documentation"])
    assert document["requestSchema"]["properties"]["model"]["const"] == AIR


@doors
@pytest.mark.parametrize("name", ["minimax:9@9", "", "minimax", f"{AIR}/x", quote("../health", safe="")])
def test_an_unknown_model_is_told_with_those_that_there_are(door: str, name: str) -> None:
    """A name that is no model's is answered with 404 and the names that are."""
    answer = ask(door, "GET", f"/resolve/{name}")
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (404, "modelNotFound")


@doors
@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/registry.json", f"/resolve/{AIR}"])
def test_head_is_get_without_the_body(door: str, path: str) -> None:
    """HEAD has the headers of GET, the length among them, and no body."""
    got, head = ask(door, "GET", path), ask(door, "HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers
    assert got.headers["content-length"] == str(len(got.content))


@doors
@pytest.mark.parametrize("path", ["/registry.json", f"/resolve/{AIR}"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_client_has_already_is_not_sent_again(door: str, path: str, method: str) -> None:
    """With the right ETag the answer is 304, with no body and no length; with another one it is the whole."""
    etag = ask(door, "GET", path).headers["etag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}"):
        answer = ask(door, method, path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in answer.headers
    assert ask(door, "GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_same_data_has_the_same_etag_and_other_data_another() -> None:
    """An ETag names the content, across mocks and choices."""
    tags = [
        ask("served", "GET", f"/resolve/{AIR}", settings).headers["etag"]
        for settings in ({}, {"seed": "1"}, {"most-results": "4"})
    ]
    assert tags[0] == tags[1] != tags[2]


def test_a_query_is_ignored_everywhere() -> None:
    """Clients add their name and version; that changes nothing."""
    for path in ("/health", "/registry.json", f"/resolve/{AIR}"):
        assert ask("served", "GET", f"{path}?sdk=js").content == ask("served", "GET", path).content


def test_addresses_in_answers_can_be_set() -> None:
    """With a public address the client's own Host does not count."""
    tasks = [
        {
            "taskType": "videoInference",
            "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1",
            "model": AIR,
            "positivePrompt": "a lighthouse",
        },
        {"taskType": "getResponse", "taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1"},
    ]
    settings = {"speed": "instant", "public-url": "https://mock.example/api"}
    answer = ask("served", "POST", "/v1", settings, json=tasks, headers={"Authorization": "Bearer a-key"})
    assert answer.json()["data"][1]["videoURL"].startswith("https://mock.example/api/video/")


def drive(app: App, messages: list[dict[str, Any]], **scope: Any) -> list[dict[str, Any]]:
    """Let an application have some messages and return what it sends."""
    sent: list[dict[str, Any]] = []
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: Any) -> None:
        sent.append(message)

    async def live() -> None:
        whole = {"type": "http", "method": "POST", "path": "/v1", "headers": [], "scheme": "http", **scope}
        await app(whole, receive, send)

    asyncio.run(live())
    return sent


def chunk(body: bytes, more: bool) -> dict[str, Any]:
    """Return a piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


JSON = [(b"content-type", b"application/json"), (b"authorization", b"Bearer a-key")]
PING = json.dumps([{"taskType": "ping", "ping": True}]).encode()


@pytest.mark.parametrize(
    "messages",
    [
        [{"type": "http.disconnect"}],
        [chunk(PING[:5], more=True), {"type": "http.disconnect"}],
    ],
)
def test_a_client_that_leaves_before_its_request_is_whole_gets_nothing(messages: list[dict[str, Any]]) -> None:
    """Nobody is there to be answered."""
    assert drive(server_app(still_mock()), messages, headers=JSON) == []


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_a_body_may_come_in_pieces(size: int) -> None:
    """However many messages a body has, it is one body."""
    starts = range(0, len(PING), size)
    messages = [chunk(PING[start : start + size], more=start + size < len(PING)) for start in starts]
    sent = drive(server_app(still_mock()), messages, headers=JSON)
    assert [message.get("status", message.get("body")) for message in sent] == [
        200,
        b'{"data":[{"taskType":"ping","pong":true}]}',
    ]


@pytest.mark.parametrize(
    ("declared", "messages"),
    [
        (b"10001", []),
        (b"9" * 5000, []),
        (b"", [chunk(b"x" * 10_001, more=False)]),
        (b"", [chunk(b"x" * 9000, more=True), chunk(b"x" * 9000, more=True)]),
        (b"", [chunk(b"x" * 9000, more=True), chunk(b"x" * 9000, more=False)]),
        (b"-5", [chunk(b"x" * 10_001, more=False)]),
    ],
)
def test_a_body_that_is_too_large_is_not_read_to_its_end(declared: bytes, messages: list[dict[str, Any]]) -> None:
    """A declared length is enough to refuse a body; an undeclared one is refused where it passes the limit."""
    app = server_app(still_mock({"max-body-bytes": "10000"}))
    sent = drive(app, messages, headers=[*JSON, (b"content-length", declared)])
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["errors"][0]["code"] == "valueTooLarge"


def lifespan(app: App, *, ends: bool = True) -> list[str]:
    """Start an application and stop it, and return what it says."""
    messages = [{"type": "lifespan.startup"}, *([{"type": "lifespan.shutdown"}] if ends else [])]
    return [message["type"] for message in drive(app, messages, type="lifespan", state={})]


class ClosedCourier:
    """A courier that counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def send(self, parcel: Any, done: Any) -> None:
        """Nothing is sent in these tests."""

    async def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.mark.parametrize("door", ["served", "alone", "application"])
def test_the_courier_is_closed_when_the_server_stops(door: str) -> None:
    """At the end of its life an application lets go of every connection, once."""
    courier = ClosedCourier()
    app = DOORS[door][0](still_mock(courier=courier))
    assert lifespan(app) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert courier.closed == 1
