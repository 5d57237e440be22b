"""A served mock whose own account of what it was asked is read: what really arrived, and how often."""

import base64
import json
from queue import Empty
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from tests.support.server import READY_WITHIN_S, Served

UUID_LENGTH = 36


class Seen(NamedTuple):
    """One task that the mock was sent."""

    task_type: str
    task_uuid: str
    outcome: str


class Watched:
    """A mock that was started with `--log json`.

    Args:
        served: the mock. What it was asked so far is not told.
    """

    def __init__(self, served: Served) -> None:
        self.served = served
        self.http_url = served.http_url
        self.ws_url = served.ws_url
        self._seen: list[Seen] = []
        self.seen()
        self._seen.clear()

    def post(self, task: dict[str, Any], key: str = "any") -> dict[str, Any]:
        """Send one task over plain HTTP and return the body of the answer."""
        answer = httpx.post(
            self.http_url,
            json=[task],
            headers={"Authorization": f"Bearer {key}"},
            timeout=READY_WITHIN_S,
            trust_env=False,
        )
        body: dict[str, Any] = answer.json()
        return body

    def get(self, url: str) -> httpx.Response:
        """Download a file."""
        return httpx.get(url, timeout=READY_WITHIN_S, trust_env=False)

    def seen(self) -> list[Seen]:
        """Return every task that came in, in order. Waits until the log has caught up, which a poll of ours shows."""
        marker = str(uuid4())
        self.post({"taskType": "getResponse", "taskUUID": marker})
        while not self._seen or self._seen[-1].task_uuid != marker:
            self._seen.extend(self._next())
        self._seen.pop()
        return list(self._seen)

    def _next(self) -> list[Seen]:
        try:
            line = self.served.lines.get(timeout=READY_WITHIN_S)
        except Empty:
            raise AssertionError("the mock's log ended before the last request") from None
        tasks = json.loads(line)["tasks"] if line.startswith("{") else ()
        return [Seen(task["taskType"], task["taskUUID"], task["outcome"]) for task in tasks]

    def outcomes(self, call: dict[str, Any], task_type: str) -> list[str]:
        """Return what became of each task of a type that was sent under the taskUUID of a call."""
        uuid = call["task"]["taskUUID"]
        return [seen.outcome for seen in self.seen() if seen.task_uuid == uuid and seen.task_type == task_type]

    def request(self, call: dict[str, Any]) -> dict[str, Any]:
        """Return the task of a call as the mock got it."""
        body = self.post({"taskType": "getTaskDetails", "taskUUID": call["task"]["taskUUID"]})
        request: dict[str, Any] = body["data"][0]["request"][0]
        return request

    def content(self, image: str) -> str | bytes:
        """Return the bytes of a picture that the mock got: stored under a UUID, in base64, or an address as it is."""
        if image.startswith("http"):
            return image
        if len(image) == UUID_LENGTH:
            answer = self.get(f"{self.http_url.removesuffix('/v1')}/image/ii/{image}.png")
            assert answer.status_code == 200, answer.text
            return answer.content
        return base64.b64decode(image.rpartition(",")[2], validate=True)
