"""Exchanges made by hand, and what was seen in them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.coverage.base import Coverage
from contracts.coverage.meter import Meter
from contracts.recording import Exchange
from mockserver.spec.load import Spec, load_spec

UUID = "24cd5dff-cb81-4db5-8506-b72a9425f9d1"
OTHER = "5f1c3c0e-9f0e-4d7e-8a53-3c3d4f9f2a10"
SPEC = load_spec()
AIR = "minimax:3@1"


def video(**parameters: Any) -> dict[str, Any]:
    """Return a submission."""
    task = {"taskType": "videoInference", "taskUUID": UUID, "model": AIR, "positivePrompt": "a lighthouse"}
    return {**task, **parameters}


def poll(task_type: str = "getResponse", uuid: str = UUID) -> dict[str, Any]:
    """Return a question about a task."""
    return {"taskType": task_type, "taskUUID": uuid}


def item(**members: Any) -> dict[str, Any]:
    """Return an item of an answer about the task; without members an acknowledgement."""
    return {"taskType": "videoInference", "taskUUID": UUID, **members}


def error(code: str, task_type: str = "videoInference", **members: Any) -> dict[str, Any]:
    """Return an error of an answer."""
    return {"code": code, "message": "No.", "taskType": task_type, "taskUUID": UUID, **members}


DONE = item(status="success", videoUUID="v", videoURL="http://v")
RUNNING = item(status="processing")


def exchange(
    *tasks: Any,
    data: Sequence[Any] = (),
    errors: Sequence[Any] = (),
    status: int | None = 200,
    transport: str = "http",
    answer: bytes | None = None,
) -> Exchange:
    """Return an exchange."""
    reply: dict[str, Any] = {"data": list(data), **({"errors": list(errors)} if errors else {})}
    answers = [json.dumps(reply).encode() if answer is None else answer] if status is not None else []
    return Exchange(1, transport, 0, 0, 0, "/v1", (), json.dumps(tasks).encode(), status, answers)


def heard(*exchanges: Exchange, spec: Spec = SPEC) -> Coverage:
    """Return what was seen in a conversation."""
    meter = Meter(spec)
    meter.hear(exchanges)
    return meter.coverage()


def seen(coverage: Coverage, area: str, subject: str | None = None) -> Mapping[str, list[str]]:
    """Return the points of an area, of the first model unless told otherwise, that were seen, by row."""
    of = next(each for each in coverage.areas if each.name == area and subject in (None, each.subject))
    found = {row.name: [point for point, is_seen in row.points.items() if is_seen] for row in of.rows}
    return {name: points for name, points in found.items() if points}


def points(coverage: Coverage, area: str, subject: str = AIR) -> Mapping[str, list[str]]:
    """Return all points of an area, by row."""
    [of] = [each for each in coverage.areas if each.name == area and each.subject in (subject, "")]
    return {row.name: list(row.points) for row in of.rows}
