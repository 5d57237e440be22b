"""What tests say to a mock that is served in a thread."""

from typing import Any

import httpx

from mockserver import MockServer

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"


def video(**parameters: Any) -> dict[str, Any]:
    """Return a submission."""
    task = {"taskType": "videoInference", "taskUUID": UUID, "model": "minimax:3@1", "positivePrompt": "a lighthouse"}
    return {**task, **parameters}


def poll(uuid: str = UUID) -> dict[str, Any]:
    """Return the question how a task is."""
    return {"taskType": "getResponse", "taskUUID": uuid}


def ask(mock: MockServer, *tasks: dict[str, Any], key: str | None = None) -> Any:
    """Post tasks and return the answer."""
    headers = {"Authorization": f"Bearer {key or mock.api_key}"}
    return httpx.post(mock.http_url, json=tasks, headers=headers, trust_env=False).json()


def status_of(mock: MockServer, uuid: str = UUID) -> str:
    """Return what a poll says of a task."""
    [item] = ask(mock, poll(uuid))["data"]
    return str(item["status"])
