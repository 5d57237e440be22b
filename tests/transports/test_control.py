"""Who may call the control API, how calls are framed, and where it is."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from mockserver.spec.publish import control_document
from mockserver.transports.control import MOST_BYTES
from tests.support.control import VIDEO, hold
from tests.support.mocks import still_mock
from tests.transports.test_routes import DOORS, drive

TOKEN = "a-tökén"
doors = pytest.mark.parametrize("door", [*DOORS])
OPERATIONS = [(path, method.upper()) for path, methods in control_document()["paths"].items() for method in methods]


def call(
    method: str,
    path: str,
    settings: Mapping[str, Any] | None = None,
    door: str = "alone",
    host: str = "127.0.0.1:8080",
    before: Any = None,
    **options: Any,
) -> httpx.Response:
    """Call the control API of a mock through a door and return its answer, which is as its schema has it.

    Args:
        method: HTTP method.
        path: path below the place at which the mock is mounted.
        settings: of the mock.
        door: way to the mock.
        host: value of the Host header.
        before: tasks that are handed in first, with their key.
        options: of the request.
    """

    async def live() -> httpx.Response:
        make, below = DOORS[door]
        transport = httpx.ASGITransport(app=make(still_mock(settings)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            if before is not None:
                key, tasks = before
                await client.post(f"{below}/v1", json=tasks, headers={b"authorization": b"Bearer " + key})
            return await client.request(method, f"{below}{path}", **options)

    answer = asyncio.run(live())
    if answer.headers.get("content-type") == "application/json" and method != "HEAD" and path.startswith("/_mock"):
        hold(method, path.partition("?")[0], answer.status_code, answer.content)
    return answer


def code(answer: httpx.Response) -> str:
    """Return the code of the only error of an answer."""
    [error] = answer.json()["errors"]
    return str(error["code"])


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", None, 200),
        ("127.0.0.1:8080", "http://127.0.0.1:3000", 200),
        ("127.3.2.1", "http://localhost", 200),
        ("localhost:1", "https://localhost:8443", 200),
        ("LocalHost", None, 200),
        ("my.localhost", "http://your.localhost", 200),
        ("[::1]:8080", "http://[::1]", 200),
        ("example.com", None, 403),
        ("127.0.0.1.example.com", None, 403),
        ("localhost.example.com", None, 403),
        ("notlocalhost", None, 403),
        ("192.168.0.1", None, 403),
        ("[::2]", None, 403),
        ("0.0.0.0", None, 403),
        ("127.0.0.1", "https://example.com", 403),
        ("127.0.0.1", "http://localhost.example.com", 403),
        ("127.0.0.1", "http://127.0.0.1.example.com", 403),
        ("127.0.0.1", "null", 403),
        ("127.0.0.1", "", 403),
        ("127.0.0.1", "http://[", 403),
        ("127.0.0.1", "é", 403),
        ("127.0.0.1", "x" * 5000, 403),
    ],
)  # fmt: skip
def test_without_a_token_only_this_machine_is_answered(host: str, origin: str | None, status: int) -> None:
    """No page of another site reaches the control API, by whatever name it calls it."""
    headers = {} if origin is None else {"Origin": origin.encode("latin-1")}
    answer = call("GET", "/_mock", host=host, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert code(answer) == ("wrongHost" if origin is None else "wrongOrigin")
        assert "--control-token" in answer.json()["errors"][0]["message"]
        assert len(answer.content) < 500


@pytest.mark.parametrize("value", [None, b"", b"[", b"\xff", b"//localhost/x@example.com", b"evil.example@"])
def test_a_host_that_is_none_is_refused(value: bytes | None) -> None:
    """And a request without one."""
    headers = [] if value is None else [(b"host", value)]
    start, body = drive(
        still_mock().front(None), [{"type": "http.request"}], method="GET", path="/_mock", headers=headers
    )
    is_refused = start["status"] == 403
    assert is_refused or value == b"//localhost/x@example.com"
    assert not is_refused or json.loads(body["body"])["errors"][0]["code"] == "wrongHost"


def test_the_host_that_the_mock_listens_on_is_its_own() -> None:
    """Somebody who tells it to listen elsewhere calls it there."""
    settings = {"host": "192.168.0.1"}
    assert call("GET", "/_mock", settings, host="192.168.0.1:8080").status_code == 200
    assert call("GET", "/_mock", settings, host="192.168.0.2:8080").status_code == 403


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        (TOKEN, 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "mock.example.com"])
def test_with_a_token_whoever_shows_it_is_answered(host: str, authorization: str | None, status: int) -> None:
    """From anywhere, and from here nobody without it."""
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    answer = call("GET", "/_mock", {"control-token": TOKEN}, host=host, headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert (code(answer), answer.headers["www-authenticate"]) == ("wrongToken", "Bearer")
        assert TOKEN not in answer.text


@pytest.mark.parametrize(("size", "status"), [(MOST_BYTES, 400), (MOST_BYTES + 1, 413), (3 * MOST_BYTES, 413)])
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_has_its_bounds(size: int, status: int, is_declared: bool) -> None:
    """Declared or not; what is too large is not read to its end."""

    async def pieces() -> Any:
        for _ in range(size // 4096):
            yield b"x" * 4096
        yield b"x" * (size % 4096)

    content: Any = b"x" * size if is_declared else pieces()
    answer = call("PUT", "/_mock/scenario", content=content)
    assert (answer.status_code, answer.headers.get("connection")) == (status, "close" if status == 413 else None)
    assert code(answer) == ("unreadable" if status == 400 else "tooLarge")


def test_who_goes_away_before_the_end_of_a_body_is_not_answered() -> None:
    """And the mock does not mind."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": b"{", "more_body": True}]
    messages.append({"type": "http.disconnect"})
    headers = [(b"host", b"localhost")]
    assert drive(still_mock().front(None), messages, path="/_mock/reset", headers=headers) == []


