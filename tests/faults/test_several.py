"""Faults of several tasks in one request."""

from uuid import uuid4

import httpx

from mockserver import MockRunware


def test_two_tasks_that_are_told_to_wait_are_told_once() -> None:
    """One answer has one Retry-After, that of the last."""
    tasks = [
        {
            "taskType": "videoInference",
            "taskUUID": str(uuid4()),
            "model": "minimax:3@1",
            "positivePrompt": f"a lighthouse [[limit-rate retry_after_s={seconds}]]",
        }
        for seconds in (1, 2)
    ]
    with MockRunware():
        answer = httpx.post("https://api.runware.ai/v1", json=tasks, headers={"Authorization": "Bearer any"})
    assert (answer.status_code, answer.headers.get_list("retry-after")) == (429, ["2"])
