"""Calls of the control API in tests: every answer is held against what schema/control.json says of it."""

import asyncio
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema
import orjson

from mockserver.app import Mock
from mockserver.calls import Call, Told
from mockserver.control import Control
from mockserver.spec.publish import control_document
from mockserver.wire import Envelope
from tests.support.mocks import still_mock

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
VIDEO = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
KEY = "a-very-secret-key"
OTHER = "24cd5dff-cb81-4db5-8506-b72a9425f9d2"
RULES = {"rules": [{"name": "first", "match": {"nth": 1}, "outcome": "providerError"}]}
#: A body that is good for an operation, for those that want one.
BODIES: dict[str, Any] = {
    "PUT /clock": {"rate": 1},
    "POST /clock/advance": {"ms": 1},
    "PUT /scenario": RULES,
    "POST /verify": {"expect": [{"where": {}, "count": 0}]},
    "POST /wait": {"where": {}, "withinMs": 0},
}
BASE_URL = "http://mock.test"


class Controlled:
    """A mock and its control API, called without a transport.

    Args:
        mock: the mock.
    """

    def __init__(self, mock: Mock) -> None:
        self.mock = mock
        self.control = Control(mock.runtime, mock.journal, "1.0", mock.state.in_step, mock.state.has_company)

    async def call(self, method: str, path: str, body: Any = b"", query: str = "", key: str | None = None) -> Told:
        """Call an operation, below /_mock, and return its answer, which is as its schema has it.

        Args:
            method: HTTP method.
            path: path below /_mock.
            body: bytes, or what is sent as JSON.
            query: query string.
            key: API key whose things are meant.
        """
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = await self.control.answer(Call(method, f"/_mock{path}", query, sent, key, BASE_URL))
        hold(method, f"/_mock{path}", told.status, orjson.dumps(told.body) if told.body is not None else b"")
        return told

    def ask(self, method: str, path: str, body: Any = b"", query: str = "", key: str | None = None) -> Told:
        """Call an operation from outside of an event loop."""
        return asyncio.run(self.call(method, path, body, query, key))

    def error(self, method: str, path: str, body: Any = b"", query: str = "", key: str | None = None) -> Any:
        """Call an operation that is refused, and return status, code and pointer of the refusal."""
        told = self.ask(method, path, body, query, key)
        [error] = told.body["errors"]
        assert error["message"], "a refusal says what is wrong"
        assert len(error["message"]) < 1000, "and can be read"
        return told.status, error["code"], error.get("pointer")

    async def send(self, *tasks: Any, key: str = KEY, body: bytes | None = None) -> Any:
        """Hand tasks, or bytes, to the mock over HTTP and return its answer."""
        desk = self.mock.http_desk()
        headers = {b"content-type": b"application/json", b"authorization": b"Bearer " + key.encode()}
        sent = json.dumps(tasks).encode() if body is None else body
        answer = desk.answer(desk.read_head(headers, "http", "", "/v1"), sent)
        return answer if isinstance(answer, Envelope) else await answer

    def say(self, *tasks: Any, key: str = KEY, body: bytes | None = None) -> Any:
        """Hand tasks to the mock from outside of an event loop."""
        return asyncio.run(self.send(*tasks, key=key, body=body))

    def entries(self, query: str = "", key: str | None = None) -> list[int]:
        """Return the numbers of the journal's entries that fit a query."""
        return [entry["number"] for entry in self.ask("GET", "/journal", query=query, key=key).body["entries"]]


def hold(method: str, path: str, status: int, body: bytes) -> None:
    """Hold an answer against the schema that schema/control.json gives for its operation and status."""
    about = control_document()["paths"].get(path.rstrip("/"), {}).get(method.lower())
    responses: Any = about["responses"] if about else {"default": {"$ref": "#/components/responses/NotHeard"}}
    response: Any = responses.get(str(status)) or responses["default"]
    if "$ref" in response:
        response = control_document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    if "content" not in response:
        assert body == b"", f"{method} {path} answers {status} with a body that is not described"
        return
    checker = _checker(json.dumps(response["content"]["application/json"]["schema"]))
    checker.validate(json.loads(body))
    assert status < 400 or "errors" in json.loads(body)


@lru_cache
def _checker(schema: str) -> Any:
    whole: Mapping[str, Any] = {**json.loads(schema), "components": control_document()["components"]}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


def controlled(**given: Any) -> Controlled:
    """Return a mock for tests with its control API."""
    return Controlled(still_mock(**given))