@doors
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_is_served_through_every_door(door: str, path: str, method: str) -> None:
    """Served, alone, as an application and mounted below a path: what is described is there."""
    answer = call(method, path, door=door)
    assert answer.status_code not in (405, 500)
    assert answer.status_code != 404 or code(answer) == "noScenario"
    if answer.status_code == 204:
        assert answer.content == b""
    else:
        assert answer.headers["cache-control"] == "no-store"


@doors
def test_another_method_is_told_which_there_are(door: str) -> None:
    """Also a question for options, and HEAD where there is nothing to get."""
    for path, methods in control_document()["paths"].items():
        allowed = [*map(str.upper, methods), *(["HEAD"] if "get" in methods else [])]
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - {*allowed}:
            answer = call(method, path, door=door)
            assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(allowed))
            assert code(answer) == "unsupportedMethod"


@doors
def test_head_is_get_without_the_body(door: str) -> None:
    """With the same headers; where there is no GET it is no method that is used."""
    got, head = (call(method, "/_mock/clock", door=door) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content, head.headers) == (200, b"", got.headers)
    refused = call("HEAD", "/_mock/reset", door=door)
    assert (refused.status_code, refused.content, refused.headers["allow"]) == (405, b"", "POST")


@doors
@pytest.mark.parametrize("path", ["/_mock/nothing", "/_mock/clock/x", "/_mock/%2e%2e", "/_mock/" + "x" * 3000])
def test_what_is_not_there_is_told(door: str, path: str) -> None:
    """Below the prefix everything belongs to the control API."""
    answer = call("GET", path, door=door)
    assert (answer.status_code, code(answer)) == (404, "unknownAddress")


@doors
@pytest.mark.parametrize("path", ["/_mock", "/_mock/clock", "/_mock/nothing"])
def test_switched_off_it_is_not_there(door: str, path: str) -> None:
    """Then its addresses are like any others that nobody knows, and nobody describes them."""
    answer = call("GET", path, {"control": "off"}, door=door)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "routeNotFound"
    if door != "alone":
        document = call("GET", "/openapi.json", {"control": "off"}, door=door).json()
        assert not [each for each in document["paths"] if each.startswith("/_mock")]
        assert "MockKey" not in document["components"].get("parameters", {})


@pytest.mark.parametrize("path", ["/_mocks", "/_mocked/clock", "/_MOCK"])
def test_what_only_looks_like_it_is_nothing(path: str) -> None:
    """The prefix is a whole part of the path."""
    assert call("GET", path).json()["errors"][0]["code"] == "routeNotFound"


@pytest.mark.parametrize("key", [b"a-key", "schlüssel".encode(), "schlüssel".encode("latin-1"), b"\xff\xfe"])
def test_a_key_is_the_same_in_either_header(key: bytes) -> None:
    """However a client puts what is not ASCII into it."""
    before = (key, [VIDEO])
    answer = call("GET", "/_mock/tasks", before=before, headers={b"x-mock-key": key + b" "})
    assert len(answer.json()["tasks"]) == 1
    assert call("GET", "/_mock/tasks", before=before, headers={b"x-mock-key": b"other"}).json() == {"tasks": []}


@pytest.mark.parametrize("key", [b"", b"  ", b"other"])
def test_a_key_that_is_not_accepted_is_refused(key: bytes) -> None:
    """It means nobody's things, and not everybody's."""
    answer = call("POST", "/_mock/reset", {"api-key": ["one"]}, headers={b"x-mock-key": key})
    assert (answer.status_code, code(answer)) == (400, "unknownKey")


@pytest.mark.parametrize("query", ["kind=%ff", "%00=%00", "kind=request&kind=request", "limit=0", "a" * 9000 + "=1"])
def test_a_query_that_cannot_be_used_is_refused(query: str) -> None:
    """Whatever its bytes are."""
    answer = call("GET", f"/_mock/journal?{query}")
    assert (answer.status_code, code(answer)) == (400, "badQuery")


@doors
def test_the_archive_names_the_address_that_was_called(door: str) -> None:
    """As the caller knows it."""
    answer = call("GET", "/_mock/journal.har", door=door, before=(b"a-key", [VIDEO]))
    [entry] = answer.json()["log"]["entries"]
    assert entry["request"]["url"] == f"http://127.0.0.1:8080{DOORS[door][1]}/v1"


def test_a_public_address_counts_more() -> None:
    """Where one is set."""
    settings = {"public-url": "https://mock.example/api"}
    answer = call("GET", "/_mock/journal.har", settings, before=(b"a-key", [VIDEO]))
    assert answer.json()["log"]["entries"][0]["request"]["url"] == "https://mock.example/api/v1"
