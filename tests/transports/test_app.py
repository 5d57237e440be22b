"""The FastAPI application: served, mounted, extended, described."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from jsonschema import Draft202012Validator

from contracts.pictures import JPEG, as_data_uri
from mockserver import MockConfig, make_mock
from mockserver.app import LateApp, create_app, server_app
from mockserver.transports.asgi import App
from tests.support.mocks import still_mock
from tests.support.sockets import SocketClient

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
POLL = {"taskType": "getResponse", "taskUUID": UUID}
HEADERS = {"Authorization": "Bearer a-key"}


def client_of(app: App) -> httpx.AsyncClient:
    """Return a client of an application."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mock.test", headers=HEADERS)


@pytest.mark.parametrize("below", ["/below", "/far/below"])
def test_a_mounted_mock_answers_below_its_path_and_says_so_in_addresses(below: str) -> None:
    """Tasks, polls, downloads and sockets work below the prefix, and addresses in answers have it."""

    async def live() -> None:
        host = FastAPI()
        host.mount(below, create_app(mock=still_mock({"speed": "instant"})))
        async with client_of(host) as client:
            for path in (f"{below}/v1", f"{below}/v1/", f"{below}/"):
                task = {**VIDEO, "taskUUID": UUID[:-2] + f"{len(path):02d}"}
                assert (await client.post(path, json=[task])).status_code == 200
            assert (await client.post("/v1", json=[VIDEO])).status_code == 404
            answer = (await client.post(f"{below}/v1", json=[VIDEO, POLL])).json()
            address = answer["data"][1]["videoURL"]
            assert address.startswith(f"http://mock.test{below}/video/")
            assert (await client.get(address)).headers["content-type"] == "video/mp4"
            upload = {"taskType": "imageUpload", "taskUUID": UUID, "image": as_data_uri("image/jpeg", JPEG)}
            address = (await client.post(f"{below}/v1", json=[upload])).json()["data"][0]["imageURL"]
            assert address.startswith(f"http://mock.test{below}/image/")
            assert (await client.get(address)).headers["content-type"] == "image/jpeg"
            assert (await client.get(f"{below}/health")).json()["status"] == "ok"
        async with SocketClient(host, path=f"{below}/v1") as socket:
            await socket.say(json.dumps([{"taskType": "authentication", "apiKey": "a-key"}]))
            (frame,) = await socket.say(json.dumps([POLL]))
            assert json.loads(frame)["data"][0]["videoURL"].startswith(f"http://mock.test{below}/video/")

    asyncio.run(live())


def test_addresses_remember_where_the_task_was_handed_in() -> None:
    """A task that is polled through another door is found, with the address of the door that it came in by."""

    async def live() -> None:
        mock = still_mock({"speed": "instant"})
        host = FastAPI()
        host.mount("/below", create_app(mock=mock))
        async with client_of(host) as client:
            await client.post("/below/v1", json=[VIDEO])
        async with client_of(server_app(mock)) as client:
            answer = (await client.post("/v1", json=[POLL])).json()
            assert answer["data"][0]["videoURL"].startswith("http://mock.test/below/video/")

    asyncio.run(live())


def extended() -> FastAPI:
    """Return an application with routes of its user."""
    app = create_app(mock=still_mock())

    @app.get("/hello")
    async def say_hello() -> dict[str, str]:
        return {"hello": "there"}

    @app.post("/v1/mine")
    async def take_mine(thing: dict[str, Any]) -> dict[str, Any]:
        return {"mine": thing}

    @app.get("/health")
    async def replace_health() -> dict[str, str]:
        return {"status": "mine"}

    @app.websocket("/mine")
    async def greet(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(f"hello {await socket.receive_text()}")
        await socket.close()

    return app


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/hello", {"hello": "there"}),
        ("POST", "/v1/mine", {"mine": {"a": 1}}),
        ("GET", "/health", {"status": "mine"}),
    ],
)
def test_routes_of_the_user_come_before_the_mock_s(method: str, path: str, answer: Any) -> None:
    """An application can be extended, and the mock's own addresses other than those for tasks replaced."""

    async def live() -> None:
        async with client_of(extended()) as client:
            got = await client.request(method, path, json={"a": 1})
            assert (got.status_code, got.json()) == (200, answer)

    asyncio.run(live())


