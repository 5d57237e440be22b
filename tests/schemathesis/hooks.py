"""What Schemathesis has to know of this API beyond its description. It alone loads this, in its own environment."""

from itertools import count
from typing import Any
from uuid import UUID

import schemathesis

from tests.schemathesis.keys import KEY

#: Reasons for refusing that no JSON Schema states: what a host or a picture is, how large a number may be, what the
#: language of scenarios means, whose key it is, what belongs together.
UNSTATED = frozenset(
    {
        "badBody",
        "badScenario",
        "invalidFrameImages",
        "invalidImage",
        "invalidJSON",
        "invalidMedia",
        "invalidUploadEndpoint",
        "invalidWebhookURL",
        "unknownKey",
        "unreadable",
    }
)
#: Longest wait for an entry of the journal that is asked for, in milliseconds: a longer one is the same, only slow.
LONGEST_WAIT_MS = 20
#: Task types that name a task which was handed in before.
_LOOKING = ("getResponse", "getTaskDetails")

_NUMBERS = count(1)


@schemathesis.hook
def before_call(_context: Any, case: Any, _options: Any) -> None:
    """Give every task a UUID of its own, since one in use is refused, name a key that there is, and let waits be short."""
    if "X-Mock-Key" in (case.headers or {}):
        case.headers["X-Mock-Key"] = KEY
    if isinstance(case.body, list):
        case.body = [_with_own_uuid(task) for task in case.body]
    elif case.operation.path == "/_mock/wait" and isinstance(case.body, dict):
        within_ms = case.body.get("withinMs", LONGEST_WAIT_MS + 1)
        if isinstance(within_ms, int | float) and within_ms > LONGEST_WAIT_MS and within_ms <= 600_000:
            case.body = {**case.body, "withinMs": LONGEST_WAIT_MS}


def _with_own_uuid(task: Any) -> Any:
    if not isinstance(task, dict) or task.get("taskType") in _LOOKING:
        return task
    try:
        if UUID(task["taskUUID"]).version != 4:
            return task
    except (KeyError, TypeError, ValueError, AttributeError):
        return task
    return {**task, "taskUUID": f"{next(_NUMBERS):08x}-0000-4000-8000-000000000000"}


@schemathesis.check
def good_data_is_accepted(_context: Any, response: Any, case: Any) -> None:
    """Nothing that the description allows is refused, but for a reason that no description can state."""
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    codes = {error["code"] for error in response.json()["errors"]}
    if not codes & UNSTATED:
        raise AssertionError(f"good data was refused with {', '.join(sorted(codes))}")


@schemathesis.check
def bad_data_is_refused(_context: Any, response: Any, case: Any) -> None:
    """A list with a task that the description forbids is answered with an error, even where others in it went well."""
    if case.operation.path not in ("/v1", "/") or response.status_code >= 400 or case.meta is None:
        return
    parts = {location.value: part.mode for location, part in case.meta.components.items()}
    if "body" in parts and parts["body"].is_negative and not response.json().get("errors"):
        raise AssertionError("a list with a bad task was answered without an error")
