"""Recordings made by hand: exchanges as they go when nothing is wrong, with what a test wants to be different."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.checks import CHECKS
from contracts.checks.base import Finding
from contracts.recording import Exchange, Outcome, Recording

KEY = "kit-0123456789abcdef"
UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
OTHER = "5d8f0a3c-2f8e-4c43-9a51-0d7f6a1b2c3d"
TASK: Mapping[str, Any] = {"model": "minimax:3@1", "positivePrompt": "a lighthouse"}
OWN = {"taskType": "videoInference", "taskUUID": UUID, "deliveryMethod": "async"}
ACKNOWLEDGED = {"data": [{"taskType": "videoInference", "taskUUID": UUID}]}
PROCESSING = {"taskType": "videoInference", "taskUUID": UUID, "status": "processing"}
HEADERS = (("authorization", f"Bearer {KEY}"), ("content-type", "application/json"))


def result(video_uuid: str = "v1", **members: Any) -> dict[str, Any]:
    """Return a finished result."""
    told = {"videoUUID": video_uuid, "videoURL": f"https://v/{video_uuid}.mp4", "status": "success"}
    return {"taskType": "videoInference", "taskUUID": UUID, **told, **members}


def error(code: str = "providerError", message: str = "It failed.") -> dict[str, Any]:
    """Return an error of the task."""
    return {"code": code, "message": message, "taskUUID": UUID}


def conflict() -> dict[str, Any]:
    """Return the answer to a taskUUID that came before."""
    return {"errors": [error("conflictTaskUUID", "It is there.")]}


def sent(*tasks: Any, number: int = 1, answers: Sequence[Any] = (), **others: Any) -> Exchange:
    """Return an exchange.

    Args:
        tasks: members of the list that is sent.
        number: its place among the exchanges.
        answers: what was answered, as JSON; bytes as they are.
        others: fields that are different.
    """
    at_ms = others.pop("at_ms", 1000 * number)
    facts: dict[str, Any] = {
        "transport": "http",
        "connection": 0,
        "ended_at_ms": at_ms + 10,
        "target": "/v1",
        "headers": HEADERS,
        "body": json.dumps([*tasks]).encode(),
        "status": 200,
        **others,
    }
    told = [answer if isinstance(answer, bytes) else json.dumps(answer).encode() for answer in answers]
    return Exchange(number, at_ms=at_ms, answers=told, **facts)


def submit(number: int = 1, answer: Any = ACKNOWLEDGED, own: Mapping[str, Any] = OWN, **others: Any) -> Exchange:
    """Return a submission with its answer; parameters of its task stand under `task`."""
    task = others.pop("task", TASK)
    return sent({**own, **task}, number=number, answers=[] if answer is None else [answer], **others)


def poll(number: int, *items: Any, errors: Sequence[Any] = (), uuid: Any = UUID, **others: Any) -> Exchange:
    """Return a poll, with what it tells."""
    told = {**({"data": [*items]} if items or not errors else {}), **({"errors": [*errors]} if errors else {})}
    answers = others.pop("answers", [told])
    return sent({"taskType": "getResponse", "taskUUID": uuid}, number=number, answers=answers, **others)


def recorded(outcome: Outcome | None = None, *exchanges: Exchange, **others: Any) -> Recording:
    """Return a recording of a task that asks for nothing but a lighthouse."""
    facts: dict[str, Any] = {"task": TASK, "behaviour": {"rules": []}, "api_key": KEY, "ended_at_ms": 10_000, **others}
    return Recording(exchanges=exchanges, outcome=outcome or Outcome(results=[result()]), **facts)


def failed(message: str = "no", code: str | None = None) -> Outcome:
    """Return the outcome of a client that raised."""
    return Outcome(code=code, message=message)


def found(check: str, recording: Recording) -> list[Finding]:
    """Return what breaks a duty in a recording."""
    return [*CHECKS[check].find(recording)]