def test_sockets_of_the_user_are_served_beside_those_for_tasks() -> None:
    """A WebSocket route of the user is reached; other addresses without one are still closed with a reason."""

    async def live() -> None:
        app = extended()
        async with SocketClient(app, path="/mine") as socket:
            assert socket.is_accepted
            assert await socket.say("world") == ["hello world"]
        async with SocketClient(app) as socket:
            assert await socket.say('[{"taskType":"ping"}]') == ['{"data":[{"taskType":"ping","pong":true}]}']
        async with SocketClient(app, path="/nowhere") as socket:
            assert socket.close
            assert (socket.is_accepted, socket.close["code"]) == (False, 4404)

    asyncio.run(live())


def test_an_extended_application_still_takes_tasks() -> None:
    """What was added takes nothing away."""

    async def live() -> None:
        async with client_of(extended()) as client:
            assert (await client.post("/v1", json=[VIDEO])).status_code == 200
            assert (await client.get("/registry.json")).status_code == 200

    asyncio.run(live())


def references(document: Any) -> Iterator[str]:
    """Yield every reference in a document."""
    if isinstance(document, dict):
        yield from [document["$ref"]] if isinstance(document.get("$ref"), str) else []
        for member in document.values():
            yield from references(member)
    elif isinstance(document, list):
        for member in document:
            yield from references(member)


@pytest.mark.parametrize("door", [server_app, lambda mock: create_app(mock=mock)], ids=["served", "application"])
def test_the_api_describes_itself(door: Any) -> None:
    """The description is OpenAPI 3.1, its references lead somewhere, its schemas are schemas and its examples fit."""

    async def live() -> dict[str, Any]:
        async with client_of(door(still_mock())) as client:
            answer = await client.get("/openapi.json")
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
            document: dict[str, Any] = answer.json()
            return document

    document = asyncio.run(live())
    assert document["openapi"].startswith("3.1.")
    assert document["info"].keys() >= {"title", "version"}
    for reference in references(document):
        here: Any = document
        for step in reference.removeprefix("#/").split("/"):
            here = here[step]
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    for path in ("/v1", "/"):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        validator = Draft202012Validator({**content["schema"], "components": document["components"]})
        assert len(content["examples"]) > 5
        for example in content["examples"].values():
            validator.validate(example["value"])
    for operations in document["paths"].values():
        for operation in operations.values():
            told = operation["responses"]
            assert all(code.isdigit() or code == "default" for code in told)
            assert all(response.get("description") or response.get("$ref") for response in told.values())


@pytest.mark.parametrize("door", [server_app, lambda mock: create_app(mock=mock)], ids=["served", "application"])
def test_the_documentation_needs_no_network(door: Any) -> None:
    """The page and all that it loads come from the mock itself."""

    async def live() -> None:
        async with client_of(door(still_mock())) as client:
            page = await client.get("/docs")
            assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
            linked = [part.partition('"')[0] for mark in ('src="', 'href="') for part in page.text.split(mark)[1:]]
            assert linked
            for link in linked:
                assert not link.startswith(("http:", "https:", "//"))
                assert (await client.get(link)).status_code == 200

    asyncio.run(live())


def test_the_framework_is_made_once_and_late() -> None:
    """The application behind the command line's is made when somebody asks for what only it has, and then kept."""

    async def live() -> None:
        late = LateApp(still_mock())
        assert late._app is None
        async with client_of(late) as client:
            await client.get("/docs")
            first = late._app
            await client.get("/openapi.json")
            assert late._app is first is not None

    asyncio.run(live())


def test_an_application_is_made_from_settings_or_from_nothing() -> None:
    """Without a mock one is put together, from the settings or all defaults."""

    async def live() -> None:
        for app, profile in (
            (create_app(), "strict"),
            (create_app(MockConfig(profile="compat", log="quiet")), "compat"),
        ):
            async with client_of(app) as client:
                assert (await client.get("/health")).json()["profile"] == profile

    asyncio.run(live())


def test_a_mock_is_put_together_from_defaults() -> None:
    """Nothing needs to be given: clock, courier and log are the real ones."""
    mock = make_mock()
    assert (mock.config, mock.spec.chosen.profile) == (MockConfig(), "strict")
    assert (type(mock.clock).__name__, type(mock.courier).__name__) == ("SteeredClock", "HttpCourier")
