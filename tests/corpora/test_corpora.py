"""Public collections of what trips programs up, over HTTP and WebSocket to a served mock.

Whatever is malformed is refused in the API's words, whatever is not is handled; nothing fails inside, nothing hangs, and
in the end the server is up and has written of no failure.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from mockserver.app import make_mock
from mockserver.config import MockConfig
from mockserver.spec.checkers import CHECKERS
from tests.corpora.cases import FEW, Case, addresses, collection, json_texts, pictures, strings, uuids
from tests.support.server import Served, served

#: How long an answer may take before it counts as hanging, in seconds: a slow machine needs a part of it.
PATIENCE_S = 60
PING = b'[{"taskType":"ping","ping":true}]'
PONG = {"data": [{"taskType": "ping", "pong": True}]}
ANSWER = CHECKERS["fast"]()(make_mock(MockConfig(log="quiet")).spec.wire("answer"))

KINDS: dict[str, Callable[[], Iterator[Case]]] = {
    "JSON texts": json_texts,
    "strings": strings,
    "UUIDs": uuids,
    "addresses": addresses,
    "pictures": pictures,
}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def mock() -> Iterator[Served]:
    """Serve a mock; in the end it must be up, and have written of no failure."""
    with served("--log", "quiet", "--speed", "instant", "--seed", "7", "--webhook-attempts", "1") as program:
        yield program
        assert program.process.poll() is None
        assert httpx.post(program.http_url, content=PING, headers=HEADERS, trust_env=False).json() == PONG
        assert [line for line in program.lines.queue if "internal failure" in line or "Traceback" in line] == []


HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer http-key"}


def check(case: Case, status: int | None, document: Any) -> None:
    """Hold an answer against what becomes of a case.

    Args:
        case: what was sent.
        status: status of the answer; None over WebSocket.
        document: what was answered.
    """
    assert ANSWER.accepts(document), (case.name, document)
    errors = document.get("errors", [])
    codes = [error["code"] for error in errors]
    assert "internalServerError" not in codes, case.name
    if status is not None:
        assert status == 200 or (400 <= status < 500 and errors), (case.name, status)
    if case.is_malformed:
        assert errors, (case.name, document)
        assert status != 200, case.name
    if case.code.startswith("!"):
        assert case.code[1:] not in codes, (case.name, document)
    elif case.code:
        assert codes == [case.code], (case.name, document)
    if "invalidJSON" in codes:
        assert "line " in errors[0]["message"], (case.name, document)


@EVERY_KIND
def test_over_http(mock: Served, kind: str) -> None:
    """Every case has an answer below 500, and what is malformed one of 4xx."""
    client = HTTPConnection(mock.host, mock.port, timeout=PATIENCE_S)
    with closing(client):
        for case in KINDS[kind]():
            client.request("POST", "/v1", case.body, HEADERS)
            answer = client.getresponse()
            assert answer.getheader("content-type") == "application/json"
            check(case, answer.status, json.loads(answer.read()))


@EVERY_KIND
def test_over_websocket(mock: Served, kind: str) -> None:
    """Every case has an answer, and the connection lives on."""
    with connect(mock.ws_url, proxy=None, max_size=None) as connection:
        say(connection, b'[{"taskType":"authentication","apiKey":"socket-key"}]')
        for case in KINDS[kind]():
            check(case, None, say(connection, case.body))
        assert say(connection, PING) == PONG


def say(connection: ClientConnection, body: bytes) -> Any:
    """Send a message, as text if it is one, and return its answer."""
    try:
        connection.send(body.decode())
    except UnicodeDecodeError:
        connection.send(body)
    return json.loads(connection.recv(PATIENCE_S))


@pytest.mark.parametrize("name", FEW)
def test_a_collection_that_is_there_is_no_smaller_than_what_takes_its_place(name: str) -> None:
    """The few cases that stand in the tests are of the form of the collections, and the collections are read."""
    items = collection(name)
    assert len(items) >= len(FEW[name])
    few = FEW[name][0]
    assert type(items[0]) is type(few)
    assert isinstance(few, str) or set(few) <= set(items[0])
